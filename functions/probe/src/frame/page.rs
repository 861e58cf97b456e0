//! What a probe recorded, as series and as text. Pure.

use std::fmt::Write;
use std::sync::Arc;

use series::exposition::number;
use series::{Kind, Labels, Origin, Resource, Sample, Series, Timestamp};

use crate::frame::Gauge;

/// The series of one probe, each with one sample at `time`. `resource` is what was probed.
pub(crate) fn series(gauges: &[Gauge], resource: &Arc<Resource>, time: Timestamp) -> Vec<Series> {
    let one = |gauge: &Gauge| {
        let origin =
            Origin { kind: kind(gauge), metric: metric(gauge), resource: Arc::clone(resource) };
        let samples = vec![Sample { at: time, value: gauge.value }];
        Series { labels: labels(gauge), origin, samples }
    };
    gauges.iter().map(one).collect()
}

/// The metrics in the text format, sorted, without times; `with_help`: with a line of help and of type before each metric.
pub(crate) fn text(gauges: &[Gauge], with_help: bool) -> String {
    let mut sorted: Vec<(&Gauge, String)> =
        gauges.iter().map(|gauge| (gauge, labels(gauge).to_string())).collect();
    sorted.sort_by(|a, b| (a.0.metric.name, &a.1).cmp(&(b.0.metric.name, &b.1)));
    let (mut text, mut before) = (String::new(), "");
    for (Gauge { metric, value, .. }, labels) in sorted {
        if with_help && metric.name != before {
            let (name, help) = (metric.name, metric.help);
            write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n").expect("text grows");
        }
        before = metric.name;
        writeln!(text, "{labels} {}", number(*value)).expect("text grows");
    }
    text
}

fn labels(gauge: &Gauge) -> Labels {
    let own = gauge.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain([(series::METRIC_NAME, gauge.metric.name)]).collect()
}

/// Metrics whose value is always 1 say something in their labels alone.
fn kind(gauge: &Gauge) -> Kind {
    if gauge.metric.name.ends_with("_info") { Kind::Info } else { Kind::Probe }
}

/// `http_duration_seconds.connect`: without the namespace, with the one label's value where there is one label.
fn metric(gauge: &Gauge) -> String {
    let name = gauge.metric.name;
    let name = name.strip_prefix("probe_").unwrap_or(name);
    match gauge.labels.as_slice() {
        [(_, value)] => format!("{name}.{value}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Record, metric};

    fn gauges() -> Vec<Gauge> {
        let record = Record::start(false);
        record.set(&metric::SUCCESS, 1.0);
        record.set_with(&metric::HTTP_DURATION, &[("phase", "tls")], 0.25);
        record.set_with(&metric::HTTP_DURATION, &[("phase", "connect")], 0.000_01);
        record.set_with(&metric::EXPECT_INFO, &[("a", "1"), ("b", "")], 1.0);
        record.into_parts().0
    }

    #[test]
    fn series_say_where_they_come_from() {
        let resource = Arc::new(Resource { id: "id".to_owned(), name: "name".to_owned() });
        let series = series(&gauges(), &resource, Timestamp::from_secs(60));
        let said: Vec<_> = series
            .iter()
            .map(|one| (one.labels.to_string(), one.origin.kind, one.origin.metric.as_str()))
            .collect();
        let phase = |phase: &str| format!("probe_http_duration_seconds{{phase=\"{phase}\"}}");
        assert_eq!(
            said,
            [
                ("probe_success".to_owned(), Kind::Probe, "success"),
                (phase("tls"), Kind::Probe, "http_duration_seconds.tls"),
                (phase("connect"), Kind::Probe, "http_duration_seconds.connect"),
                ("probe_expect_info{a=\"1\"}".to_owned(), Kind::Info, "expect_info"),
            ]
        );
        let at = Timestamp::from_secs(60);
        assert!(series.iter().all(|one| one.origin.resource == resource));
        assert_eq!(series[1].samples, [Sample { at, value: 0.25 }]);
    }

    #[test]
    fn text_is_sorted_and_says_what_each_metric_is_once() {
        let plain = "probe_expect_info{a=\"1\"} 1\n\
            probe_http_duration_seconds{phase=\"connect\"} 1e-05\n\
            probe_http_duration_seconds{phase=\"tls\"} 0.25\n\
            probe_success 1\n";
        assert_eq!(text(&gauges(), false), plain);
        let helped = text(&gauges(), true);
        assert_eq!(helped.matches("# TYPE probe_http_duration_seconds gauge\n").count(), 1);
        let success = "# HELP probe_success Displays whether or not the probe was a success\n\
            # TYPE probe_success gauge\nprobe_success 1\n";
        assert!(helped.ends_with(success), "{helped}");
    }
}
