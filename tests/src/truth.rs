//! What must have arrived, worked out from the emulated distributions alone, and how a sink differs from it.
//!
//! The names are written down here by hand: a wrong name in the product is then a difference, and not one mistake made
//! twice.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use emulators::receivers::remote_write::Request;
use emulators::traffic::Distribution;

use crate::world::{World, minute};

/// CloudWatch's metric and statistic, the series in Prometheus, the metric in Mackerel.
const NAMES: [(&str, &str, &str, &str); 16] = [
    ("Requests", "Sum", "aws_cloudfront_requests_sum", "requests"),
    ("BytesDownloaded", "Sum", "aws_cloudfront_bytes_downloaded_sum", "bytes_downloaded"),
    ("BytesUploaded", "Sum", "aws_cloudfront_bytes_uploaded_sum", "bytes_uploaded"),
    ("4xxErrorRate", "Average", "aws_cloudfront_4xx_error_rate_average", "4xx_error_rate"),
    ("5xxErrorRate", "Average", "aws_cloudfront_5xx_error_rate_average", "5xx_error_rate"),
    ("TotalErrorRate", "Average", "aws_cloudfront_total_error_rate_average", "total_error_rate"),
    ("CacheHitRate", "Average", "aws_cloudfront_cache_hit_rate_average", "cache_hit_rate"),
    ("OriginLatency", "p50", "aws_cloudfront_origin_latency_p50", "origin_latency_p50"),
    ("OriginLatency", "p90", "aws_cloudfront_origin_latency_p90", "origin_latency_p90"),
    ("OriginLatency", "p99", "aws_cloudfront_origin_latency_p99", "origin_latency_p99"),
    ("401ErrorRate", "Average", "aws_cloudfront_401_error_rate_average", "401_error_rate"),
    ("403ErrorRate", "Average", "aws_cloudfront_403_error_rate_average", "403_error_rate"),
    ("404ErrorRate", "Average", "aws_cloudfront_404_error_rate_average", "404_error_rate"),
    ("502ErrorRate", "Average", "aws_cloudfront_502_error_rate_average", "502_error_rate"),
    ("503ErrorRate", "Average", "aws_cloudfront_503_error_rate_average", "503_error_rate"),
    ("504ErrorRate", "Average", "aws_cloudfront_504_error_rate_average", "504_error_rate"),
];

/// Values by time in seconds since the epoch.
pub type Points = BTreeMap<i64, f64>;

/// Everything that one kind of sink is to hold, or holds, by the name of the series.
pub type Holding = BTreeMap<String, Points>;

impl World {
    /// What remote write is to hold of these minutes, by `metric{distribution}`.
    pub fn due_to_remote_write(&self, minutes: Range<i64>) -> Holding {
        self.due(minutes, in_remote_write)
    }

    /// What Mackerel is to hold of these minutes, by default name.
    pub fn due_to_mackerel(&self, minutes: Range<i64>) -> Holding {
        self.due(minutes, in_mackerel)
    }

    /// The key by which the state knows the query behind each series, by the name that either sink holds it under.
    pub fn queries(&self) -> BTreeMap<String, String> {
        let fleet = self.aws.fleet();
        let rows = fleet.distributions.iter().flat_map(|distribution| {
            NAMES.iter().flat_map(move |(metric, statistic, series, short)| {
                let dimensions = format!("DistributionId={},Region=Global", distribution.id);
                let key = format!("AWS/CloudFront|{metric}|{dimensions}|{statistic}");
                let names = [in_remote_write, in_mackerel];
                names.map(|name| (name(distribution, series, short), key.clone()))
            })
        });
        rows.collect()
    }

    fn due(
        &self,
        minutes: Range<i64>,
        name: impl Fn(&Distribution, &str, &str) -> String,
    ) -> Holding {
        let window = minute(minutes.start).as_secs()..minute(minutes.end).as_secs();
        let fleet = self.aws.fleet();
        let rows = fleet.distributions.iter().flat_map(|distribution| {
            let (name, window) = (&name, window.clone());
            NAMES.iter().map(move |(metric, statistic, series, short)| {
                let id = &distribution.id;
                let points = self.aws.expected(id, metric, statistic, window.clone());
                (name(distribution, series, short), points.into_iter().collect())
            })
        });
        rows.filter(|(_, points): &(String, Points)| !points.is_empty()).collect()
    }

    /// What the receiver holds of CloudFront's metrics, by `metric{distribution}`; neither info series nor self
    /// metrics.
    pub fn held_by_remote_write(&self) -> Holding {
        let mut held = Holding::new();
        for (labels, samples) in self.receiver.series() {
            let name = &labels["__name__"];
            let Some(id) = labels.get("dimension_DistributionId") else {
                continue;
            };
            let points = samples.iter().map(|(at, value)| (at / 1000, *value));
            let before = held.insert(format!("{name}{{{id}}}"), points.collect());
            assert_eq!(before, None, "two series for {name} of {id}");
        }
        held
    }

    /// What Mackerel holds.
    pub fn held_by_mackerel(&self) -> Holding {
        self.mackerel.metrics("production")
    }

