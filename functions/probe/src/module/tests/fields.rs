//! Every field of every section, and what YAML lets people write.

use std::time::Duration;

use config::{Auth, Proxy, Secret};
use dial::{Family, Preference};
use secrecy::ExposeSecret as _;
use series::go_regex::BytesTemplate;

use super::{module, prober, read, right};
use crate::module::{Body, Compression, Expect, Prober, RecordRules, Transport};

/// `inline:text`, or the reference.
fn shown(secret: &Secret) -> String {
    match secret {
        Secret::Inline(text) => format!("inline:{}", text.expose_secret()),
        Secret::Reference(reference) => reference.to_string(),
    }
}

#[test]
fn timeouts_are_gos() {
    for (timeout, expected) in [
        ("5s", Some(5_000)),
        ("1m30s", Some(90_000)),
        ("500ms", Some(500)),
        ("1.5h", Some(5_400_000)),
        ("'0'", None),
        ("0s", None),
        ("-5s", None),
        ("", None),
    ] {
        let module = right(&format!("{{prober: tcp, timeout: {timeout}}}"));
        assert_eq!(module.timeout, expected.map(Duration::from_millis), "{timeout}");
    }
}

const HTTP: &str = r#"{prober: http, http: {
  valid_status_codes: [200, 0x194, 3_0_1],
  valid_http_versions: [HTTP/1.1, HTTP/2.0],
  preferred_ip_protocol: ip4, ip_protocol_fallback: no,
  skip_resolve_phase_with_proxy: yes, fail_if_ssl: on, fail_if_not_ssl: true,
  method: POST,
  headers: {Host: www.example, X-Number: 5, X-Nothing: },
  fail_if_body_matches_regexp: ['\Qa.b\E', 5],
  fail_if_body_not_matches_regexp: [c],
  fail_if_body_json_matches_cel: body.a == 1,
  fail_if_body_json_not_matches_cel: has(body.b),
  fail_if_header_matches: [{header: A, regexp: .*, allow_missing: yes}],
  fail_if_header_not_matches: [{header: B, regexp: (\*|b)}],
  body: !!binary AP8=,
  compression: GZip,
  body_size_limit: 1.5MB,
  follow_redirects: false, enable_http2: no, enable_http3: no,
  basic_auth: {username: u, password_file: ssm:/p},
  http_headers: {X-Key: {values: [a], files: [key]}},
  tls_config: {ca_file: 'secretsmanager:ca', server_name: n},
  proxy_url: 'http://proxy:3128', proxy_connect_header: {X-Proxy: [b]}}}"#;

#[test]
fn every_field_of_http_is_read() {
    let http = *prober!(Http, right(HTTP));
    assert_eq!(http.valid_status_codes, [200, 404, 301]);
    assert_eq!(http.valid_http_versions, ["HTTP/1.1", "HTTP/2.0"]);
    assert_eq!(http.preference, Preference { family: Family::V4, fallback: false });
    assert!(http.skip_resolve_phase_with_proxy && http.fail_if_ssl && http.fail_if_not_ssl);
    assert_eq!(http.method, "POST");
    let headers: Vec<_> = http.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(headers, [("Host", "www.example"), ("X-Nothing", ""), ("X-Number", "5")]);
    assert!(matches!(&http.body, Body::Text(bytes) if bytes == b"\0\xff"));
    assert_eq!((http.compression, http.body_size_limit), (Compression::Gzip, Some(3 << 19)));
}

#[test]
fn every_matcher_of_http_is_read() {
    let http = *prober!(Http, right(HTTP));
    let matched: Vec<bool> = ["a.b", "axb", "5"]
        .map(|text| http.fail_if_body_matches.iter().any(|regex| regex.is_match(text.as_bytes())))
        .to_vec();
    assert_eq!(matched, [true, false, true]);
    assert!(http.fail_if_body_not_matches[0].is_match(b"abc"));
    let program = http.fail_if_body_json_matches.expect("an expression");
    assert_eq!(program.matches(b"{\"a\": 1}"), Ok(true));
    assert_eq!(
        http.fail_if_body_json_not_matches.expect("an expression").expression,
        "has(body.b)".into()
    );
    let rule = &http.fail_if_header_matches[0];
    assert_eq!((rule.header.as_str(), rule.allow_missing), ("A", true));
    let rule = &http.fail_if_header_not_matches[0];
    assert_eq!((rule.header.as_str(), rule.allow_missing), ("B", false));
    assert!(rule.regexp.is_match(b"*"));
}

