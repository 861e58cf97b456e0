//! One module for each mistake, and exactly what is said about it: the original's words where it has some.

use super::{module, read};

/// What is said, at which path, of a module `m`.
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        let (module, findings) = module(text);
        assert_eq!(findings, [*expected], "{text}");
        assert!(module.is_none(), "{text}");
    }
}

/// What the original takes without a word, or finds out only when it probes.
fn check_warnings(table: &[(&str, &str)]) {
    for (text, expected) in table {
        let (module, findings) = module(text);
        assert_eq!(findings, [format!("warning: {expected}")], "{text}");
        assert!(module.is_some(), "{text}");
    }
}

#[test]
fn modules() {
    check(&[
        ("{}", ": prober '' is not valid"),
        ("", ": prober '' is not valid"),
        ("[]", ": expected a mapping, found a list"),
        ("{timeout: 5s}", ": prober '' is not valid"),
        ("{prober: invalid}", ".prober: prober 'invalid' is not valid"),
        ("{prober: HTTP}", ".prober: prober 'HTTP' is not valid"),
        ("{prober: [http]}", ".prober: expected text, found a list"),
        ("{prober: tcp, interval: 5s}", ".interval: field interval not found in type config.plain"),
        ("{prober: tcp, tcp: []}", ".tcp: expected a mapping, found a list"),
        (
            "{prober: tcp, http: {methd: GET}}",
            ".http.methd: field methd not found in type config.plain",
        ),
    ]);
    let (modules, findings) = read("modules: [a]");
    assert_eq!(findings, ["modules: expected a mapping, found a list"]);
    assert!(modules.is_empty());
}

