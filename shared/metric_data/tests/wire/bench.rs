//! An emulated CloudWatch, a client for it, and the truth to compare with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws::{Aws, Calls};
use aws_sdk_cloudwatch::Client;
use clock::{Budget, Clock};
use emulators::aws::{AwsEmulator, Options};
use emulators::faults::{Fault, Rule};
use emulators::traffic::{DEFAULT_METRICS, Fleet};
use metric_data::{Answer, Fetched, Limiter, Metric, Query, Statistic, fetch};
use series::{Sample, Timestamp, Window};

pub(crate) const GET: &str = "cloudwatch:GetMetricData";
pub(crate) const LIST: &str = "cloudwatch:ListMetrics";
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// 2026-11-20T09:26:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);

pub(crate) struct Bench {
    pub(crate) emulator: AwsEmulator,
    pub(crate) client: Client,
    pub(crate) calls: Calls,
    pub(crate) limiter: Limiter,
}

impl Bench {
    pub(crate) async fn start(fleet: Fleet) -> Self {
        let options = Options { fleet, now: Some(NOW.as_secs()), ..Options::default() };
        let emulator = AwsEmulator::start(options);
        let variables: BTreeMap<String, String> = emulator.environment().into_iter().collect();
        let environment = |name: &str| variables.get(name).cloned();
        let http = http::Factory::new(&environment).expect("a client without trust roots");
        // Signatures are checked against real time.
        let aws = Aws::load(http.sdk_client(), Clock::System, &environment).await;
        // CloudFront's metrics live in us-east-1 only.
        let config = aws_sdk_cloudwatch::config::Builder::from(&aws.in_region("us-east-1"));
        let client = Client::from_conf(config.interceptor(aws.counter()).build());
        Self { emulator, client, calls: aws.calls().clone(), limiter: Limiter::new(NOW) }
    }

    pub(crate) fn script(&self, operation: &str, fault: Fault) -> Script<'_> {
        Script(self, Rule::on(operation, fault))
    }

    pub(crate) async fn fetch(&self, queries: &[Query], window: Window) -> Fetched {
        let fetched = self.fetch_within(queries, window, Duration::from_secs(60)).await;
        self.assert_counted();
        fetched
    }

    /// Where the budget ends a call, it may be counted before it is seen.
    pub(crate) async fn fetch_within(
        &self,
        queries: &[Query],
        window: Window,
        time: Duration,
    ) -> Fetched {
        let budget = Budget::starting_now(time);
        let fetched = fetch(&self.client, queries, window, &self.limiter, &budget).await;
        assert_eq!(fetched.answers.len(), queries.len());
        fetched
    }

    /// How often `operation` went over the wire.
    pub(crate) fn count(&self, operation: &str) -> u64 {
        self.calls.snapshot().get(operation).copied().unwrap_or(0)
    }

    /// What the client counts is what the emulator saw.
    fn assert_counted(&self) {
        assert_eq!(self.calls.snapshot(), self.emulator.call_log().counts());
    }

    /// What CloudWatch has for a one-minute query.
    pub(crate) fn truth(&self, query: &Query, window: Window) -> Answer {
        let id = &query.metric.dimensions[0].1;
        let window = window.from.as_secs()..window.to.as_secs();
        let statistic = query.statistic.as_str();
        let points = self.emulator.expected(id, &query.metric.name, statistic, window);
        let sample = |(at, value)| Sample { at: Timestamp::from_secs(at), value };
        Answer::Complete(points.into_iter().map(sample).collect())
    }

    pub(crate) fn truths(&self, queries: &[Query], window: Window) -> Vec<Answer> {
        queries.iter().map(|query| self.truth(query, window)).collect()
    }
}

/// A rule that is about to be pushed.
pub(crate) struct Script<'a>(&'a Bench, Rule);

impl Script<'_> {
    pub(crate) fn once(self) {
        self.times(1);
    }

    pub(crate) fn times(self, times: u32) {
        self.0.emulator.faults().push(self.1.times(times));
    }

    pub(crate) fn forever(self) {
        self.0.emulator.faults().push(self.1.forever());
    }
}

/// The last settled minutes.
pub(crate) fn last_minutes(minutes: u32) -> Window {
    let to = NOW - MINUTE * 2;
    Window::new(to - MINUTE * minutes, to)
}

pub(crate) fn query(distribution: &str, metric: &str, statistic: &str) -> Query {
    let dimensions = [("DistributionId", distribution), ("Region", "Global")];
    let metric = Metric {
        namespace: "AWS/CloudFront".to_owned(),
        name: metric.to_owned(),
        dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    let statistic: Statistic = statistic.parse().expect("a statistic");
    Query { metric: Arc::new(metric), statistic, period: MINUTE }
}

/// The default metrics of every distribution of the fleet: six queries each.
pub(crate) fn default_queries(fleet: &Fleet) -> Vec<Query> {
    let of = |id: &str| {
        let id = id.to_owned();
        DEFAULT_METRICS.into_iter().map(move |metric| {
            let statistic = if metric.ends_with("Rate") { "Average" } else { "Sum" };
            query(&id, metric, statistic)
        })
    };
    fleet.distributions.iter().flat_map(|distribution| of(&distribution.id)).collect()
}

pub(crate) fn messages(errors: &[series::SourceError]) -> Vec<&str> {
    errors.iter().map(|error| error.message.as_str()).collect()
}

pub(crate) fn complete(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| matches!(answer, Answer::Complete(_))).count()
}
