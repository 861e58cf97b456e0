//! The HTTP client block, complete.

use config::{Auth, Header, HttpClient, Proxy, Secret, Tls, TlsVersion};
use secrecy::ExposeSecret as _;

use crate::readers::{document, http_client, read};

/// `inline:text`, or the reference.
fn shown(secret: &Secret) -> String {
    match secret {
        Secret::Inline(text) => format!("inline:{}", text.expose_secret()),
        Secret::Reference(reference) => reference.to_string(),
    }
}

fn entry(keys: &str) -> HttpClient {
    http_client(&format!("remote_write:\n- url: http://a/\n{keys}"))
}

#[test]
fn an_absent_block_is_the_default() {
    let client = entry("");
    assert!(client.auth.is_none() && client.http_headers.is_empty());
    assert!(matches!(client.proxy, Proxy::Direct));
    assert!(client.follow_redirects && !client.enable_http2, "the caller's default");
    assert!(HttpClient::default().enable_http2);
    let Tls { ca, cert, key, server_name, insecure_skip_verify, min_version, max_version } =
        client.tls;
    assert!(ca.is_none() && cert.is_none() && key.is_none() && server_name.is_none());
    assert!(!insecure_skip_verify && min_version.is_none() && max_version.is_none());
}

#[test]
fn basic_auth_takes_texts_and_files() {
    let table = [
        ("{username: u, password: p}", "inline:u inline:p"),
        ("{username_file: u, password_file: ssm:/p}", "/etc/hostless/u ssm:/p"),
        ("{username: u}", "inline:u inline:"),
        (
            "{username: u, password: '', password_file: secretsmanager:p}",
            "inline:u secretsmanager:p",
        ),
        ("{}", "inline: inline:"),
    ];
    for (block, expected) in table {
        let auth = entry(&format!("  basic_auth: {block}\n")).auth;
        let Some(Auth::Basic { username, password }) = auth else { panic!("{block}: {auth:?}") };
        assert_eq!(format!("{} {}", shown(&username), shown(&password)), expected, "{block}");
    }
}

#[test]
fn authorization_and_the_older_bearer_token_are_one() {
    let table = [
        ("authorization: {credentials: c}", "Bearer inline:c"),
        ("authorization: {type: ' Token ', credentials_file: ssm:/c}", "Token ssm:/c"),
        ("authorization: {}", "Bearer inline:"),
        ("bearer_token: c", "Bearer inline:c"),
        ("bearer_token_file: c", "Bearer /etc/hostless/c"),
    ];
    for (block, expected) in table {
        let auth = entry(&format!("  {block}\n")).auth;
        let Some(Auth::Authorization { scheme, credentials }) = auth else {
            panic!("{block}: {auth:?}")
        };
        assert_eq!(format!("{scheme} {}", shown(&credentials)), expected, "{block}");
    }
}

const OAUTH2: &str = "
  oauth2:
    grant_type: client_credentials
    client_id: 5
    client_secret_file: ssm:/oauth
    token_url: https://user:hunter2@idp.example/token?x=hunter2
    scopes: [a, b]
    endpoint_params: {audience: all, password: hunter2}
    tls_config: {ca_file: ca.pem}
    proxy_url: http://proxy:3128
    proxy_connect_header: {x-a: [hunter2]}
";

#[test]
fn oauth2_has_its_own_tls_and_proxy() {
    let client = entry(OAUTH2);
    let Some(Auth::OAuth2(oauth2)) = &client.auth else { panic!("{client:?}") };
    assert_eq!(oauth2.client_id, "5");
    assert_eq!(oauth2.token_url.host_str(), Some("idp.example"));
    assert_eq!(oauth2.scopes, ["a", "b"]);
    let params: Vec<_> = oauth2
        .endpoint_params
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose_secret()))
        .collect();
    assert_eq!(params, [("audience", "all"), ("password", "hunter2")]);
    let Proxy::Url { url, no_proxy, connect_headers } = &oauth2.proxy else { panic!("no proxy") };
    assert_eq!((url.as_str(), no_proxy), ("http://proxy:3128/", &None));
    assert_eq!(connect_headers[0].name, "X-A");
    let secrets: Vec<String> = client.secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["ssm:/oauth", "/etc/hostless/ca.pem"]);
}

