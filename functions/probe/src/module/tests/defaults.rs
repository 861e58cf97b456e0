//! What a module has that does not write it. There are two layers: of a module without the section, and of a section without
//! the key.

use config::{HttpClient, Proxy};
use dial::{Family, Preference};

use super::{prober, right};
use crate::module::{
    Body, Compression, Dns, Grpc, Http, Prober, RecordRules, Tcp, Transport, Websocket,
};

const IP6_FIRST: Preference = Preference { family: Family::V6, fallback: true };

fn sections(prober: &str) -> [String; 3] {
    [
        format!("{{prober: {prober}}}"),
        format!("{{prober: {prober}, {prober}: }}"),
        format!("{{prober: {prober}, {prober}: {{}}}}"),
    ]
}

#[test]
fn a_module_needs_nothing_but_its_prober() {
    let module = right("{prober: http}");
    assert_eq!(module.timeout, None);
    assert!(module.secrets().is_empty());
}

#[test]
fn http_has_defaults() {
    for section in sections("http") {
        let Http {
            valid_status_codes,
            valid_http_versions,
            preference,
            skip_resolve_phase_with_proxy,
            fail_if_ssl,
            fail_if_not_ssl,
            method,
            headers,
            fail_if_body_matches,
            fail_if_body_not_matches,
            fail_if_body_json_matches,
            fail_if_body_json_not_matches,
            fail_if_header_matches,
            fail_if_header_not_matches,
            body,
            compression,
            body_size_limit,
            client,
            tls: _,
        } = *prober!(Http, right(&section));
        assert!(valid_status_codes.is_empty() && valid_http_versions.is_empty());
        assert_eq!(preference, IP6_FIRST, "{section}");
        assert!(!skip_resolve_phase_with_proxy && !fail_if_ssl && !fail_if_not_ssl);
        assert_eq!((method.as_str(), headers.len()), ("GET", 0));
        assert!(fail_if_body_matches.is_empty() && fail_if_body_not_matches.is_empty());
        assert!(fail_if_body_json_matches.is_none() && fail_if_body_json_not_matches.is_none());
        assert!(fail_if_header_matches.is_empty() && fail_if_header_not_matches.is_empty());
        assert!(matches!(body, Body::None));
        assert_eq!((compression, body_size_limit), (Compression::None, None));
        let HttpClient { auth, tls, proxy, follow_redirects, enable_http2, http_headers } = client;
        assert!(auth.is_none() && http_headers.is_empty() && matches!(proxy, Proxy::Direct));
        assert!(follow_redirects && enable_http2);
        assert!(!tls.insecure_skip_verify && tls.server_name.is_none());
    }
}

#[test]
fn tcp_has_defaults() {
    for section in sections("tcp") {
        let Tcp { preference, has_source_address, query_response, is_tls, tls: _, has_server_name } =
            *prober!(Tcp, right(&section));
        assert_eq!(preference, IP6_FIRST, "{section}");
        assert!(!has_source_address && query_response.is_empty() && !is_tls && !has_server_name);
    }
}

#[test]
fn dns_has_defaults() {
    // With a section a name is needed.
    for (section, name) in [
        ("{prober: dns}", ""),
        ("{prober: dns, dns: }", ""),
        ("{prober: dns, dns: {query_name: a}}", "a"),
    ] {
        let Dns {
            preference,
            has_source_address,
            over_tls,
            tls: _,
            transport,
            query_class,
            query_name,
            query_type,
            recursion_desired,
            valid_rcodes,
            answer,
            authority,
            additional,
        } = *prober!(Dns, right(section));
        assert_eq!(preference, IP6_FIRST, "{section}");
        assert!(!has_source_address && !over_tls && recursion_desired && valid_rcodes.is_empty());
        assert_eq!(transport, Transport::Udp);
        assert_eq!((query_class, query_type), (1, 255), "IN, ANY");
        assert_eq!(query_name, name);
        for rules in [answer, authority, additional] {
            assert_eq!(rules, RecordRules::default());
        }
    }
}

#[test]
fn grpc_falls_back_only_where_its_section_is_written() {
    for (section, fallback) in sections("grpc").iter().zip([false, false, true]) {
        let Grpc { service, is_tls, tls: _, preference, metadata } = *prober!(Grpc, right(section));
        assert_eq!(preference, Preference { family: Family::V6, fallback }, "{section}");
        assert!(service.is_empty() && !is_tls && metadata.is_empty());
    }
}

#[test]
fn websocket_has_defaults() {
    for section in sections("websocket") {
        let Websocket { auth, headers, tls: _, query_response, preference } =
            *prober!(Websocket, right(&section));
        assert!(auth.is_none() && headers.is_empty() && query_response.is_empty());
        assert_eq!(preference, IP6_FIRST, "{section}");
    }
}

#[test]
fn what_lambda_cannot_do_says_so_and_stays() {
    let icmp = "warning: .prober: a Lambda function cannot send ICMP; probe the host over tcp, http or dns: probes with this \
                module fail as unsupported";
    let unix = "warning: .prober: a Lambda function has no neighbour behind a Unix socket; let the service listen on TCP, and \
                probe that: probes with this module fail as unsupported";
    for (name, expected) in [("icmp", icmp), ("unix", unix)] {
        for section in sections(name) {
            let (module, findings) = super::module(&section);
            assert_eq!(findings, [expected], "{section}");
            assert!(matches!(module.expect("a module").prober, Prober::Unsupported(_)));
        }
    }
}
