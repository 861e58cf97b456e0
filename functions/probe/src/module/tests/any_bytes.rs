//! No document makes the reading of modules panic.

use proptest::prelude::*;

use super::read;

const PIECES: [&str; 64] = [
    "prober",
    "timeout",
    "http",
    "tcp",
    "dns",
    "grpc",
    "icmp",
    "unix",
    "websocket",
    "http_config",
    "headers",
    "labels",
    "query_response",
    "expect",
    "expect_bytes",
    "send",
    "starttls",
    "tls",
    "tls_config",
    "valid_status_codes",
    "valid_http_versions",
    "HTTP/3.0",
    "enable_http3",
    "body",
    "body_file",
    "body_size_limit",
    "compression",
    "gzip",
    "Accept-Encoding",
    "fail_if_body_json_matches_cel",
    "body.a == 1",
    "fail_if_body_matches_regexp",
    "fail_if_header_matches",
    "header",
    "regexp",
    "query_name",
    "query_type",
    "validate_answer_rrs",
    "fail_if_all_match_regexp",
    "metadata",
    "ttl",
    "source_ip_address",
    "preferred_ip_protocol",
    "1m30s",
    "1.5MB",
    "ssm:/a",
    "true",
    "5",
    "[",
    "]",
    "{",
    "}",
    ": ",
    ", ",
    "\n  ",
    "\n    ",
    "\n      ",
    "- ",
    "!!binary ",
    "é\u{85}",
    "~",
    "'",
    "\"",
    "&a ",
];

proptest! {
    #[test]
    fn random_modules(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..48)) {
        let _read = read(format!("modules:\n  m:\n    {}", pieces.concat()));
        let _read = read(format!("modules: {{m: {{prober: http, http: {{{}}}}}}}", pieces.concat()));
    }

    #[test]
    fn a_value_of_any_kind_in_any_field(
        prober in proptest::sample::select(&["http", "tcp", "dns", "grpc", "icmp", "unix", "websocket"][..]),
        field in proptest::sample::select(&PIECES[..46]),
        value in proptest::sample::select(&["~", "5", "-1", "1e400", "true", "text", "[a, [b], {c: d}]", "{a: [b], c: {d: e}}", "!!binary AP8=", "''"][..]),
    ) {
        let _read = read(format!("modules: {{m: {{prober: {prober}, {prober}: {{'{field}': {value}}}}}}}"));
    }
}
