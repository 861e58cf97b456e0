//! Whatever is wrong with a target costs that target its success, says why, and costs its neighbours nothing.

use std::collections::BTreeMap;

use emulators::receivers::remote_write::Labels;
use runtime::RunError;
use tests::minute;
use tests::targets::certificates::Authority;
use tests::targets::dns::{Answer, Record, Zone, kinds};
use tests::targets::grpc::Health;
use tests::targets::script::{Line, say};
use tests::targets::tls::Tls;
use tests::targets::web::{Piece, Request, plain};

use super::cases::{cases, configure};
use super::site::Site;
use super::{function, newest, world};

fn answer(request: &Request) -> Vec<Piece> {
    let bytes = |bytes: &[u8]| vec![Piece::Bytes(bytes.to_vec())];
    let head = b"HTTP/1.1 200 OK\r\n";
    match request.path.as_str() {
        "/endless" => {
            vec![Piece::Bytes([head, &b"\r\n"[..]].concat()), Piece::Endless(vec![b'x'; 65_536])]
        }
        "/endless-line" => vec![Piece::Bytes(head.to_vec()), Piece::Endless(vec![b'x'; 65_536])],
        "/many-headers" => {
            vec![Piece::Bytes(head.to_vec()), Piece::Endless(b"X-Bomb: boom\r\n".repeat(4096))]
        }
        "/endless-hints" => {
            vec![Piece::Endless(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1024))]
        }
        "/endless-chunk" => vec![
            Piece::Bytes([head, &b"Transfer-Encoding: chunked\r\n\r\n"[..]].concat()),
            Piece::Endless(b"ffffffffffffffff".to_vec()),
        ],
        // A gzip header, and a deflate block that repeats one byte 258 times with each two bits.
        "/zip-bomb" => {
            let start =
                [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1, 0x01, 0x0d, 0, 0, 0, 0xc2, 0xa0];
            let coded = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
            vec![Piece::Bytes([&coded[..], &start].concat()), Piece::Endless(vec![0; 65_536])]
        }
        "/loop" => plain("302 Found", "Location: /loop\r\n", b""),
        "/to-file" => plain("302 Found", "Location: file:///etc/passwd\r\n", b""),
        "/bad-header" => bytes(b"HTTP/1.1 200 OK\r\nX-\xff: \xfe\x00\r\nContent-Length: 0\r\n\r\n"),
        "/huge-length" => {
            bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n")
        }
        "/two-lengths" => {
            bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
        }
        _ => plain("200 OK", "", b"hello"),
    }
}

fn site() -> Site {
    let mut site = Site::new();
    let authority = Authority::new("test");
    let web = site.targets.web(None, answer);
    site.place("web", web.addr);
    let tls = Tls { protocols: vec![b"h2"], ..Tls::of(&authority.server()) }.acceptor();
    // An HTTP/2 server that says something else once the handshake is done.
    let lines = vec![Line::Secure(tls), Line::Repeat(vec![0xff; 8192])];
    site.place("h2_garbage", site.targets.script(lines));
    site.place("tls_garbage", site.targets.script(vec![Line::Repeat(vec![0x16, 3, 1, 0xff])]));
    site.place("flood", site.targets.script(vec![Line::Repeat(vec![b'x'; 65_536])]));
    site.place("lines", site.targets.script(vec![Line::Repeat(b"no\n".repeat(4096))]));
    site.place("banner", site.targets.script(vec![say("caf\u{e9} ready\n"), Line::Stay]));
    site.place("silent_grpc", site.targets.grpc(Health::Silent, None).addr);
    site.place("silent_dns", site.targets.dns(Zone::Silence));
    site.place("garbage_dns", site.targets.dns(Zone::Garbage(vec![0xc0; 512])));
    let text = Record::txt("example.com.", &[b"\xff\xfe"]);
    let short = Record::new("example.com.", kinds::A, vec![1, 2]);
    let name = |kind| ("example.com.".to_owned(), kind);
    let answers = |record| Answer { answers: vec![record], ..Answer::default() };
    let zone =
        BTreeMap::from([(name(kinds::TXT), answers(text)), (name(kinds::A), answers(short))]);
    site.place("dns", site.targets.dns(Zone::Records(zone)));
    site.file("ca", &authority.root_pem());
    site
}

