//! Misbehaviour by script, and the log of what was called.
//!
//! Tests push [`Rule`]s; every emulator asks [`Faults::next`] once for each call, under the name
//! `service:Operation` (`cloudwatch:GetMetricData`, `s3:PutObject`, `remote_write:Write`,
//! `mackerel:PostServiceMetrics`). The rules know neither protocols nor services: how a throttled
//! call looks on the wire is the emulator's business.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What goes wrong with one call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The service's own "slow down" (CloudWatch: 400 `Throttling`, S3: 503 `SlowDown`).
    Throttle,
    /// This HTTP status and body.
    Status(u16, String),
    /// GetMetricData: these queries get the older half of their points, with `PartialData` and no
    /// token to go on with.
    PartialData(Affected),
    /// GetMetricData: these queries get no points, with `InternalError` and a message.
    InternalError(Affected),
    /// GetMetricData: these queries get no points, with `Forbidden` and a message.
    Forbidden(Affected),
    /// A page after the first is answered with 500. First pages pass, and do not use the rule up.
    DropPage,
    /// The answer comes this much later.
    Delay(Duration),
    /// The connection is closed without an answer, and nothing was done.
    CutConnection,
    /// The call is carried out, then the connection is closed without an answer.
    CutAfter,
    /// GetMetricData: points younger than this (from the end of their period) are not there yet.
    LateData(Duration),
    /// The service does not know the caller's key.
    WrongKey,
    /// Receivers: this status, these headers (`retry-after`, `location`) and this body; nothing was
    /// done.
    Answer(u16, Vec<(String, String)>, String),
    /// Receivers: the call is carried out, and the body of its answer has this many bytes. AWS: nothing is done, and the
    /// answer, a success, has such a body.
    LongBody(usize),
    /// Receivers: the call is carried out, and the connection closes in the middle of the answer's
    /// body.
    CutInBody,
    /// Receivers: nothing is done, and no answer ever comes.
    Hang,
    /// AWS: the service's own "not authorized".
    AccessDenied,
    /// S3: a conditional write loses a race with another writer (409 `ConditionalRequestConflict`).
    Conflict,
}

/// Which queries of a GetMetricData call a fault hits.
#[derive(Debug, Clone, PartialEq)]
pub enum Affected {
    /// Every query.
    All,
    /// The first ⌈share × n⌉ queries of the call.
    Share(f64),
    /// The queries with these ids.
    Ids(Vec<String>),
    /// The queries whose metric name, or one of whose dimension values, is this.
    Metric(String),
}

/// One line of the script.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `service:Operation`, or a prefix of it (`cloudwatch:`; empty: everything).
    pub operation: String,
    /// How many matching calls are left alone first.
    pub skip: u32,
    /// How many calls are hit after that; `None`: all.
    pub times: Option<u32>,
    /// What happens to them.
    pub fault: Fault,
    /// Only calls made as this account; `None`: whoever calls.
    pub account: Option<String>,
    /// Only calls that are signed for this region; `None`: for any.
    pub region: Option<String>,
    /// Only calls about this resource; `None`: about any. ECS: the short name of a cluster.
    pub resource: Option<String>,
}

impl Rule {
    /// Hits the next call of `operation`, once.
    #[must_use]
    pub fn on(operation: impl Into<String>, fault: Fault) -> Self {
        Self {
            operation: operation.into(),
            skip: 0,
            times: Some(1),
            fault,
            account: None,
            region: None,
            resource: None,
        }
    }

    /// Hits this many calls.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Hits every call until the script is cleared.
    #[must_use]
    pub fn forever(self) -> Self {
        Self { times: None, ..self }
    }

    /// Lets this many matching calls pass first.
    #[must_use]
    pub fn skip(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// Hits only calls that are made as this account.
    #[must_use]
    pub fn in_account(self, account: impl Into<String>) -> Self {
        Self { account: Some(account.into()), ..self }
    }

    /// Hits only calls that are signed for this region.
    #[must_use]
    pub fn in_region(self, region: impl Into<String>) -> Self {
        Self { region: Some(region.into()), ..self }
    }

    /// Hits only calls that are about this resource.
    #[must_use]
    pub fn about(self, resource: impl Into<String>) -> Self {
        Self { resource: Some(resource.into()), ..self }
    }

    fn matches(&self, attempt: Attempt<'_>) -> bool {
        attempt.operation.starts_with(&self.operation)
            && self.account.as_deref().is_none_or(|account| account == attempt.account)
            && self.region.as_deref().is_none_or(|region| region == attempt.region)
            && self.resource.as_ref().is_none_or(|resource| attempt.resources.contains(resource))
            && (attempt.is_later_page || self.fault != Fault::DropPage)
    }
}

/// A call, as the script sees it.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// `service:Operation`.
    pub operation: &'a str,
    /// The account of the caller, where the protocol has one.
    pub account: &'a str,
    /// The region of the signature, where there is one.
    pub region: &'a str,
    /// What the call is about, where the emulator knows it.
    pub resources: &'a [String],
    /// Whether the call carries a token or marker from an earlier page.
    pub is_later_page: bool,
}

impl<'a> Attempt<'a> {
    /// A call of a service that has neither accounts nor regions nor pages.
    #[must_use]
    pub fn of(operation: &'a str) -> Self {
        Self { operation, account: "", region: "", resources: &[], is_later_page: false }
    }
}

/// The script, shared between a test and its emulators; clones are the same script.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Rule>>>,
}

impl Faults {
    /// Adds a rule after those that are there.
    pub fn push(&self, rule: Rule) {
        locked(&self.rules).push(rule);
    }

    /// Ends all misbehaviour.
    pub fn clear(&self) {
        locked(&self.rules).clear();
    }

