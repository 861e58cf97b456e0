//! `catch_up` and `reread`: the terms on which a sink takes data, the same two keys for all.

use std::time::Duration;

use config::{Findings, Mapping};

/// Takes both keys; what is absent or wrong comes out as the default.
pub(crate) fn take(
    block: &mut Mapping<'_>,
    catch_up: Duration,
    reread: Duration,
    findings: &mut Findings,
) -> (Duration, Duration) {
    let catch_up = block
        .take("catch_up")
        .and_then(|node| node.positive_duration(findings))
        .unwrap_or(catch_up);
    let node = block.take("reread");
    let reread = node.and_then(|node| node.duration(findings)).unwrap_or(reread.min(catch_up));
    if let Some(node) = node.filter(|_| reread > catch_up) {
        findings.error(node, "must not be longer than catch_up");
    }
    (catch_up, reread)
}
