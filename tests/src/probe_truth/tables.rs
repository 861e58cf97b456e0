//! The series of each kind of target, and what is known of their values.

use super::{ANY, Conduct, Row};

/// When the certificates of a [`Conduct::SecurePage`] end, in seconds since the epoch: 2099-01-01T00:00:00Z, longer
/// than any test is going to run.
pub const CERTIFICATES_END: u64 = 4_070_908_800;

/// A metric of a [`Conduct::SecurePage`] whose labels nobody knows beforehand: the job drops it. Prometheus counts it as
/// scraped all the same.
pub const DROPPED: &str = "probe_ssl_last_chain_info";

/// The length of the emulated site's page.
const PAGE: f64 = 57.0;

/// The address 127.0.0.1, by FNV-1a.
const LOOPBACK: f64 = 3_668_918_509.0;

/// What a probe leaves that took its course.
pub(super) fn undisturbed(conduct: Conduct) -> Vec<Row> {
    let timeout = conduct.timeout_seconds();
    let (failure, own) = match conduct {
        Conduct::Page => (None, page(200.0, 1.1)),
        Conduct::SecurePage => (None, secure_page()),
        Conduct::Listens => (None, dialogue()),
        Conduct::SaysNothing => (Some("timeout"), dialogue()),
        Conduct::Answers => (None, answers()),
        Conduct::NobodyThere => (Some("connect"), no_page()),
    };
    let mut rows = of_all(if failure.is_none() { 1.0 } else { 0.0 }, timeout);
    rows.extend(failure.map(failed));
    rows.extend(of_address());
    rows.extend(own);
    let stored = rows.len() as f64;
    let dropped = if conduct == Conduct::SecurePage { 1.0 } else { 0.0 };
    rows.extend(of_scrape(stored + dropped, stored));
    rows
}

/// What is there however a probe ends.
pub(super) fn in_any_case() -> Vec<Row> {
    let rows = of_all(ANY, ANY).into_iter();
    rows.chain(of_scrape(ANY, ANY)).collect()
}

/// Why a probe failed.
pub(super) fn failed(reason: &'static str) -> Row {
    Row("probe_failure_info", Some(("reason", reason)), "", 1.0)
}

impl Conduct {
    /// What a probe is given, in seconds.
    pub fn timeout_seconds(self) -> f64 {
        match self {
            // It is waited for to the end each time.
            Self::SaysNothing => 1.0,
            _ => 4.0,
        }
    }
}

fn of_all(success: f64, timeout: f64) -> Vec<Row> {
    vec![
        Row("probe_success", None, "success", success),
        Row("probe_duration_seconds", None, "duration", ANY),
        Row("probe_timeout_seconds", None, "", timeout),
    ]
}

fn of_address() -> [Row; 3] {
    [
        Row("probe_dns_lookup_time_seconds", None, "dns_lookup", ANY),
        Row("probe_ip_protocol", None, "", 4.0),
        Row("probe_ip_addr_hash", None, "", LOOPBACK),
    ]
}

fn of_scrape(scraped: f64, stored: f64) -> [Row; 5] {
    [
        Row("up", None, "", 1.0),
        Row("scrape_duration_seconds", None, "", ANY),
        Row("scrape_samples_scraped", None, "", scraped),
        Row("scrape_samples_post_metric_relabeling", None, "", stored),
        // All of them after a cold start, and none otherwise.
        Row("scrape_series_added", None, "", ANY),
    ]
}

/// An answer over HTTP, without redirects and without TLS.
fn page(status: f64, version: f64) -> Vec<Row> {
    let length = if status > 0.0 { PAGE } else { 0.0 };
    let took = if status > 0.0 { ANY } else { 0.0 };
    vec![
        Row("probe_failed_due_to_regex", None, "", 0.0),
        Row("probe_http_status_code", None, "http_status_code", status),
        Row("probe_http_version", None, "", version),
        Row("probe_http_ssl", None, "", 0.0),
        Row("probe_http_redirects", None, "http_redirects", 0.0),
        Row("probe_http_content_length", None, "http_content_length", length),
        Row("probe_http_uncompressed_body_length", None, "http_body_length", length),
        Row(HTTP_PHASES, Some(("phase", "resolve")), "http.resolve", ANY),
        Row(HTTP_PHASES, Some(("phase", "connect")), "http.connect", took),
        Row(HTTP_PHASES, Some(("phase", "tls")), "http.tls", 0.0),
        Row(HTTP_PHASES, Some(("phase", "processing")), "http.processing", took),
        Row(HTTP_PHASES, Some(("phase", "transfer")), "http.transfer", took),
    ]
}

const HTTP_PHASES: &str = "probe_http_duration_seconds";

fn no_page() -> Vec<Row> {
    page(0.0, 0.0)
}

fn secure_page() -> Vec<Row> {
    let end = CERTIFICATES_END as f64;
    let secured = |row: Row| match row {
        Row("probe_http_ssl", own, short, _) => Row("probe_http_ssl", own, short, 1.0),
        Row(metric, own @ Some((_, "tls")), short, _) => Row(metric, own, short, ANY),
        other => other,
    };
    let of_session = [
        Row("probe_tls_version_info", Some(("version", "TLS 1.3")), "", 1.0),
        Row("probe_tls_cipher_info", Some(("cipher", "TLS_AES_256_GCM_SHA384")), "", 1.0),
        Row("probe_ssl_earliest_cert_expiry", None, "cert_days", end),
        Row("probe_ssl_last_chain_expiry_timestamp_seconds", None, "", end),
    ];
    page(200.0, 1.1).into_iter().map(secured).chain(of_session).collect()
}

/// Over TCP, once there is a connection.
fn dialogue() -> Vec<Row> {
    vec![
        Row("probe_failed_due_to_regex", None, "", 0.0),
        Row("probe_failed_due_to_bytes", None, "", 0.0),
    ]
}

fn answers() -> Vec<Row> {
    const PHASES: &str = "probe_dns_duration_seconds";
    vec![
        Row("probe_dns_query_succeeded", None, "", 1.0),
        Row("probe_dns_answer_rrs", None, "dns_answer_rrs", 1.0),
        Row("probe_dns_authority_rrs", None, "", 0.0),
        Row("probe_dns_additional_rrs", None, "", 0.0),
        Row(PHASES, Some(("phase", "resolve")), "dns.resolve", ANY),
        Row(PHASES, Some(("phase", "connect")), "dns.connect", ANY),
        Row(PHASES, Some(("phase", "request")), "dns.request", ANY),
    ]
}