    /// The rules that have not run out, in order: a test can assert that its script was played to
    /// the end.
    #[must_use]
    pub fn pending(&self) -> Vec<Rule> {
        locked(&self.rules).clone()
    }

    /// What shall go wrong with this call: the first rule that matches decides (a rule that still
    /// skips lets the call through), and is used up by it.
    #[must_use]
    pub fn next(&self, attempt: Attempt<'_>) -> Option<Fault> {
        let mut rules = locked(&self.rules);
        let index = rules.iter().position(|rule| rule.matches(attempt))?;
        let rule = &mut rules[index];
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        let fault = rule.fault.clone();
        if let Some(left) = &mut rule.times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                rules.remove(index);
            }
        }
        Some(fault)
    }
}

/// A call that reached an emulator, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `cloudwatch`, `cloudfront`, `ssm`, `sts`, `s3`, ….
    pub service: String,
    /// The operation's name in the service's model.
    pub operation: String,
    /// The region of the signature's credential scope.
    pub region: String,
    /// The account whose key signed the call; empty where the signature was refused.
    pub account: String,
    /// What the call names, as the client wrote it: `bucket/key`, `bucket/prefix`, parameters, ARNs; nothing where
    /// the operation knows no resources.
    pub names: Vec<String>,
    /// Real time, in seconds since the epoch.
    pub at: i64,
}

/// The log of calls; clones are the same log.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    log: Arc<Mutex<Vec<Call>>>,
}

impl Calls {
    /// Writes a call down.
    pub fn record(&self, call: Call) {
        locked(&self.log).push(call);
    }

    /// All calls, in the order of their arrival.
    #[must_use]
    pub fn all(&self) -> Vec<Call> {
        locked(&self.log).clone()
    }

    /// How often each `service:Operation` was called, as the report's `api_calls` says it.
    #[must_use]
    pub fn counts(&self) -> std::collections::BTreeMap<String, u64> {
        let mut counts = std::collections::BTreeMap::new();
        for call in locked(&self.log).iter() {
            *counts.entry(format!("{}:{}", call.service, call.operation)).or_default() += 1;
        }
        counts
    }

    /// How often this `service:Operation` was called.
    #[must_use]
    pub fn count(&self, operation: &str) -> u64 {
        self.counts().get(operation).copied().unwrap_or(0)
    }

    /// Forgets the calls so far.
    pub fn clear(&self) {
        locked(&self.log).clear();
    }
}

/// A test that panicked while it held the lock has failed already; the others still want their
/// data.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "cloudwatch:GetMetricData";

    fn next(faults: &Faults, operation: &str) -> Option<Fault> {
        faults.next(Attempt::of(operation))
    }

    #[test]
    fn a_rule_skips_hits_and_runs_out() {
        let faults = Faults::default();
        faults.push(Rule::on(GET, Fault::Throttle).skip(1).times(2));
        assert_eq!(next(&faults, "ssm:GetParameter"), None, "another operation is not counted");
        let seen: Vec<bool> = (0..4).map(|_| next(&faults, GET).is_some()).collect();
        assert_eq!(seen, [false, true, true, false]);
        assert!(faults.pending().is_empty());
    }

    #[test]
    fn a_prefix_hits_a_whole_service_until_cleared() {
        let faults = Faults::default();
        faults.push(Rule::on("s3:", Fault::CutConnection).forever());
        assert_eq!(next(&faults, "s3:PutObject"), Some(Fault::CutConnection));
        assert_eq!(next(&faults, "s3:GetObject"), Some(Fault::CutConnection));
        faults.clear();
        assert_eq!(next(&faults, "s3:GetObject"), None);
    }

    #[test]
    fn a_dropped_page_waits_for_a_later_page() {
        let faults = Faults::default();
        faults.push(Rule::on(GET, Fault::DropPage));
        assert_eq!(next(&faults, GET), None);
        let later = Attempt { is_later_page: true, ..Attempt::of(GET) };
        assert_eq!(faults.next(later), Some(Fault::DropPage));
    }

    #[test]
    fn a_rule_for_an_account_leaves_the_others_alone() {
        let faults = Faults::default();
        faults.push(Rule::on("", Fault::WrongKey).in_account("222222222222"));
        assert_eq!(next(&faults, GET), None);
        let other = Attempt { account: "222222222222", ..Attempt::of(GET) };
        assert_eq!(faults.next(other), Some(Fault::WrongKey));
    }

    #[test]
    fn a_rule_about_a_resource_in_a_region_leaves_the_others_alone() {
        let faults = Faults::default();
        faults.push(
            Rule::on("ecs:", Fault::AccessDenied).in_region("eu-west-1").about("web").forever(),
        );
        let [web, batch] = ["web", "batch"].map(str::to_owned);
        let cases = [
            ("eu-west-1", vec![web.clone()], true),
            ("eu-west-1", vec![batch.clone(), web.clone()], true),
            ("eu-west-1", vec![batch], false),
            ("us-east-1", vec![web], false),
        ];
        for (region, resources, is_hit) in cases {
            let attempt =
                Attempt { region, resources: &resources, ..Attempt::of("ecs:DescribeClusters") };
            assert_eq!(faults.next(attempt).is_some(), is_hit, "{region} {resources:?}");
        }
    }

    #[test]
    fn calls_are_counted_by_name() {
        let calls = Calls::default();
        for operation in ["GetMetricData", "ListMetrics", "GetMetricData"] {
            calls.record(Call {
                service: "cloudwatch".into(),
                operation: operation.into(),
                region: "us-east-1".into(),
                account: "1".into(),
                names: Vec::new(),
                at: 0,
            });
        }
        assert_eq!(calls.count(GET), 2);
        assert_eq!(calls.counts().len(), 2);
    }
}