const REST: &str = "
  follow_redirects: no
  enable_http2: yes
  tls_config:
    ca: -----BEGIN CERTIFICATE-----
    cert_file: ssm:/cert
    key_file: ssm:/key
    server_name: example.com
    insecure_skip_verify: true
    min_version: TLS12
    max_version: TLS13
  proxy_url: http://user:hunter2@proxy:3128
  no_proxy: localhost,10.0.0.0/8
  proxy_connect_header:
    Proxy-Authorization: [hunter2]
  http_headers:
    x-scope-orgid: {values: [one], secrets: [hunter2], files: [ssm:/three]}
    A: {values: [1]}
";

#[test]
fn every_other_key_is_read() {
    let client = entry(REST);
    assert!(!client.follow_redirects && client.enable_http2);
    let Tls { ca, cert, key, server_name, insecure_skip_verify, min_version, max_version } =
        &client.tls;
    let pems: Vec<String> = [ca, cert, key].into_iter().flatten().map(shown).collect();
    assert_eq!(pems, ["inline:-----BEGIN CERTIFICATE-----", "ssm:/cert", "ssm:/key"]);
    assert_eq!(server_name.as_deref(), Some("example.com"));
    assert!(insecure_skip_verify);
    assert_eq!((*min_version, *max_version), (Some(TlsVersion::Tls12), Some(TlsVersion::Tls13)));
    let Proxy::Url { url, no_proxy, connect_headers } = &client.proxy else { panic!("no proxy") };
    assert_eq!(url.password(), Some("hunter2"));
    assert_eq!(no_proxy.as_deref(), Some("localhost,10.0.0.0/8"));
    assert_eq!(connect_headers[0].name, "Proxy-Authorization");
    let headers: Vec<_> = client
        .http_headers
        .iter()
        .map(|header| (header.name.as_str(), header.values.iter().map(shown).collect::<Vec<_>>()))
        .collect();
    let three = ["inline:one", "inline:hunter2", "ssm:/three"].map(str::to_owned).to_vec();
    assert_eq!(headers, [("A", vec!["inline:1".to_owned()]), ("X-Scope-Orgid", three)]);
    let secrets: Vec<String> = client.secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["ssm:/cert", "ssm:/key", "ssm:/three"]);
}

#[test]
fn headers_under_a_key_of_their_own_may_be_single_texts() {
    let body = "modules: {x-one: a, X-Two: [b, 5], X-Three: {values: [c], files: [ssm:/d]}, 'e f': g, Host: }";
    let (sections, mut findings) = read(&[document("f", body)]);
    let headers = Header::read_all(sections.get("modules").expect("a section"), &mut findings);
    let headers: Vec<_> = headers
        .iter()
        .map(|header| (header.name.as_str(), header.values.iter().map(shown).collect::<String>()))
        .collect();
    let expected = [
        ("Host", ""),
        ("X-One", "inline:a"),
        ("X-Three", "inline:cssm:/d"),
        ("X-Two", "inline:binline:5"),
    ];
    assert_eq!(headers, expected.map(|(name, values)| (name, values.to_owned())));
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(findings, ["f: modules[\"e f\"]: not a valid header name"]);
}

#[test]
fn a_tls_section_names_its_secret_places() {
    let references = |keys: &str| {
        let tls = entry(&format!("  tls_config: {keys}\n")).tls;
        tls.references().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        references("{ca: a, cert_file: ssm:/b, key_file: c}"),
        ["ssm:/b", "/etc/hostless/c"]
    );
    assert!(references("{ca: a}").is_empty());
}

#[test]
fn the_environment_may_name_the_proxy() {
    let client = entry("  proxy_from_environment: true\n  proxy_connect_header: {x-a: [b]}\n");
    let Proxy::Environment { connect_headers } = client.proxy else { panic!("no proxy") };
    assert_eq!(connect_headers[0].name, "X-A");
}

#[test]
fn nothing_of_it_prints_a_secret() {
    let blocks = [
        OAUTH2,
        REST,
        "  basic_auth: {username: u, password: hunter2}\n",
        "  bearer_token: hunter2\n",
        "  authorization: {credentials: hunter2}\n",
    ];
    for block in blocks {
        let shown = format!("{:?} {:#?}", entry(block), entry(block));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