#[test]
fn a_wrong_module_costs_its_neighbours_nothing() {
    let (modules, findings) =
        read("modules: {a: {prober: tcp}, b: {prober: x}, c: {prober: http}}");
    assert_eq!(findings, ["modules.b.prober: prober 'x' is not valid"]);
    assert_eq!(modules.keys().collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn timeouts() {
    let example = "write a Go duration such as 5s, 1m30s or 500ms";
    for (timeout, expected) in [
        ("1d", "!!str `1d` into time.Duration: unknown unit \"d\" in duration"),
        ("5", "!!int `5` into time.Duration: a number has no unit"),
        ("1.5", "!!float `1.5` into time.Duration: a number has no unit"),
        ("'5'", "!!str `5` into time.Duration: missing unit in duration"),
        ("five seconds", "!!str `five se...` into time.Duration: invalid duration"),
        ("9999999999h", "!!str `9999999...` into time.Duration: invalid duration"),
    ] {
        let (_, findings) = module(&format!("{{prober: tcp, timeout: {timeout}}}"));
        assert_eq!(findings, [format!(".timeout: cannot unmarshal {expected}; {example}")]);
    }
}

#[test]
fn http() {
    let cases = [
        (
            "bearer_token: foo, bearer_token_file: /foo",
            "http: at most one of bearer_token & bearer_token_file must be configured",
        ),
        (
            "body: Test body, body_file: test_body.txt",
            "http: setting body and body_file both are not allowed",
        ),
        (
            "fail_if_header_matches: [{regexp: a}]",
            "http.fail_if_header_matches[0]: header name must be set for HTTP header matchers",
        ),
        (
            "fail_if_header_not_matches: [{header: A, allow_missing: false}]",
            "http.fail_if_header_not_matches[0]: regexp must be set for HTTP header matchers",
        ),
        (
            "fail_if_header_not_matches: [{header: A, regexp: ''}]",
            "http.fail_if_header_not_matches[0]: regexp must be set for HTTP header matchers",
        ),
        (
            "fail_if_header_matches: [{header: A, regexp: b, value: c}]",
            "http.fail_if_header_matches[0].value: field value not found in type config.plain",
        ),
        (
            "compression: gzip, headers: {Accept-Encoding: deflate}",
            r#"http: invalid configuration "Accept-Encoding: deflate", "compression: gzip""#,
        ),
        (
            "compression: gzip, headers: {accEpt-enCoding: deflate}",
            r#"http: invalid configuration "accEpt-enCoding: deflate", "compression: gzip""#,
        ),
        (
            "compression: gzip, headers: {Accept-Encoding: '*;q=0.0'}",
            r#"http: invalid configuration "Accept-Encoding: *;q=0.0", "compression: gzip""#,
        ),
        ("valid_status_codes: 200", "http.valid_status_codes: expected a list, found a number"),
        (
            "valid_status_codes: [2xx]",
            "http.valid_status_codes[0]: expected a whole number, found text \"2xx\"",
        ),
        (
            "valid_status_codes: ['200']",
            "http.valid_status_codes[0]: expected a whole number, found text \"200\"",
        ),
        ("fail_if_ssl: 1", "http.fail_if_ssl: expected true or false, found a number \"1\""),
        ("headers: [Host]", "http.headers: expected a mapping, found a list"),
        ("headers: {Host: [a]}", "http.headers.Host: expected text, found a list"),
        ("method: [GET]", "http.method: expected text, found a list"),
        ("body_size_limit: 1024", "http.body_size_limit: units: unknown unit  in 1024"),
        ("body_size_limit: 1kB", "http.body_size_limit: units: unknown unit kB in 1kB"),
        ("body: !!binary '*'", "http.body: !!binary value contains invalid base64 data"),
        (
            "body_file: 'ssm:body'",
            r#"http.body_file: "ssm:body" is not a parameter's path, such as ssm:/hostless/secret/key"#,
        ),
        (
            "fail_if_body_json_matches_cel: foo.bar",
            r#"http.fail_if_body_json_matches_cel: "Could not compile CEL program" expression="foo.bar": undeclared reference to 'foo'; there is body"#,
        ),
        (
            "http_headers: {Host: {values: [a]}}",
            r#"http.http_headers.Host: setting header "Host" is not allowed"#,
        ),
        (
            "tls_config: {max_version: TLS11}",
            "http.tls_config.max_version: TLS 1.0 and 1.1 are not supported",
        ),
        ("no_proxy: a", "http: if no_proxy is configured, proxy_url must also be configured"),
    ];
    for (keys, expected) in cases {
        check(&[(&format!("{{prober: http, http: {{{keys}}}}}"), &format!(".{expected}"))]);
    }
}

#[test]
fn http_expressions_are_never_empty() {
    let (module, findings) =
        module("{prober: http, http: {fail_if_body_json_not_matches_cel: ''}}");
    assert!(module.is_none());
    let start = r#".http.fail_if_body_json_not_matches_cel: "Could not compile CEL program" expression="": "#;
    assert!(findings.len() == 1 && findings[0].starts_with(start), "{findings:?}");
}

#[test]
fn http3() {
    let both = ".http: HTTP/3 and HTTP/2.0/1.1 cannot be used together - only HTTP/3.0 is allowed when enable_http3 is true";
    let http2 = ".http: when enable_http3 is true, enable_http2 must be set to false";
    for (keys, expected) in [
        ("enable_http3: true", http2),
        ("enable_http3: true, enable_http2: true, valid_http_versions: [HTTP/3.0]", http2),
        (
            "enable_http3: true, enable_http2: true, valid_http_versions: [HTTP/1.1, HTTP/2.0, HTTP/3.0]",
            both,
        ),
        ("enable_http3: true, enable_http2: false, valid_http_versions: [HTTP/1.1]", both),
        (
            "enable_http3: true, enable_http2: false, valid_http_versions: [HTTP/3.0, HTTP/2.0]",
            both,
        ),
        (
            "valid_http_versions: [HTTP/3.0]",
            ".http: HTTP/3.0 in valid_http_versions is only allowed when enable_http3 is true",
        ),
    ] {
        check(&[(&format!("{{prober: http, http: {{{keys}}}}}"), expected)]);
    }
}

#[test]
fn http_warnings() {
    let version = |version| {
        format!(
            "no answer has the version \"{version}\"; there are HTTP/1.0, HTTP/1.1 and HTTP/2.0"
        )
    };
    for (keys, expected) in [
        (
            "valid_http_versions: [HTTP/1.1, HTTP/2]",
            format!("http.valid_http_versions[1]: {}", version("HTTP/2")),
        ),
        ("valid_http_versions: [~]", format!("http.valid_http_versions[0]: {}", version(""))),
        (
            "compression: lzma",
            "http.compression: \"lzma\" fails every probe; write br, gzip, deflate or identity"
                .to_owned(),
        ),
        (
            "preferred_ip_protocol: ipv6",
            "http.preferred_ip_protocol: \"ipv6\" counts as ip4; write ip4 or ip6".to_owned(),
        ),
        (
            "tls_config: {min_version: TLS10}",
            "http.tls_config.min_version: TLS 1.2 is the lowest version that is offered".to_owned(),
        ),
    ] {
        check_warnings(&[(
            &format!("{{prober: http, http: {{{keys}}}}}"),
            &format!(".{expected}"),
        )]);
    }
}

#[test]
fn regular_expressions() {
    let refused = r#""Could not compile regular expression" regexp=":[": error parsing regexp: missing closing ]: `[`"#;
    for (prober, keys, path) in [
        ("http", "fail_if_body_matches_regexp: [':[']", "fail_if_body_matches_regexp[0]"),
        (
            "http",
            "fail_if_body_not_matches_regexp: [a, ':[']",
            "fail_if_body_not_matches_regexp[1]",
        ),
        (
            "http",
            "fail_if_header_matches: [{header: A, regexp: ':['}]",
            "fail_if_header_matches[0].regexp",
        ),
        (
            "http",
            "fail_if_header_not_matches: [{header: A, regexp: ':['}]",
            "fail_if_header_not_matches[0].regexp",
        ),
        ("tcp", "query_response: [{expect: ':['}]", "query_response[0].expect"),
        ("websocket", "query_response: [{expect: ':['}, {send: a}]", "query_response[0].expect"),
    ] {
        check(&[(
            &format!("{{prober: {prober}, {prober}: {{{keys}}}}}"),
            &format!(".{prober}.{path}: {refused}"),
        )]);
    }
}

#[test]
fn dialogues() {
    check(&[
        (
            "{prober: tcp, tcp: {query_response: [{expect: a, expect_bytes: b}]}}",
            ".tcp.query_response[0]: expect and expect_bytes are mutually exclusive; write one of them",
        ),
        (
            "{prober: tcp, tcp: {query_response: {expect: a}}}",
            ".tcp.query_response: expected a list, found a mapping",
        ),
        (
            "{prober: tcp, tcp: {query_response: [a]}}",
            ".tcp.query_response[0]: expected a mapping, found text",
        ),
        (
            "{prober: tcp, tcp: {query_response: [{recv: a}]}}",
            ".tcp.query_response[0].recv: field recv not found in type config.plain",
        ),
        (
            "{prober: tcp, tcp: {query_response: [{labels: [{key: a}]}]}}",
            ".tcp.query_response[0].labels[0].key: field key not found in type config.Label",
        ),
        (
            "{prober: tcp, tcp: {query_response: [{send: !!binary a}]}}",
            ".tcp.query_response[0].send: !!binary value contains invalid base64 data",
        ),
        (
            "{prober: tcp, tcp: {query_response: [{starttls: maybe}]}}",
            ".tcp.query_response[0].starttls: expected true or false, found text \"maybe\"",
        ),
        (
            "{prober: tcp, tcp: {tls_config: {cert: a}}}",
            ".tcp.tls_config: exactly one of key or key_file must be configured when a client certificate is configured",
        ),
        (
            "{prober: tcp, tcp: {hostname: a}}",
            ".tcp.hostname: field hostname not found in type config.plain",
        ),
    ]);
}

#[test]
fn dns() {
    check(&[
        ("{prober: dns, dns: {}}", ".dns: query name must be set for DNS module"),
        ("{prober: dns, dns: {query_name: ''}}", ".dns: query name must be set for DNS module"),
        ("{prober: tcp, dns: {}}", ".dns: query name must be set for DNS module"),
        (
            "{prober: dns, dns: {query_name: a, query_class: X}}",
            ".dns.query_class: query class 'X' is not valid",
        ),
        (
            "{prober: dns, dns: {query_name: a, query_class: in}}",
            ".dns.query_class: query class 'in' is not valid",
        ),
        (
            "{prober: dns, dns: {query_name: a, query_type: X}}",
            ".dns.query_type: query type 'X' is not valid",
        ),
        (
            "{prober: dns, dns: {query_name: a, query_type: NOT_A_VALID_QUERY_TYPE}}",
            ".dns.query_type: query type 'NOT_A_VALID_QUERY_TYPE' is not valid",
        ),
        (
            "{prober: dns, dns: {query_name: a, invalid_extra_field: value}}",
            ".dns.invalid_extra_field: field invalid_extra_field not found in type config.plain",
        ),
        (
            "{prober: dns, dns: {query_name: a, validate_answer_rrs: {fail_if_matches: [a]}}}",
            ".dns.validate_answer_rrs.fail_if_matches: field fail_if_matches not found in type config.plain",
        ),
        (
            "{prober: dns, dns: {query_name: a, valid_rcodes: NOERROR}}",
            ".dns.valid_rcodes: expected a list, found text",
        ),
    ]);
    check_warnings(&[
        (
            "{prober: dns, dns: {query_name: a, transport_protocol: quic}}",
            ".dns.transport_protocol: \"quic\" fails every probe; write udp or tcp",
        ),
        (
            "{prober: dns, dns: {query_name: a, dns_over_tls: true}}",
            ".dns: dns_over_tls fails every probe without transport_protocol: tcp",
        ),
        (
            "{prober: dns, dns: {query_name: a, dns_over_tls: true, transport_protocol: udp}}",
            ".dns.transport_protocol: dns_over_tls fails every probe without transport_protocol: tcp",
        ),
        (
            "{prober: dns, dns: {query_name: a, validate_authority_rrs: {fail_if_matches_regexp: ['(']}}}",
            ".dns.validate_authority_rrs.fail_if_matches_regexp[0]: fails every probe: error parsing regexp: missing closing ): `(`",
        ),
    ]);
}

#[test]
fn the_other_probers() {
    check(&[
        (
            "{prober: grpc, grpc: {metadata: {a: b}}}",
            ".grpc.metadata.a: expected a list, found text",
        ),
        (
            "{prober: grpc, grpc: {metadata: {a: [{b: c}]}}}",
            ".grpc.metadata.a[0]: expected text, found a mapping",
        ),
        (
            "{prober: grpc, grpc: {port: 5}}",
            ".grpc.port: field port not found in type config.plain",
        ),
        (
            "{prober: grpc, grpc: {tls_config: {min_version: TLS99}}}",
            ".grpc.tls_config.min_version: unknown TLS version: TLS99",
        ),
        (
            "{prober: websocket, websocket: {basic_auth: {username: a}}}",
            ".websocket.basic_auth: field basic_auth not found in type config.plain",
        ),
        (
            "{prober: websocket, websocket: {http_config: {basic: {}}}}",
            ".websocket.http_config.basic: field basic not found in type config.plain",
        ),
        (
            "{prober: websocket, websocket: {http_config: {basic_auth: {username: a}, authorization: {}}}}",
            ".websocket.http_config: at most one of basic_auth, oauth2 & authorization must be configured",
        ),
        (
            "{prober: websocket, websocket: {headers: {'a b': {values: [c]}}}}",
            ".websocket.headers[\"a b\"]: not a valid header name",
        ),
        (
            "{prober: websocket, websocket: {headers: {A: {value: [c]}}}}",
            ".websocket.headers.A.value: field value not found in type config.Header",
        ),
        ("{prober: tcp, icmp: {ttl: 256}}", ".icmp.ttl: \"ttl\" cannot exceed 255"),
        ("{prober: tcp, icmp: {ttl: -1}}", ".icmp.ttl: \"ttl\" cannot be negative"),
        ("{prober: tcp, icmp: {ttl: a}}", ".icmp.ttl: expected a whole number, found text \"a\""),
        ("{prober: tcp, icmp: {size: 5}}", ".icmp.size: field size not found in type config.plain"),
        (
            "{prober: tcp, icmp: {dont_fragment: 5}}",
            ".icmp.dont_fragment: expected true or false, found a number \"5\"",
        ),
        (
            "{prober: tcp, unix: {preferred_ip_protocol: ip4}}",
            ".unix.preferred_ip_protocol: field preferred_ip_protocol not found in type config.plain",
        ),
        (
            "{prober: tcp, unix: {query_response: [{expect: ':['}]}}",
            r#".unix.query_response[0].expect: "Could not compile regular expression" regexp=":[": error parsing regexp: missing closing ]: `[`"#,
        ),
    ]);
}

#[test]
fn all_mistakes_are_said_at_once() {
    let (_, findings) = module(
        "{prober: http, timeout: 1d, http: {bearer_token: a, basic_auth: {username: b}, methd: GET, compression: gzip,
          headers: {Accept-Encoding: br}, fail_if_body_matches_regexp: ['(', ')', a]}, dns: {query_type: X}, tcp: 5}",
    );
    assert_eq!(findings.len(), 9, "{findings:#?}");
}

