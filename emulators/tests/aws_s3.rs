//! S3 over the wire: conditional writes, lists, and writes that are done though nobody hears of it.

mod aws_client;

use aws_client::{Answer, Request};
use emulators::aws::{AwsEmulator, Options};
use emulators::faults::{Fault, Rule};

fn try_ask(
    emulator: &AwsEmulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    Request { method, path, headers, body, service: "s3", region: "ap-northeast-1" }.send(emulator)
}

fn ask(
    emulator: &AwsEmulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    try_ask(emulator, method, path, headers, body).expect("an answer")
}

#[test]
fn objects_are_written_on_condition() {
    let emulator = AwsEmulator::start(Options::default());
    let path = "/hostless/state/cloudfront%20one.json";
    let missing = ask(&emulator, "GET", path, &[], b"");
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("<Code>NoSuchKey</Code>"), "{}", missing.text());

    let created = ask(&emulator, "PUT", path, &[("if-none-match", "*")], b"one");
    assert_eq!(created.status, 200, "{}", created.text());
    let etag = created.header("etag").expect("an etag").to_owned();
    let again = ask(&emulator, "PUT", path, &[("if-none-match", "*")], b"two");
    assert_eq!(again.status, 412);
    assert!(again.text().contains("<Code>PreconditionFailed</Code>"), "{}", again.text());

    emulator.faults().push(Rule::on("s3:PutObject", Fault::Conflict));
    let conflict = ask(&emulator, "PUT", path, &[("if-match", &etag)], b"two");
    assert_eq!(conflict.status, 409);
    assert_eq!(ask(&emulator, "PUT", path, &[("if-match", &etag)], b"two").status, 200);
    assert_eq!(ask(&emulator, "PUT", path, &[("if-match", &etag)], b"three").status, 412);

    let read = ask(&emulator, "GET", path, &[], b"");
    assert_eq!(read.text(), "two");
    assert_eq!(emulator.object("hostless", "state/cloudfront one.json"), Some(b"two".to_vec()));
    let head = ask(&emulator, "HEAD", path, &[], b"");
    assert_eq!((head.header("content-length"), head.body.len()), (Some("3"), 0));
    assert_eq!(head.header("etag"), read.header("etag"));

    assert_eq!(ask(&emulator, "DELETE", path, &[], b"").status, 204);
    assert_eq!(ask(&emulator, "HEAD", path, &[], b"").status, 404);
}

#[test]
fn lists_are_cut_into_pages_and_rolled_up() {
    let emulator = AwsEmulator::start(Options::default());
    for key in ["spool/a/1", "spool/a/2", "spool/b/1", "spool/c", "state/x"] {
        emulator.put_object("hostless", key, "body");
    }
    let keys = |answer: &Answer, tag: &str| -> Vec<String> {
        let text = answer.text();
        let opening = format!("<{tag}>");
        let parts = text.split(&opening).skip(1);
        parts.map(|part| part.split('<').next().unwrap_or_default().to_owned()).collect()
    };
    let rolled =
        ask(&emulator, "GET", "/hostless?list-type=2&prefix=spool%2F&delimiter=%2F", &[], b"");
    assert_eq!(keys(&rolled, "Key"), ["spool/c"]);
    assert_eq!(keys(&rolled, "CommonPrefixes><Prefix"), ["spool/a/", "spool/b/"]);

    let first = ask(&emulator, "GET", "/hostless?list-type=2&prefix=spool%2F&max-keys=3", &[], b"");
    assert_eq!(keys(&first, "Key"), ["spool/a/1", "spool/a/2", "spool/b/1"]);
    let token = keys(&first, "NextContinuationToken").remove(0);
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let path = format!("/hostless?continuation-token={token}&list-type=2&prefix=spool%2F");
    let second = ask(&emulator, "GET", &path, &[], b"");
    assert_eq!(keys(&second, "Key"), ["spool/c"]);
    assert_eq!(keys(&second, "IsTruncated"), ["false"]);

    let delete =
        b"<Delete><Object><Key>spool/a/1</Key></Object><Object><Key>none</Key></Object></Delete>";
    let deleted = ask(&emulator, "POST", "/hostless?delete", &[], delete);
    assert_eq!(keys(&deleted, "Key"), ["spool/a/1", "none"]);
    assert_eq!(emulator.objects("hostless"), ["spool/a/2", "spool/b/1", "spool/c", "state/x"]);
}

#[test]
fn a_write_may_be_done_though_nobody_hears_of_it() {
    let emulator = AwsEmulator::start(Options::default());
    emulator.faults().push(Rule::on("s3:PutObject", Fault::CutConnection));
    emulator.faults().push(Rule::on("s3:PutObject", Fault::CutAfter));
    assert!(try_ask(&emulator, "PUT", "/hostless/k", &[], b"lost").is_none());
    assert_eq!(emulator.object("hostless", "k"), None);
    assert!(try_ask(&emulator, "PUT", "/hostless/k", &[], b"kept").is_none());
    assert_eq!(emulator.object("hostless", "k"), Some(b"kept".to_vec()));
}

#[test]
fn a_bucket_that_is_not_there_is_said_so() {
    let emulator = AwsEmulator::start(Options::default());
    let answer = ask(&emulator, "GET", "/another/k", &[], b"");
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("<Code>NoSuchBucket</Code>"), "{}", answer.text());
}

#[test]
fn slow_down_and_a_key_that_was_rotated() {
    let emulator = AwsEmulator::start(Options::default());
    emulator.faults().push(Rule::on("s3:GetObject", Fault::Throttle));
    let slow = ask(&emulator, "GET", "/hostless/k", &[], b"");
    assert_eq!(slow.status, 503);
    assert!(slow.text().contains("<Code>SlowDown</Code>"), "{}", slow.text());
    emulator.verifier().remove(&emulator.key().access_key);
    let refused = ask(&emulator, "GET", "/hostless/k", &[], b"");
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("<Code>InvalidAccessKeyId</Code>"), "{}", refused.text());
}
