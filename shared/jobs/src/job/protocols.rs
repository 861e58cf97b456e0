//! `scrape_protocols` and `fallback_scrape_protocol`: how a page is asked for, and read where its type is unknown. Pages of
//! probes are made here, so that these keys are checked and nothing more.

use config::{Findings, Mapping};

/// In the order in which an error lists them.
const SUPPORTED: [&str; 5] = [
    "OpenMetricsText0.0.1",
    "OpenMetricsText1.0.0",
    "PrometheusProto",
    "PrometheusText0.0.4",
    "PrometheusText1.0.0",
];

/// Checks `scrape_protocols`; `whose` ends the error: `global config`.
pub(super) fn check_list(mapping: &mut Mapping<'_>, whose: &str, findings: &mut Findings) {
    let Some(node) = mapping.take("scrape_protocols") else {
        return;
    };
    let Some(protocols) = node.strings(findings) else {
        return;
    };
    if let Err(reason) = check(&protocols) {
        findings.error(node, format!("{reason} for {whose}"));
    }
}

/// Checks `fallback_scrape_protocol`.
pub(super) fn check_fallback(mapping: &mut Mapping<'_>, whose: &str, findings: &mut Findings) {
    let Some(node) = mapping.take("fallback_scrape_protocol") else {
        return;
    };
    let Some(protocol) = node.string(findings).filter(|protocol| !protocol.is_empty()) else {
        return;
    };
    if let Err(reason) = check_one(&protocol) {
        findings.error(node, format!("invalid fallback_scrape_protocol for {whose}: {reason}"));
    }
}

fn check(protocols: &[String]) -> Result<(), String> {
    if protocols.is_empty() {
        return Err("scrape_protocols cannot be empty".to_owned());
    }
    for (at, protocol) in protocols.iter().enumerate() {
        if protocols[..at].iter().any(|earlier| earlier.eq_ignore_ascii_case(protocol)) {
            let all = protocols.join(" ");
            return Err(format!("duplicated protocol in scrape_protocols, got [{all}]"));
        }
        check_one(protocol).map_err(|reason| format!("scrape_protocols: {reason}"))?;
    }
    Ok(())
}

fn check_one(protocol: &str) -> Result<(), String> {
    if SUPPORTED.contains(&protocol) {
        return Ok(());
    }
    let supported = SUPPORTED.join(" ");
    Err(format!("unknown scrape protocol {protocol}, supported: [{supported}]"))
}
