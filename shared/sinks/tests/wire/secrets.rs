//! Receivers repeat what they are sent. What a sink then says of it, in its outcome and in its report, has no secret.

use emulators::faults::{Fault, Rule};
use emulators::receivers::mackerel::{MackerelApi, Options, POST_SERVICE_METRICS};
use emulators::receivers::remote_write::{RemoteWriteReceiver, WRITE};
use sinks::{Delivery, Sink};

use crate::support::{NOW, deliver, failure, in_run, sink, traffic};

const KEY: &str = "planted-key";
/// `user:planted` in base 64.
const PAIR: &str = "dXNlcjpwbGFudGVk";

fn answer(status: u16, body: &str) -> Fault {
    Fault::Answer(status, Vec::new(), body.to_owned())
}

/// What a sink says when the receiver answers a whole run with this, and that nothing of it is planted.
fn outcome_of(sink: &Sink) -> (Delivery, String) {
    let delivery = deliver(sink, &traffic(2, 2));
    let all = format!("{delivery:?} {sink:?}");
    assert!(!all.contains("planted") && !all.contains(PAIR), "{all}");
    let text = failure(&delivery);
    (delivery, text)
}

/// A failure of the remote write entry with `more` keys and something after the receiver's address.
fn remote_write(userinfo: &str, query: &str, more: &str, fault: Fault) -> String {
    let receiver = RemoteWriteReceiver::start(Default::default());
    receiver.faults().push(Rule::on(WRITE, fault).forever());
    let url = receiver.url().replacen("http://", &format!("http://{userinfo}"), 1);
    let sink = sink(&format!("remote_write: [{{name: test, url: '{url}{query}', {more}}}]"));
    outcome_of(&sink).1
}

#[test]
fn a_receiver_that_repeats_the_request_puts_no_secret_into_the_failure() {
    let table = [
        (
            ("", "?token=planted", ""),
            "Cannot POST /api/v1/write?token=planted",
            "Cannot POST /api/v1/write?token=<secret>",
        ),
        (
            ("", "?token=planted%2Fa%26b", ""),
            r#"{"error":"no such token: planted/a\u0026b"}"#,
            "no such token: <secret>",
        ),
        (
            ("user:planted@", "?token=planted", ""),
            "Authorization: Basic dXNlcjpwbGFudGVk, password planted",
            "Authorization: <secret>, password <secret>",
        ),
        (
            ("", "", "basic_auth: {username: user, password: planted}"),
            "got Basic dXNlcjpwbGFudGVk (user:planted)",
            "got <secret> (<secret>)",
        ),
        (
            ("", "", "authorization: {credentials: planted/token}"),
            "<pre>bearer planted&#x2F;token</pre>",
            "<pre>bearer <secret></pre>",
        ),
        (("", "", "headers: {X-Scope-OrgID: planted}"), "no tenant planted", "no tenant <secret>"),
        (
            ("", "", "http_headers: {X-Api-Key: {secrets: [planted]}}"),
            r#"{"code":16,"headers":{"x-api-key":"planted"}}"#,
            r#"{"code":16,"headers":{"x-api-key":"<secret>"}}"#,
        ),
    ];
    for ((userinfo, query, more), said, shown) in table {
        let text = remote_write(userinfo, query, more, answer(404, said));
        assert_eq!(text, format!("deliver to remote_write:test: status 404: {shown}"));
    }
}

#[test]
fn a_secret_is_taken_out_before_the_text_is_cut() {
    let body = format!("{} planted-and-long-enough-to-be-cut", "x".repeat(240));
    let more = "bearer_token: planted-and-long-enough-to-be-cut";
    let text = remote_write("", "", more, answer(404, &body));
    assert!(text.ends_with("x <secret>"), "{text}");
}

#[test]
fn refused_samples_are_reported_without_what_the_receiver_repeated() {
    let receiver = RemoteWriteReceiver::start(Default::default());
    let url = format!("{}?token=planted", receiver.url());
    let sink = sink(&format!("remote_write: [{{name: test, url: '{url}'}}]"));
    receiver.faults().push(Rule::on(WRITE, answer(400, "bad: ?token=planted")).forever());
    let (delivery, text) = outcome_of(&sink);
    assert!(text.ends_with("status 400: bad: ?token=<secret>"), "{text}");
    assert_eq!((delivery.sent, delivery.rejected), (0, 0));
}

#[test]
fn mackerels_key_is_never_repeated() {
    let api = MackerelApi::start(Options::new(&["web"], KEY));
    let said = format!(r#"{{"error":{{"message":"X-Api-Key: {KEY} is not known"}}}}"#);
    api.faults().push(Rule::on(POST_SERVICE_METRICS, answer(401, &said)).forever());
    let sink =
        sink(&format!("mackerel: [{{service: web, base_url: '{}', api_key: {KEY}}}]", api.url()));
    assert_eq!(
        outcome_of(&sink).1,
        "deliver to mackerel:web: status 401: X-Api-Key: <secret> is not known (is the API key right?)"
    );
}

#[test]
fn what_is_kept_for_later_holds_no_secret() {
    let remote_write = sink(
        "remote_write: [{url: 'http://user:planted@receiver/write?token=planted', headers: {X-Scope: planted}, \
         http_headers: {X-Api-Key: {secrets: [planted]}}, basic_auth: {username: user, password: planted}}]",
    );
    let mackerel = sink("mackerel: [{service: web, api_key: planted}]");
    for sink in [remote_write, mackerel] {
        let (delivery, bodies) = in_run(NOW, 60, async |run| sink.keep(&traffic(2, 2), run));
        let mut shown = format!("{delivery:?} {bodies:?}");
        for body in bodies {
            let unpacked = snap::raw::Decoder::new().decompress_vec(&body.bytes);
            let bytes = unpacked.unwrap_or_else(|_| body.bytes.to_vec());
            shown += &String::from_utf8_lossy(&bytes);
        }
        assert!(shown.contains("requests") && shown.contains("www0"), "{shown}");
        assert!(!shown.contains("planted") && !shown.contains(PAIR), "{shown}");
    }
}
