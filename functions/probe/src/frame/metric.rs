//! Every metric that a probe can give, with blackbox_exporter's names and help texts. All are gauges.

/// A metric.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it says.
    pub(crate) help: &'static str,
}

const fn metric(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help }
}

pub(crate) const SUCCESS: Metric =
    metric("probe_success", "Displays whether or not the probe was a success");
pub(crate) const DURATION: Metric =
    metric("probe_duration_seconds", "Returns how long the probe took to complete in seconds");
pub(crate) const TIMEOUT: Metric =
    metric("probe_timeout_seconds", "Returns how long the probe timeout is in seconds");
pub(crate) const FAILURE_INFO: Metric =
    metric("probe_failure_info", "Why the probe failed, as a reason of a closed list");
pub(crate) const DNS_LOOKUP_TIME: Metric = metric(
    "probe_dns_lookup_time_seconds",
    "Returns the time taken for probe dns lookup in seconds",
);
pub(crate) const IP_PROTOCOL: Metric =
    metric("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6");
pub(crate) const IP_ADDR_HASH: Metric = metric(
    "probe_ip_addr_hash",
    "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
);
pub(crate) const FAILED_DUE_TO_REGEX: Metric =
    metric("probe_failed_due_to_regex", "Indicates if probe failed due to regex");
pub(crate) const FAILED_DUE_TO_BYTES: Metric =
    metric("probe_failed_due_to_bytes", "Indicates if probe failed due to bytes");
pub(crate) const FAILED_DUE_TO_CEL: Metric = metric(
    "probe_failed_due_to_cel",
    "Indicates if probe failed due to CEL expression not matching",
);
pub(crate) const EXPECT_INFO: Metric = metric("probe_expect_info", "Explicit content matched");
pub(crate) const HTTP_DURATION: Metric = metric(
    "probe_http_duration_seconds",
    "Duration of http request by phase, summed over all redirects",
);
pub(crate) const HTTP_CONTENT_LENGTH: Metric =
    metric("probe_http_content_length", "Length of http content response");
pub(crate) const HTTP_UNCOMPRESSED_BODY_LENGTH: Metric =
    metric("probe_http_uncompressed_body_length", "Length of uncompressed response body");
pub(crate) const HTTP_REDIRECTS: Metric = metric("probe_http_redirects", "The number of redirects");
pub(crate) const HTTP_SSL: Metric =
    metric("probe_http_ssl", "Indicates if SSL was used for the final redirect");
pub(crate) const HTTP_STATUS_CODE: Metric =
    metric("probe_http_status_code", "Response HTTP status code");
pub(crate) const HTTP_VERSION: Metric =
    metric("probe_http_version", "Returns the version of HTTP of the probe response");
pub(crate) const HTTP_LAST_MODIFIED: Metric = metric(
    "probe_http_last_modified_timestamp_seconds",
    "Returns the Last-Modified HTTP response header in unixtime",
);
pub(crate) const SSL_EARLIEST_CERT_EXPIRY: Metric =
    metric("probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime");
pub(crate) const SSL_LAST_CHAIN_EXPIRY: Metric = metric(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Returns last SSL chain expiry in timestamp",
);
pub(crate) const SSL_LAST_CHAIN_INFO: Metric =
    metric("probe_ssl_last_chain_info", "Contains SSL leaf certificate information");
pub(crate) const TLS_VERSION_INFO: Metric =
    metric("probe_tls_version_info", "Returns the TLS version used or NaN when unknown");
pub(crate) const TLS_CIPHER_INFO: Metric =
    metric("probe_tls_cipher_info", "Returns the TLS cipher negotiated during handshake");
pub(crate) const DNS_DURATION: Metric =
    metric("probe_dns_duration_seconds", "Duration of DNS request by phase");
pub(crate) const DNS_ANSWER_RRS: Metric =
    metric("probe_dns_answer_rrs", "Returns number of entries in the answer resource record list");
pub(crate) const DNS_AUTHORITY_RRS: Metric = metric(
    "probe_dns_authority_rrs",
    "Returns number of entries in the authority resource record list",
);
pub(crate) const DNS_ADDITIONAL_RRS: Metric = metric(
    "probe_dns_additional_rrs",
    "Returns number of entries in the additional resource record list",
);
pub(crate) const DNS_QUERY_SUCCEEDED: Metric = metric(
    "probe_dns_query_succeeded",
    "Displays whether or not the query was executed successfully",
);
pub(crate) const DNS_SERIAL: Metric =
    metric("probe_dns_serial", "Returns the serial number of the zone");
pub(crate) const GRPC_DURATION: Metric =
    metric("probe_grpc_duration_seconds", "Duration of gRPC request by phase");
pub(crate) const GRPC_SSL: Metric =
    metric("probe_grpc_ssl", "Indicates if SSL was used for the connection");
pub(crate) const GRPC_STATUS_CODE: Metric =
    metric("probe_grpc_status_code", "Response gRPC status code");
pub(crate) const GRPC_HEALTHCHECK_RESPONSE: Metric =
    metric("probe_grpc_healthcheck_response", "Response HealthCheck response");
pub(crate) const WEBSOCKET_DURATION: Metric =
    metric("probe_websocket_duration_seconds", "Duration of websocket request by phase");
pub(crate) const WEBSOCKET_STATUS_CODE: Metric =
    metric("probe_websocket_status_code", "Response HTTP status code");
pub(crate) const WEBSOCKET_UPGRADED: Metric = metric(
    "probe_websocket_connection_upgraded",
    "Indicates if the websocket connection was successfully upgraded",
);
pub(crate) const WEBSOCKET_FAILED_DUE_TO_REGEX: Metric =
    metric("probe_websocket_failed_due_to_regex", "Indicates if probe failed due to regex");