/// What is asked for has a second, so that nothing here waits long.
const CASES: &str = include_str!("bad_input.txt");

/// Which reasons will do for cases whose names begin like this. Time runs out for some on a busy machine.
const REASONS: &[(&str, &[&str])] = &[
    ("target:", &["target", "resolve", "connect", "module"]),
    ("body:", &["timeout", "body_size", "protocol", "compression", "body"]),
    ("header:", &["protocol", "timeout"]),
    ("redirect:", &["redirect", "status", "timeout"]),
    ("tls:", &["tls", "protocol", "timeout"]),
    ("tcp:", &["protocol", "body", "timeout"]),
    ("dns:", &["timeout", "protocol", "status", "records"]),
    ("grpc:", &["timeout", "protocol", "status", "connect"]),
    ("websocket:", &["protocol", "status"]),
    ("unsupported:", &["unsupported"]),
];

#[tokio::test]
async fn each_target_fails_by_itself_and_says_why() {
    let (site, cases) = (site(), cases(CASES));
    configure(&site, &cases);
    let world = world(&site);
    let handler = function(&world, &site).await;
    let outcome = world.run(&handler, minute(1)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    assert_eq!(outcome.report.errors, [], "a failed probe is data");
    // None has more than five seconds, and all go on at once.
    assert!(outcome.report.duration_ms < 15_000, "{}", outcome.report.to_json());
    let newest = newest(&world.receiver);
    for case in &cases {
        let is_it = |labels: &&Labels| labels.get("module").is_some_and(|name| name == case.name);
        let said = |metric: &str| {
            let mut series = newest.keys().filter(is_it);
            series.find(|labels| labels["__name__"] == metric)
        };
        let value = |metric: &str| said(metric).map(|labels| newest[labels]);
        let up = (value("up"), value("probe_success"));
        assert_eq!(up, (Some(1.0), Some(f64::from(u8::from(case.succeeds)))), "{}", case.name);
        let reason = said("probe_failure_info").map(|labels| labels["reason"].as_str());
        let kind = REASONS.iter().find(|(kind, _)| case.name.starts_with(kind));
        let right = match (case.succeeds, kind) {
            (true, _) => reason.is_none(),
            (false, Some((_, reasons))) => reason.is_some_and(|reason| reasons.contains(&reason)),
            (false, None) => panic!("{} is of no kind", case.name),
        };
        assert!(right, "{}: {reason:?}", case.name);
    }
}

/// A frame of HTTP/2 on stream 0, or on stream 1 where it is about a request.
fn frame(kind: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[0, 0, length, kind, 0, 0, 0, 0, stream], payload].concat()
}

/// Servers that never come to the point keep one thread busy, and the thread is everybody's.
#[tokio::test]
async fn servers_that_never_come_to_the_point_hold_up_nobody() {
    let mut site = site();
    let settings = frame(4, 0, &[]);
    let floods = [
        ("pings", frame(6, 0, b"pingping")),
        ("settings", settings.clone()),
        ("windows", frame(8, 0, &[0, 0, 0, 1])),
        ("continuations", frame(9, 1, b"")),
        ("unknown", frame(0xee, 0, b"whatever")),
    ];
    let mut table = "good | a neighbour | prober: tcp, timeout: 5s | {silent_grpc}
bad | hints | prober: http, timeout: 1s | http://{web}/endless-hints
bad | upgrade | prober: websocket, timeout: 1s, websocket: {} | ws://{web}/endless-hints\n"
        .to_owned();
    for (name, flood) in floods {
        let headers = if name == "continuations" { frame(1, 1, &[0x88]) } else { Vec::new() };
        let start = Line::Say([settings.clone(), headers].concat());
        let addr = site.targets.script(vec![start, Line::Repeat(flood.repeat(1000))]);
        site.place(name, addr);
        table += &format!("bad | {name} | prober: grpc, timeout: 1s, grpc: {{}} | {{{name}}}\n");
    }
    let cases = cases(table.leak());
    configure(&site, &cases);
    let world = world(&site);
    let outcome = world.run(&function(&world, &site).await, minute(1)).await;
    assert_eq!((outcome.failure, outcome.report.errors), (None, vec![]));
    let of = |metric: &str| -> BTreeMap<String, f64> {
        let newest = newest(&world.receiver).into_iter();
        let newest = newest.filter(|(labels, _)| labels["__name__"] == metric);
        newest.map(|(labels, value)| (labels["module"].clone(), value)).collect()
    };
    let (success, durations) = (of("probe_success"), of("probe_duration_seconds"));
    assert_eq!(success.len(), cases.len());
    assert!(success.iter().all(|(name, value)| (*value == 1.0) == (name == "a neighbour")));
    assert!(durations.values().all(|seconds| *seconds < 6.0), "{durations:?}");
}