#[test]
fn what_a_user_wrote_is_shown_without_harm() {
    let long = "x".repeat(100_000);
    for text in [
        format!("{{prober: '{long}'}}"),
        "{prober: \"a\\nb\\u001b[2J\"}".to_owned(),
        format!("{{prober: http, http: {{fail_if_body_json_matches_cel: '{long}'}}}}"),
        format!("{{prober: http, http: {{valid_http_versions: ['{long}']}}}}"),
        format!("{{prober: http, http: {{compression: '{long}'}}}}"),
        format!("{{prober: http, http: {{fail_if_body_matches_regexp: ['[{long}']}}}}"),
        format!(
            "{{prober: http, http: {{compression: gzip, headers: {{Accept-Encoding: '{long}'}}}}}}"
        ),
        format!("{{prober: tcp, timeout: '{long}'}}"),
        format!("{{prober: dns, dns: {{query_name: a, query_type: '{long}'}}}}"),
        format!("{{prober: tcp, tcp: {{preferred_ip_protocol: '{long}'}}}}"),
        format!("{{prober: dns, dns: {{query_name: a, transport_protocol: '{long}'}}}}"),
        format!(
            "{{prober: dns, dns: {{query_name: a, validate_answer_rrs: {{fail_if_matches_regexp: ['({long}']}}}}}}"
        ),
    ] {
        let (_, findings) = module(&text);
        assert_eq!(findings.len(), 1, "{findings:?}");
        let finding = &findings[0];
        assert!(finding.len() < 600 && !finding.contains(char::is_control), "{finding}");
    }
}
