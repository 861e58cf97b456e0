//! Nothing of a module prints what may be a secret: passwords and tokens, but bodies, headers and dialogues as well.

use super::{module, read};

#[test]
fn a_module_prints_no_secret() {
    for section in [
        "{prober: http, http: {basic_auth: {username: u, password: hunter2}}}",
        "{prober: http, http: {bearer_token: hunter2}}",
        "{prober: http, http: {authorization: {credentials: hunter2}}}",
        "{prober: http, http: {headers: {Authorization: Bearer hunter2, Cookie: hunter2}}}",
        "{prober: http, http: {http_headers: {X-Key: {secrets: [hunter2], values: [hunter2]}}}}",
        "{prober: http, http: {body: hunter2}}",
        "{prober: http, http: {oauth2: {client_id: a, client_secret: hunter2, token_url: 'http://b', endpoint_params: {p: hunter2}}}}",
        "{prober: http, http: {proxy_url: 'http://u:hunter2@p', proxy_connect_header: {A: [hunter2]}}}",
        "{prober: http, http: {tls_config: {cert: hunter2, key: hunter2}}}",
        "{prober: tcp, tcp: {query_response: [{expect: a, send: hunter2}], tls_config: {cert: hunter2, key: hunter2}}}",
        "{prober: grpc, grpc: {metadata: {authorization: [Bearer hunter2]}}}",
        "{prober: websocket, websocket: {http_config: {basic_auth: {password: hunter2}}, headers: {A: hunter2}}}",
    ] {
        let (module, findings) = module(section);
        let module = module.unwrap_or_else(|| panic!("{section}: {findings:?}"));
        let shown = format!("{module:?} {module:#?} {findings:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn no_finding_shows_a_secret() {
    for section in [
        "{prober: http, http: {basic_auth: hunter2}}",
        "{prober: http, http: {bearer_token: [hunter2]}}",
        "{prober: http, http: {body: [hunter2], headers: hunter2}}",
        "{prober: http, http: {body: hunter2, body_file: /b}}",
        "{prober: http, http: {headers: {A: [hunter2]}}}",
        "{prober: tcp, tcp: {query_response: hunter2}}",
        "{prober: tcp, tcp: {query_response: [{send: [hunter2]}, hunter2]}}",
        "{prober: grpc, grpc: {metadata: {a: hunter2}}}",
        "{prober: websocket, websocket: {headers: hunter2}}",
        "{prober: websocket, websocket: {headers: {A: {values: hunter2}}}}",
    ] {
        let (module, findings) = module(section);
        assert!(module.is_none(), "{section}");
        assert!(!findings.is_empty() && !findings.concat().contains("hunter2"), "{findings:?}");
    }
}

#[test]
fn secrets_are_those_of_the_section_that_is_used() {
    let (modules, findings) = read(
        "modules: {m: {prober: tcp, tcp: {tls_config: {ca_file: ssm:/tcp}}, http: {bearer_token_file: ssm:/http}}}",
    );
    assert!(findings.is_empty(), "{findings:?}");
    let secrets: Vec<String> = modules["m"].secrets().iter().map(ToString::to_string).collect();
    assert_eq!(secrets, ["ssm:/tcp"]);
}