#[test]
fn the_client_block_is_part_of_http() {
    let module = right(HTTP);
    let secrets: Vec<String> = module.secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["secretsmanager:ca", "ssm:/p", "/etc/probe/key"]);
    let http = *prober!(Http, module);
    assert!(!http.client.follow_redirects && !http.client.enable_http2);
    assert!(matches!(&http.client.auth, Some(Auth::Basic { .. })));
    assert!(matches!(&http.client.proxy, Proxy::Url { .. }));
    assert_eq!(http.client.http_headers[0].name, "X-Key");
    assert_eq!(http.client.tls.server_name.as_deref(), Some("n"));
}

#[test]
fn a_body_may_be_a_file_or_a_secret() {
    for (file, expected) in [
        ("/files/body.txt", Some("/files/body.txt")),
        ("body.txt", Some("/etc/probe/body.txt")),
        ("ssm:/probe/body", Some("ssm:/probe/body")),
        ("''", None),
        ("", None),
    ] {
        let module = right(&format!("{{prober: http, http: {{body_file: {file}}}}}"));
        let secrets: Vec<String> = module.secrets().iter().map(ToString::to_string).collect();
        assert_eq!(secrets, expected.map(str::to_owned).into_iter().collect::<Vec<_>>());
        let http = *prober!(Http, module);
        match (&http.body, expected) {
            (Body::File(secret), Some(expected)) => assert_eq!(shown(secret), expected),
            (Body::None, None) => {}
            (other, _) => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn an_empty_text_is_no_body_beside_a_file() {
    let http = *prober!(Http, right("{prober: http, http: {body: '', body_file: /b}}"));
    assert!(matches!(http.body, Body::File(_)));
}

#[test]
fn the_older_key_for_redirects_wins() {
    for (keys, expected) in [
        ("no_follow_redirects: true", false),
        ("no_follow_redirects: false", true),
        ("no_follow_redirects: true, follow_redirects: true", false),
        ("no_follow_redirects: false, follow_redirects: false", true),
    ] {
        let (module, findings) = module(&format!("{{prober: http, http: {{{keys}}}}}"));
        let deprecated = "warning: .http.no_follow_redirects: no_follow_redirects is deprecated; write follow_redirects instead";
        assert_eq!(findings, [deprecated]);
        let http = *prober!(Http, module.expect("a module"));
        assert_eq!(http.client.follow_redirects, expected, "{keys}");
    }
}

#[test]
fn compressions_have_names() {
    for (name, expected) in [
        ("br", Compression::Brotli),
        ("DEFLATE", Compression::Deflate),
        ("identity", Compression::Identity),
        ("''", Compression::None),
    ] {
        let http =
            *prober!(Http, right(&format!("{{prober: http, http: {{compression: {name}}}}}")));
        assert_eq!(http.compression, expected);
    }
}

#[test]
fn a_size_that_ends_nowhere_is_a_very_large_one() {
    for (limit, expected) in [
        ("0", None),
        ("1KB", Some(1024)),
        ("-1B", Some(i64::MAX as u64 - 1)),
        ("7EiB", Some(7 << 60)),
    ] {
        let section = format!("{{prober: http, http: {{body_size_limit: {limit}}}}}");
        assert_eq!(prober!(Http, right(&section)).body_size_limit, expected, "{limit}");
    }
}

const TCP: &str = r#"{prober: tcp, tcp: {
  preferred_ip_protocol: ip4, ip_protocol_fallback: false,
  query_response: [
    {expect: '^SSH-(.*)$', labels: [{name: version, value: '${1}'}], send: 'QUIT ${1}'},
    {send: !!binary AAAACATSFi8=},
    {expect_bytes: S},
    {expect: 220, send: 5},
    {expect: ''},
    {starttls: true}],
  tls: true, tls_config: {server_name: n, cert_file: ssm:/c, key_file: ssm:/k}}}"#;

#[test]
fn every_field_of_tcp_is_read() {
    let module = right(TCP);
    let secrets: Vec<String> = module.secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["ssm:/c", "ssm:/k"]);
    let tcp = *prober!(Tcp, module);
    assert_eq!(tcp.preference, Preference { family: Family::V4, fallback: false });
    assert!(tcp.is_tls && tcp.has_server_name && !tcp.has_source_address);
}

