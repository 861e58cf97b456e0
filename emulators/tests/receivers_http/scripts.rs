//! Scripted faults, as a client of either receiver meets them.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use emulators::faults::{Fault, Rule};
use emulators::receivers::mackerel::{MackerelApi, POST_SERVICE_METRICS};
use emulators::receivers::remote_write::{Options, RemoteWriteReceiver, WRITE};

use crate::client::{Answer, WRITE_HEADERS, body, exchange, named};
use crate::remote_write::{PATH, start, write};

/// One write over the wire; a fault may leave it without an answer.
fn attempt(receiver: &RemoteWriteReceiver) -> std::io::Result<Answer> {
    let body = body(&[named("m", &[(0, 1.0)])]);
    exchange(receiver.addr(), "POST", PATH, &WRITE_HEADERS, &body)
}

fn scripted(fault: Fault) -> RemoteWriteReceiver {
    let receiver = start(Options::default());
    receiver.faults().push(Rule::on(WRITE, fault));
    receiver
}

#[test]
fn a_status_with_headers_stands_for_the_answer_once() {
    let cases = [
        (429, "retry-after", "7"),
        (503, "retry-after", "Fri, 20 Nov 2026 09:26:30 GMT"),
        (307, "location", "http://127.0.0.1:1/elsewhere"),
    ];
    for (status, name, value) in cases {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let receiver = scripted(Fault::Answer(status, headers, "why".into()));
        let answer = attempt(&receiver).expect("an answer");
        assert_eq!((answer.status, answer.header(name)), (status, Some(value)));
        assert_eq!(answer.text(), "why");
        assert!(receiver.series().is_empty(), "nothing was done");
        assert_eq!(receiver.requests()[0].verdict, None);
        assert!(receiver.requests()[0].decoded.is_some(), "but the journal has it");
        assert_eq!(attempt(&receiver).expect("an answer").status, 200);
        assert_eq!((receiver.requests().len(), receiver.accepted().len()), (2, 1));
        assert_eq!(receiver.duplicates(), []);
    }
}

#[test]
fn everything_can_be_refused_until_the_script_ends() {
    let receiver = start(Options::default());
    receiver.faults().push(Rule::on(WRITE, Fault::Status(400, "no\n".into())).forever());
    for _ in 0..3 {
        assert_eq!(attempt(&receiver).expect("an answer").text(), "no\n");
    }
    receiver.faults().clear();
    assert_eq!(attempt(&receiver).expect("an answer").status, 200);
}

#[test]
fn a_cut_before_stores_nothing_and_a_cut_after_does() {
    for (fault, stored) in [(Fault::CutConnection, 0), (Fault::CutAfter, 1), (Fault::CutInBody, 1)]
    {
        let receiver = scripted(fault.clone());
        let error = attempt(&receiver).expect_err("no whole answer");
        let kinds = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset];
        assert!(kinds.contains(&error.kind()), "{fault:?}: {error}");
        assert_eq!(receiver.series().len(), stored, "{fault:?}");
        assert_eq!(attempt(&receiver).expect("an answer").status, 200);
        assert_eq!(receiver.duplicates().len(), stored, "{fault:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a real delay of a real socket")]
fn an_answer_can_come_late_though_the_work_is_done() {
    let receiver = scripted(Fault::Delay(Duration::from_millis(300)));
    let begun = Instant::now();
    assert_eq!(attempt(&receiver).expect("an answer").status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(receiver.series().len(), 1);
}

#[test]
fn an_answer_can_never_come() {
    let receiver = scripted(Fault::Hang);
    let addr = receiver.addr();
    let hung = std::thread::spawn(move || {
        exchange(addr, "POST", PATH, &WRITE_HEADERS, &body(&[named("m", &[(0, 1.0)])]))
    });
    while receiver.requests().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(attempt(&receiver).expect("others are served meanwhile").status, 200);
    assert!(!hung.is_finished());
    drop(receiver);
    hung.join().expect("a client").expect_err("the server went away without an answer");
}

#[test]
fn an_answer_can_be_endless() {
    const SIZE: usize = 100_000_001;
    let receiver = scripted(Fault::LongBody(SIZE));
    let answer = attempt(&receiver).expect("an answer");
    assert_eq!((answer.status, answer.body.len()), (200, SIZE));
    assert_eq!(receiver.series().len(), 1);
}

#[test]
fn bodies_over_a_size_can_be_too_large_without_blame() {
    let receiver = start(Options::default());
    let small = [named("m", &[(0, 1.0)])];
    let large: Vec<_> = (0..50).map(|i| named(&format!("m{i}"), &[(0, 1.0)])).collect();
    receiver.answer_413_over(Some(body(&small).len()));
    assert_eq!(write(&receiver, &small).status, 200);
    assert_eq!(write(&receiver, &large).status, 413);
    receiver.answer_413_over(None);
    assert_eq!(write(&receiver, &large).status, 200);
    assert_eq!(receiver.violations(), Vec::<String>::new());
}

#[test]
fn a_receiver_comes_back_on_its_port() {
    let first = start(Options::default());
    let addr: SocketAddr = first.addr();
    drop(first);
    let sent = body(&[named("m", &[(0, 1.0)])]);
    exchange(addr, "POST", PATH, &WRITE_HEADERS, &sent).expect_err("nobody listens");
    let second = start(Options { addr, ..Options::default() });
    assert_eq!(attempt(&second).expect("an answer").status, 200);
}

#[test]
fn mackerel_is_scripted_by_operation() {
    let api: MackerelApi = crate::mackerel::start(|_| {});
    let html = "<html>502 Bad Gateway</html>";
    api.faults().push(Rule::on(POST_SERVICE_METRICS, Fault::Status(502, html.into())));
    let org = crate::mackerel::get(&api, "/api/v0/org");
    assert_eq!(org.status, 200, "another operation is left alone");
    let points = r#"[{"name":"a.b","time":1795166700,"value":1}]"#;
    let answer = crate::mackerel::post(&api, points);
    assert_eq!((answer.status, answer.text().as_str()), (502, html));
    assert!(api.metrics("web").is_empty());
    assert_eq!(crate::mackerel::post(&api, points).status, 200);
    assert_eq!(api.metrics("web")["a.b"][&1_795_166_700], 1.0);
}
