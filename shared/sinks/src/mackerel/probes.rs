//! What of a probe goes to Mackerel, and as what. Pure.
//!
//! Each metric of a service is paid for, and a probe has more than twenty. So only what is watched or drawn has a default
//! name; everything else goes where a rule names it. A metric is known by its name without `probe_`; the value of its label,
//! where it has one (a phase), follows after a dot: `http_duration_seconds.connect`.

use series::Sample;

use super::rules::segment;

const SECONDS_A_DAY: f64 = 86_400.0;

/// Metrics that have a default name, and what stands there between `probe` and the resource. A `.` at the end of both is
/// followed by the label's value.
const NAMES: [(&str, &str); 15] = [
    ("success", "success"),
    ("duration_seconds", "duration"),
    ("dns_lookup_time_seconds", "dns_lookup"),
    ("http_duration_seconds.", "http."),
    ("http_status_code", "http_status_code"),
    ("http_content_length", "http_content_length"),
    ("http_uncompressed_body_length", "http_body_length"),
    ("http_redirects", "http_redirects"),
    ("ssl_earliest_cert_expiry", "cert_days"),
    ("dns_duration_seconds.", "dns."),
    ("dns_answer_rrs", "dns_answer_rrs"),
    ("grpc_duration_seconds.", "grpc."),
    ("grpc_status_code", "grpc_status_code"),
    ("websocket_duration_seconds.", "websocket."),
    ("websocket_status_code", "websocket_status_code"),
];

/// The end of a certificate's validity: a time, of which Mackerel's graphs and monitors can make nothing. There it is the
/// days that are left.
const EXPIRIES: [&str; 2] = ["ssl_earliest_cert_expiry", "ssl_last_chain_expiry_timestamp_seconds"];

/// What stands in a default name for a metric; none where it has no default name.
pub(super) fn default_metric(metric: &str) -> Option<String> {
    NAMES.iter().find_map(|(known, name)| {
        let rest = metric.strip_prefix(known)?;
        match known.ends_with('.') {
            true => Some(format!("{name}{}", segment(rest))),
            false => rest.is_empty().then(|| (*name).to_owned()),
        }
    })
}

/// The value as Mackerel is to have it.
pub(super) fn value(metric: &str, sample: &Sample) -> f64 {
    match EXPIRIES.contains(&metric) {
        true => (sample.value - sample.at.as_millis() as f64 / 1000.0) / SECONDS_A_DAY,
        false => sample.value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use series::Timestamp;

    #[test]
    fn what_is_watched_or_drawn_has_a_name() {
        for (metric, name) in [
            ("success", Some("success")),
            ("duration_seconds", Some("duration")),
            ("http_duration_seconds.connect", Some("http.connect")),
            ("http_duration_seconds.a.b", Some("http.a_b")),
            ("grpc_duration_seconds.check", Some("grpc.check")),
            ("ssl_earliest_cert_expiry", Some("cert_days")),
            ("ssl_last_chain_expiry_timestamp_seconds", None),
            ("success_or_not", None),
            ("ip_addr_hash", None),
            ("grpc_healthcheck_response.SERVING", None),
        ] {
            assert_eq!(default_metric(metric).as_deref(), name, "{metric}");
        }
    }

    #[test]
    fn an_expiry_is_the_days_that_are_left_at_the_time_of_the_sample() {
        let at = Timestamp::from_secs(1_795_166_760);
        let sample = |value: f64| Sample { at, value };
        let ends = sample(at.as_secs() as f64 + 29.5 * SECONDS_A_DAY);
        assert_eq!(value("ssl_earliest_cert_expiry", &ends), 29.5);
        let ended = sample(at.as_secs() as f64 - SECONDS_A_DAY);
        assert_eq!(value("ssl_last_chain_expiry_timestamp_seconds", &ended), -1.0);
        assert_eq!(value("duration_seconds", &sample(0.25)), 0.25);
    }
}