#[test]
fn every_step_of_a_dialogue_is_read() {
    let tcp = *prober!(Tcp, right(TCP));
    let [ssh, raw, bytes, number, anything, starttls] = &tcp.query_response[..] else {
        panic!("{:?}", tcp.query_response)
    };
    let Some(Expect::Regex(regex)) = &ssh.expect else { panic!("{ssh:?}") };
    assert!(regex.is_match(b"SSH-2.0"));
    assert_eq!(ssh.labels, [("version".to_owned(), BytesTemplate::parse(b"${1}"))]);
    assert_eq!(ssh.send.as_deref(), Some(&b"QUIT ${1}"[..]));
    assert_eq!(raw.send.as_deref(), Some(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f][..]));
    assert!(raw.expect.is_none());
    assert!(matches!(&bytes.expect, Some(Expect::Bytes(bytes)) if bytes == b"S"));
    assert!(matches!(&number.expect, Some(Expect::Regex(regex)) if regex.as_str() == "220"));
    assert_eq!(number.send.as_deref(), Some(&b"5"[..]));
    assert!(matches!(&anything.expect, Some(Expect::Regex(regex)) if regex.is_match(b"x")));
    assert!(starttls.starttls && starttls.send.is_none() && starttls.expect.is_none());
}

#[test]
fn a_source_address_is_kept_in_mind() {
    for prober in
        ["tcp: {source_ip_address: 10.0.0.1}", "dns: {query_name: a, source_ip_address: '::1'}"]
    {
        let name = &prober[..3];
        let (module, findings) = module(&format!("{{prober: {name}, {prober}}}"));
        let expected = format!(
            "warning: .{name}.source_ip_address: a Lambda function does not choose the address it sends from: probes with \
             this module fail as unsupported; drop the key, and put the function into the subnet that the address belongs to"
        );
        assert_eq!(findings, [expected]);
        match module.expect("a module").prober {
            Prober::Tcp(tcp) => assert!(tcp.has_source_address),
            Prober::Dns(dns) => assert!(dns.has_source_address),
            other => panic!("{other:?}"),
        }
    }
}

const DNS: &str = "{prober: dns, dns: {
  preferred_ip_protocol: ip4, ip_protocol_fallback: false, dns_over_tls: true, tls_config: {ca_file: ssm:/ca},
  transport_protocol: tcp, query_class: CH, query_name: version.bind, query_type: TXT, recursion_desired: false,
  valid_rcodes: [NOERROR, SERVFAIL, NOT_ONE],
  validate_answer_rrs: {fail_if_matches_regexp: [a], fail_if_all_match_regexp: [b], fail_if_not_matches_regexp: [c],
    fail_if_none_matches_regexp: [d, 5]},
  validate_authority_rrs: {fail_if_matches_regexp: [e]}, validate_additional_rrs: }}";

#[test]
fn every_field_of_dns_is_read() {
    let module = right(DNS);
    assert_eq!(module.secrets().len(), 1);
    let dns = *prober!(Dns, module);
    assert_eq!(dns.preference, Preference { family: Family::V4, fallback: false });
    assert!(dns.over_tls && !dns.recursion_desired && !dns.has_source_address);
    assert_eq!(dns.transport, Transport::Tcp);
    assert_eq!((dns.query_class, dns.query_type), (3, 16));
    assert_eq!(dns.query_name, "version.bind");
    assert_eq!(dns.valid_rcodes, ["NOERROR", "SERVFAIL", "NOT_ONE"]);
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let answer = RecordRules {
        fail_if_matches: texts(&["a"]),
        fail_if_all_match: texts(&["b"]),
        fail_if_not_matches: texts(&["c"]),
        fail_if_none_matches: texts(&["d", "5"]),
    };
    assert_eq!(dns.answer, answer);
    assert_eq!(
        dns.authority,
        RecordRules { fail_if_matches: texts(&["e"]), ..RecordRules::default() }
    );
    assert_eq!(dns.additional, RecordRules::default());
}

#[test]
fn every_field_of_grpc_is_read() {
    let grpc = "{prober: grpc, grpc: {service: s, tls: true, tls_config: {ca_file: ca.pem}, ip_protocol_fallback: false, \
                preferred_ip_protocol: ip4, metadata: {key: [one, 2], authorization: [Bearer t], none: }}}";
    let module = right(grpc);
    let secrets: Vec<String> = module.secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["/etc/probe/ca.pem"]);
    let grpc = *prober!(Grpc, module);
    assert_eq!((grpc.service.as_str(), grpc.is_tls), ("s", true));
    assert_eq!(grpc.preference, Preference { family: Family::V4, fallback: false });
    let metadata: Vec<_> = grpc.metadata.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(metadata, [("authorization", "Bearer t"), ("key", "one"), ("key", "2")]);
}