/// What the original answers with 400: Prometheus notes that the scrape failed.
#[tokio::test]
async fn what_cannot_be_asked_for_is_down_and_said() {
    let site = site();
    site.write("blackbox.yml", "modules: {here: {prober: tcp}}");
    site.write(
        "prometheus.yml",
        "scrape_configs:
  - job_name: unknown
    metrics_path: /probe
    params: {module: [missing]}
    static_configs: [{targets: ['{banner}', '127.0.0.1:2']}]
    relabel_configs: [{source_labels: [__address__], target_label: __param_target}]
  - job_name: nothing
    metrics_path: /probe
    params: {module: [here]}
    static_configs: [{targets: [exporter]}]
  - job_name: fine
    metrics_path: /probe
    params: {module: [here]}
    static_configs: [{targets: ['{banner}']}]
    relabel_configs: [{source_labels: [__address__], target_label: __param_target}]
",
    );
    let world = world(&site);
    let outcome = world.run(&function(&world, &site).await, minute(1)).await;
    assert_eq!(outcome.failure, None, "{}", outcome.report.to_json());
    let said: BTreeMap<_, _> = outcome
        .report
        .errors
        .iter()
        .map(|error| (error.source.as_str(), error.message.as_str()))
        .collect();
    assert_eq!(said.keys().copied().collect::<Vec<_>>(), ["probe:nothing", "probe:unknown"]);
    assert!(said["probe:unknown"].contains("\"missing\""), "{said:?}");
    assert!(said["probe:unknown"].contains("2 targets"), "{said:?}");
    assert!(said["probe:nothing"].contains("__param_target"), "{said:?}");
    let up = |job| -> Vec<f64> {
        let series = world.receiver.samples(&[("__name__", "up"), ("job", job)]).into_values();
        series.flat_map(BTreeMap::into_values).collect()
    };
    assert_eq!((up("unknown"), up("nothing"), up("fine")), (vec![0.0; 2], vec![0.0], vec![1.0]));
    let success = world.receiver.samples(&[("__name__", "probe_success")]);
    assert_eq!(success.len(), 1, "nothing was probed of the others");
}

/// Every finding at once, with document and path, before anything is probed.
#[tokio::test]
async fn a_wrong_configuration_is_a_config_error_with_every_finding() {
    let site = site();
    site.write(
        "blackbox.yml",
        "modules:
  a: {prober: htp}
  b: {prober: http, http: {valid_status_code: [200]}}
  c: {prober: http, http: {fail_if_body_matches_regexp: ['[']}}
  d: {prober: dns, dns: {query_type: A}}
",
    );
    site.write(
        "prometheus.yml",
        "scrape_configs:
  - {job_name: a, metrics_path: /probe, static_configs: [{targets: [x], lables: {}}]}
  - {job_name: a, metrics_path: /probe}
",
    );
    let world = world(&site);
    let outcome = world.run(&function(&world, &site).await, minute(1)).await;
    let Some(RunError::Config(message)) = outcome.failure else { panic!("{outcome:?}") };
    for finding in [
        "prober 'htp' is not valid",
        "valid_status_code",
        "Could not compile regular expression",
        "query name must be set for DNS module",
        "lables",
        "blackbox.yml: modules",
        "prometheus.yml: scrape_configs[0]",
        "scrape_configs[1]",
    ] {
        assert!(message.contains(finding), "{finding} is not in: {message}");
    }
    assert_eq!(world.receiver.requests().len(), 0);
}
