//! `preferred_ip_protocol` and `ip_protocol_fallback`.

use dial::{Family, Preference};

/// The original takes every text but "ip6" and "" for IPv4.
pub(crate) fn preference(preferred: &str, fallback: bool) -> Preference {
    let family = if matches!(preferred, "" | "ip6") { Family::V6 } else { Family::V4 };
    Preference { family, fallback }
}