#[test]
fn every_field_of_websocket_is_read() {
    let websocket = "{prober: websocket, websocket: {http_config: {authorization: {credentials_file: ssm:/t}, \
                     tls_config: {insecure_skip_verify: true}}, headers: {x-one: text, X-Two: {values: [a], files: [b]}, \
                     X-Three: [c, 5], X-None: }, query_response: [{expect: a, send: b}], preferred_ip_protocol: ip4, \
                     ip_protocol_fallback: false}}";
    let module = right(websocket);
    let secrets: Vec<String> = module.secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["ssm:/t", "/etc/probe/b"]);
    let websocket = *prober!(Websocket, module);
    assert!(matches!(websocket.auth, Some(Auth::Authorization { .. })));
    let headers: Vec<_> = websocket
        .headers
        .iter()
        .map(|header| (header.name.as_str(), header.values.iter().map(shown).collect::<Vec<_>>()))
        .collect();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        headers,
        [
            ("X-None", texts(&[])),
            ("X-One", texts(&["inline:text"])),
            ("X-Three", texts(&["inline:c", "inline:5"])),
            ("X-Two", texts(&["inline:a", "/etc/probe/b"])),
        ]
    );
    assert_eq!(websocket.query_response.len(), 1);
    assert_eq!(websocket.preference, Preference { family: Family::V4, fallback: false });
}

#[test]
fn what_a_websocket_does_not_use_is_a_warning() {
    let section = "{prober: websocket, websocket: {http_config: {oauth2: {client_id: a, token_url: 'http://b'}, \
                   proxy_url: 'http://p', follow_redirects: false, enable_http2: false, http_headers: {A: {values: [b]}}}}}";
    let (module, findings) = module(section);
    let said =
        |what| format!("warning: .websocket.http_config: {what} is not used by websocket probes");
    let unused = [
        "oauth2",
        "a proxy",
        "follow_redirects",
        "enable_http2",
        "http_headers (headers of the section is)",
    ];
    assert_eq!(findings, unused.map(said));
    assert!(prober!(Websocket, module.expect("a module")).auth.is_none());
}

#[test]
fn anything_but_ip6_is_ip4() {
    for (written, family, warns) in [
        ("ip4", Family::V4, false),
        ("ip6", Family::V6, false),
        ("''", Family::V6, false),
        ("ipv6", Family::V4, true),
        ("IP6", Family::V4, true),
        ("4", Family::V4, true),
    ] {
        let (module, findings) =
            module(&format!("{{prober: tcp, tcp: {{preferred_ip_protocol: {written}}}}}"));
        assert_eq!(prober!(Tcp, module.expect("a module")).preference.family, family, "{written}");
        assert_eq!(!findings.is_empty(), warns, "{written}: {findings:?}");
    }
}

#[test]
fn modules_may_share_with_anchors_and_merges() {
    let (modules, findings) = read(
        "modules:
  a: &a
    prober: http
    timeout: 5s
    http: &http
      method: POST
      fail_if_not_ssl: true
  b:
    <<: *a
    http:
      <<: *http
      method: PUT
",
    );
    assert!(findings.is_empty(), "{findings:?}");
    let b = modules.into_iter().nth(1).expect("two modules").1;
    assert_eq!(b.timeout, Some(Duration::from_secs(5)));
    let http = *prober!(Http, b);
    assert_eq!((http.method.as_str(), http.fail_if_not_ssl), ("PUT", true));
}

#[test]
fn http3_is_accepted_and_answered_as_unsupported() {
    let (module, findings) = module(
        "{prober: http, http: {enable_http3: true, enable_http2: false, valid_http_versions: [HTTP/3.0]}}",
    );
    let said = "warning: .http.enable_http3: enable_http3: HTTP/3 is not supported yet; drop it to probe over HTTP/2 or HTTP/1.1: \
                probes with this module fail as unsupported";
    assert_eq!(findings, [said]);
    assert!(matches!(module.expect("a module").prober, Prober::Unsupported(_)));
}