    /// Asserts that remote write holds exactly these minutes, and got each sample once and in order.
    #[track_caller]
    pub fn assert_remote_write_is_whole(&self, minutes: Range<i64>) {
        assert_same(&self.held_by_remote_write(), &self.due_to_remote_write(minutes));
        assert_eq!(self.receiver.violations(), Vec::<String>::new());
        assert_eq!(self.refused_by_remote_write(), 0, "nothing was refused");
        let is_data =
            |labels: &BTreeMap<String, String>| labels.contains_key("dimension_DistributionId");
        let repeats = self.receiver.duplicates().into_iter().filter(|one| is_data(&one.labels));
        let repeats: BTreeSet<_> =
            repeats.map(|one| (one.labels["__name__"].clone(), one.timestamp)).collect();
        assert_eq!(repeats, BTreeSet::new(), "nothing came twice");
        assert_eq!(self.remote_write_disorder(), BTreeSet::new(), "in order");
    }

    /// Asserts that Mackerel holds exactly these minutes, and got each point once and in order.
    #[track_caller]
    pub fn assert_mackerel_is_whole(&self, minutes: Range<i64>) {
        assert_same(&self.held_by_mackerel(), &self.due_to_mackerel(minutes));
        assert_eq!(self.mackerel.violations(), Vec::<String>::new());
        assert_eq!(self.mackerel_disorder(), BTreeSet::new(), "in order, and none twice");
    }

    /// Asserts both.
    #[track_caller]
    pub fn assert_whole(&self, minutes: Range<i64>) {
        self.assert_remote_write_is_whole(minutes.clone());
        self.assert_mackerel_is_whole(minutes);
    }

    /// How many of CloudFront's samples were refused. Self metrics of a repeated event are another matter: they say
    /// something else for the same time.
    fn refused_by_remote_write(&self) -> usize {
        let holds_data = |request: &Request| {
            let message = request.decoded.as_ref();
            let mut series = message.into_iter().flat_map(|message| &message.timeseries);
            series.any(|one| one.label("dimension_DistributionId").is_some())
        };
        let requests = self.receiver.requests().into_iter().filter(holds_data);
        let verdicts = requests.filter_map(|request| request.verdict);
        verdicts.flat_map(|verdict| verdict.refused.into_values()).sum()
    }

    /// Series of which a sample was accepted that is not newer than the one accepted before.
    fn remote_write_disorder(&self) -> BTreeSet<String> {
        let accepted = self.receiver.accepted();
        let requests = accepted.iter().filter_map(|request| request.decoded.as_ref());
        let series = requests.flat_map(|request| &request.timeseries);
        // Info series and self metrics are stamped with the event's time, which may be said twice.
        let series = series.filter(|one| one.label("dimension_DistributionId").is_some());
        disorder(series.flat_map(|one| {
            one.samples.iter().map(move |sample| (format!("{:?}", one.labels), sample.timestamp))
        }))
    }

    /// Metrics of which a point was accepted that is not newer than the one accepted before.
    pub fn mackerel_disorder(&self) -> BTreeSet<String> {
        disorder(self.mackerel_posts())
    }

    /// Name and time of each point that Mackerel accepted, in the order of arrival.
    pub fn mackerel_posts(&self) -> Vec<(String, i64)> {
        let mut posts = Vec::new();
        for request in self.mackerel.requests() {
            if request.answer.as_ref().is_some_and(|answer| answer.status == 200) {
                let points = emulators::receivers::mackerel::points::parse(&request.body);
                let points = points.expect("what was accepted is well formed");
                posts.extend(points.into_iter().map(|point| (point.name, point.time)));
            }
        }
        posts
    }
}

/// `metric{distribution}`
fn in_remote_write(distribution: &Distribution, series: &str, _: &str) -> String {
    format!("{series}{{{}}}", distribution.id)
}

/// The default name.
fn in_mackerel(distribution: &Distribution, _: &str, metric: &str) -> String {
    let alias = distribution.aliases.first().unwrap_or(&distribution.domain_name);
    let resource = alias.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
    format!("cloudfront.{metric}.{resource}")
}

/// Series of which something is not newer than what came before it.
pub(crate) fn disorder(samples: impl IntoIterator<Item = (String, i64)>) -> BTreeSet<String> {
    let mut newest: BTreeMap<String, i64> = BTreeMap::new();
    let mut disorder = BTreeSet::new();
    for (series, at) in samples {
        match newest.get(&series) {
            Some(before) if at <= *before => drop(disorder.insert(series)),
            _ => drop(newest.insert(series, at)),
        }
    }
    disorder
}

/// Compares whole holdings, and shows the first differences only: a test with thousands of points must stay readable.
#[track_caller]
pub(crate) fn assert_same(held: &Holding, due: &Holding) {
    let names: BTreeSet<&String> = held.keys().chain(due.keys()).collect();
    let nothing = Points::new();
    let mut differences = Vec::new();
    for name in names {
        let (held, due) = (held.get(name).unwrap_or(&nothing), due.get(name).unwrap_or(&nothing));
        let times: BTreeSet<&i64> = held.keys().chain(due.keys()).collect();
        for at in times {
            if held.get(at) != due.get(at) {
                let minute = (at - minute(0).as_secs()) / 60;
                let (held, due) = (held.get(at), due.get(at));
                differences.push(format!("{name} at minute {minute}: {held:?}, due {due:?}"));
            }
        }
    }
    let shown = &differences[..differences.len().min(10)];
    assert!(differences.is_empty(), "{} differences: {shown:#?}", differences.len());
    assert!(!due.is_empty(), "a comparison with nothing proves nothing");
}
