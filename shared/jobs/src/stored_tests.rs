//! Pages against what Prometheus would have stored of them.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use config::{Document, Findings, Global, Sections};
use proptest::prelude::*;
use series::{Kind, Labels, METRIC_NAME, Origin, Resource, Sample, Series, Timestamp};

use super::{Scrape, stored};
use crate::{Job, Limits, Target};

const TIME: Timestamp = Timestamp::from_secs(1_795_166_760);

fn job(keys: &str) -> Job {
    let body = format!("scrape_configs: [{{job_name: blackbox{keys}}}]").into_bytes();
    let document = Document { name: "p.yml".to_owned(), directory: None, body };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let mut jobs = Job::read_all(&sections, &Global::default(), &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    jobs.remove(0)
}

fn target(labels: &[(&str, &str)]) -> Target {
    Target {
        labels: labels.iter().copied().collect(),
        address: "exporter:9115".to_owned(),
        params: BTreeMap::new(),
        interval: Duration::from_secs(60),
        timeout: Duration::from_millis(9_500),
    }
}

fn usual_target() -> Target {
    target(&[("job", "blackbox"), ("instance", "prometheus.io")])
}

fn on_page(labels: Labels, value: f64) -> Series {
    let resource = Resource { id: "t".to_owned(), name: "t".to_owned() };
    let origin = Origin { kind: Kind::Info, metric: "m".to_owned(), resource: resource.into() };
    Series { labels, origin, samples: vec![Sample { at: Timestamp::from_secs(1), value }] }
}

fn page(series: &[(&[(&str, &str)], f64)]) -> Scrape {
    let series =
        series.iter().map(|(labels, value)| on_page(labels.iter().copied().collect(), *value));
    Scrape { page: Some(series.collect()), took: Duration::from_millis(250) }
}

/// What is stored, one line a sample, when every series is new.
fn lines(job: &Job, target: &Target, scrape: Scrape) -> (Vec<String>, Option<String>) {
    let (series, refusal) = stored(job, target, scrape, TIME, &mut |_| true);
    let line = |series: &Series| {
        assert_eq!((series.samples.len(), series.samples[0].at), (1, TIME));
        format!("{} {}", series.labels, series.samples[0].value)
    };
    (series.iter().map(line).collect(), refusal)
}

/// The lines of the page alone.
fn kept(job: &Job, target: &Target, scrape: Scrape) -> Vec<String> {
    let (mut lines, refusal) = lines(job, target, scrape);
    assert_eq!(refusal, None);
    lines.truncate(lines.len() - 5);
    lines
}

const SUCCESS: (&[(&str, &str)], f64) = (&[(METRIC_NAME, "probe_success")], 1.0);

#[test]
fn a_page_is_stored_with_the_labels_of_its_target_and_a_report() {
    let duration: (&[(&str, &str)], f64) = (&[(METRIC_NAME, "d"), ("phase", "tls")], 0.5);
    let (lines, refusal) = lines(&job(""), &usual_target(), page(&[SUCCESS, duration]));
    let of = r#"{instance="prometheus.io",job="blackbox"}"#;
    let expected = [
        format!("probe_success{of} 1"),
        r#"d{instance="prometheus.io",job="blackbox",phase="tls"} 0.5"#.to_owned(),
        format!("up{of} 1"),
        format!("scrape_duration_seconds{of} 0.25"),
        format!("scrape_samples_scraped{of} 2"),
        format!("scrape_samples_post_metric_relabeling{of} 2"),
        format!("scrape_series_added{of} 2"),
    ];
    assert_eq!((lines, refusal), (expected.to_vec(), None));
}

#[test]
fn a_scrape_that_failed_leaves_a_report() {
    let scrape = Scrape { page: None, took: Duration::from_secs(10) };
    let (lines, refusal) = lines(&job(""), &target(&[("job", "b")]), scrape);
    let expected = [
        r#"up{job="b"} 0"#,
        r#"scrape_duration_seconds{job="b"} 10"#,
        r#"scrape_samples_scraped{job="b"} 0"#,
        r#"scrape_samples_post_metric_relabeling{job="b"} 0"#,
        r#"scrape_series_added{job="b"} 0"#,
    ];
    assert_eq!((lines, refusal), (expected.map(str::to_owned).to_vec(), None));
}

#[test]
fn an_empty_page_is_a_good_one() {
    let (lines, refusal) = lines(&job(""), &usual_target(), page(&[]));
    assert_eq!((lines.len(), refusal), (5, None));
    assert!(lines[0].starts_with("up") && lines[0].ends_with(" 1"), "{lines:?}");
}

#[test]
fn a_report_can_say_more() {
    let job = job(", sample_limit: 7, extra_scrape_metrics: true");
    let (lines, _) = lines(&job, &target(&[("job", "b")]), page(&[]));
    let expected = [r#"scrape_timeout_seconds{job="b"} 9.5"#, r#"scrape_sample_limit{job="b"} 7"#];
    assert_eq!(lines[5..], expected);
}

#[test]
fn series_that_were_there_before_are_not_new() {
    let other: (&[(&str, &str)], f64) = (&[(METRIC_NAME, "new")], 1.0);
    let (series, _) =
        stored(&job(""), &usual_target(), page(&[SUCCESS, other]), TIME, &mut |series| {
            assert_eq!(series.labels.get("job"), Some("blackbox"), "as it is stored");
            series.labels.name() == "new"
        });
    let added = series.iter().find(|it| it.labels.name() == "scrape_series_added");
    assert_eq!(added.expect("it is reported").samples[0].value, 1.0);
}

#[test]
fn the_target_wins_and_the_page_s_label_is_exported() {
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let table: [(Pairs<'_>, Pairs<'_>, &str); 7] = [
        (&[("n", "2")], &[("n", "1")], r#"exported_n="1",n="2""#),
        (&[("n", "2")], &[("m", "1")], r#"m="1",n="2""#),
        (
            &[("foo", "2"), ("exported_foo", "3")],
            &[("foo", "1")],
            r#"exported_exported_foo="1",exported_foo="3",foo="2""#,
        ),
        (
            &[("foo", "3")],
            &[("foo", "1"), ("exported_foo", "2")],
            r#"exported_exported_foo="1",exported_foo="2",foo="3""#,
        ),
        (
            &[("foo", "3"), ("exported_foo", "4")],
            &[("foo", "1"), ("exported_foo", "2")],
            r#"exported_exported_exported_foo="2",exported_exported_foo="1",exported_foo="4",foo="3""#,
        ),
        (
            &[("foo", "3"), ("bar", "4")],
            &[("foo", "1"), ("bar", "2")],
            r#"bar="4",exported_bar="2",exported_foo="1",foo="3""#,
        ),
        (
            &[
                ("foo", "0"),
                ("exported_exported_foo", "1"),
                ("exported_exported_exported_foo", "2"),
            ],
            &[("foo", "3"), ("exported_foo", "4"), ("exported_exported_exported_foo", "5")],
            r#"exported_exported_exported_exported_exported_foo="5",exported_exported_exported_exported_foo="3",exported_exported_exported_foo="2",exported_exported_foo="1",exported_foo="4",foo="0""#,
        ),
    ];
    for (of_target, of_page, expected) in table {
        let of_page: Labels = of_page.iter().copied().chain([(METRIC_NAME, "m")]).collect();
        let scrape = Scrape { page: Some(vec![on_page(of_page, 0.0)]), took: Duration::ZERO };
        let kept = kept(&job(""), &target(of_target), scrape);
        assert_eq!(kept, [format!("m{{{expected}}} 0")]);
    }
}

#[test]
fn with_honor_labels_the_page_wins() {
    let labels: &[(&str, &str)] = &[(METRIC_NAME, "m"), ("job", "theirs"), ("exported_job", "x")];
    let kept = kept(&job(", honor_labels: true"), &usual_target(), page(&[(labels, 1.0)]));
    assert_eq!(kept, [r#"m{exported_job="x",instance="prometheus.io",job="theirs"} 1"#]);
}

#[test]
fn metric_relabeling_sees_the_target_s_labels_and_what_it_drops_is_only_counted() {
    let rules = ", metric_relabel_configs: [{action: drop, source_labels: [__name__, job], regex: 'go;blackbox'}, \
                 {source_labels: [job], target_label: copy}]";
    let go: (&[(&str, &str)], f64) = (&[(METRIC_NAME, "go")], 1.0);
    let (lines, _) = lines(&job(rules), &usual_target(), page(&[go, SUCCESS]));
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!(
        lines[0],
        r#"probe_success{copy="blackbox",instance="prometheus.io",job="blackbox"} 1"#
    );
    let count = |metric: &str| lines.iter().find(|line| line.starts_with(metric)).cloned();
    let ends = |metric: &str, end: &str| count(metric).is_some_and(|line| line.ends_with(end));
    assert!(ends("scrape_samples_scraped", " 2"), "{lines:?}");
    assert!(ends("scrape_samples_post_metric_relabeling", " 1"), "{lines:?}");
    assert!(ends("up", " 1") && !lines[1].contains("copy"), "a report is not relabeled: {lines:?}");
}

#[test]
fn of_two_series_that_relabeling_makes_one_the_first_is_stored_and_both_are_counted() {
    let rules = ", metric_relabel_configs: [{action: labeldrop, regex: phase}]";
    let a: (&[(&str, &str)], f64) = (&[(METRIC_NAME, "d"), ("phase", "a")], 1.0);
    let b: (&[(&str, &str)], f64) = (&[(METRIC_NAME, "d"), ("phase", "b")], 2.0);
    let (lines, _) = lines(&job(rules), &target(&[("job", "b")]), page(&[a, b]));
    assert_eq!(lines[0], r#"d{job="b"} 1"#);
    assert_eq!(
        lines[4..],
        [
            r#"scrape_samples_post_metric_relabeling{job="b"} 2"#,
            r#"scrape_series_added{job="b"} 1"#
        ]
    );
}

#[test]
fn a_page_that_breaks_a_limit_leaves_only_its_report() {
    let long = "v".repeat(60);
    let labels = [(METRIC_NAME, "m"), ("name", long.as_str())];
    let labels: (&[(&str, &str)], f64) = (&labels, 1.0);
    let fifty = "v".repeat(50);
    let table = [
        (", sample_limit: 1", "sample limit exceeded".to_owned(), [2, 2, 1]),
        (
            ", label_limit: 2",
            "label_limit exceeded (metric: probe_success, number of labels: 3, limit: 2)".to_owned(),
            [1, 0, 0],
        ),
        (
            ", label_name_length_limit: 7",
            "label_name_length_limit exceeded (metric: probe_success, label name: __name__, length: 8, limit: 7)".to_owned(),
            [1, 0, 0],
        ),
        (
            ", label_value_length_limit: 59",
            format!("label_value_length_limit exceeded (metric: m, label name: name, value: {fifty:?}, length: 60, limit: 59)"),
            [2, 1, 1],
        ),
        (
            ", metric_relabel_configs: [{action: labeldrop, regex: __name__}]",
            "missing metric name (__name__ label)".to_owned(),
            [1, 0, 0],
        ),
        (
            ", metric_name_validation_scheme: legacy, metric_relabel_configs: [{target_label: __name__, replacement: a.b}]",
            r#"invalid metric name or label names: {"a.b",instance="prometheus.io",job="blackbox"}"#.to_owned(),
            [1, 0, 0],
        ),
    ];
    for (keys, expected, [scraped, relabeled, added]) in table {
        let (lines, refusal) = lines(&job(keys), &usual_target(), page(&[SUCCESS, labels]));
        assert_eq!(refusal, Some(expected), "{keys}");
        let values: Vec<_> = lines.iter().filter_map(|line| line.rsplit(' ').next()).collect();
        let expected =
            ["0", "0.25", &scraped.to_string(), &relabeled.to_string(), &added.to_string()];
        assert_eq!(values, expected, "{keys}");
    }
}

#[test]
fn a_refusal_shows_no_secret_of_a_target() {
    let target = target(&[("instance", "https://user:hunter2@shop.example/?token=t0k3n")]);
    let table = [
        (
            ", label_value_length_limit: 20",
            r#"label_value_length_limit exceeded (metric: probe_success, label name: instance, value: "https://shop.example/", length: 46, limit: 20)"#,
        ),
        (
            ", metric_name_validation_scheme: legacy, metric_relabel_configs: [{target_label: __name__, replacement: a?b}]",
            r#"invalid metric name or label names: {"a?b",instance="https://shop.example/"}"#,
        ),
    ];
    for (keys, expected) in table {
        let (_, refusal) = lines(&job(keys), &target, page(&[SUCCESS]));
        assert_eq!(refusal.as_deref(), Some(expected), "{keys}");
    }
}

#[test]
fn limits_that_are_just_reached_are_not_broken() {
    let keys = ", sample_limit: 1, label_limit: 3, label_name_length_limit: 8, label_value_length_limit: 13";
    assert_eq!(kept(&job(keys), &usual_target(), page(&[SUCCESS])).len(), 1);
}

#[test]
fn a_report_says_who_it_is_about_and_never_goes_to_mackerel() {
    let target = target(&[("job", "b"), ("instance", "i"), ("name", "shop")]);
    let (series, _) = stored(&job(""), &target, page(&[]), TIME, &mut |_| true);
    let resource = Resource { id: "b/i".to_owned(), name: "shop".to_owned() };
    let expected = Origin { kind: Kind::Info, metric: "up".to_owned(), resource: resource.into() };
    assert_eq!(series[0].origin, expected);
}

#[test]
fn a_report_s_labels_are_made_the_way_prometheus_makes_them() {
    // The label that Prometheus makes room for comes before `job` and after `a`.
    let target = target(&[("job", "b"), ("exported_job", "lost"), ("a", "1"), ("exported_a", "2")]);
    let (lines, _) = lines(&job(""), &target, page(&[]));
    assert_eq!(lines[0], r#"up{a="1",exported_a="2",job="b"} 1"#);
}

#[test]
fn what_a_page_says_itself_is_not_reported_over_it() {
    let up: (&[(&str, &str)], f64) = (&[(METRIC_NAME, "up")], 5.0);
    let (lines, _) = lines(&job(""), &target(&[("job", "b")]), page(&[up]));
    let ups: Vec<_> = lines.iter().filter(|line| line.starts_with("up{")).collect();
    assert_eq!(ups, [r#"up{job="b"} 5"#]);
}

fn any_labels() -> impl Strategy<Value = Labels> {
    let name = "(exported_){0,2}(job|instance|a)|__name__";
    proptest::collection::vec((name, "[xy]{0,2}"), 0..6)
        .prop_map(|pairs| pairs.into_iter().collect())
}

const RULES: [&str; 5] = [
    "",
    ", honor_labels: true",
    ", metric_relabel_configs: [{action: labeldrop, regex: 'exported_.*'}]",
    ", metric_relabel_configs: [{source_labels: [a], target_label: __name__}]",
    ", metric_relabel_configs: [{action: keep, source_labels: [job], regex: x.*}]",
];

proptest! {
    #[test]
    fn whatever_a_page_says_what_is_stored_is_sound(
        rules in 0..RULES.len(),
        of_target in any_labels(),
        page in proptest::collection::vec(any_labels(), 0..6),
        samples in proptest::option::of(1_u64..4),
        labels in proptest::option::of(1_u64..6),
    ) {
        let mut job = job(RULES[rules]);
        job.limits = Limits { samples, labels, ..Limits::default() };
        let mut target = target(&[]);
        target.labels = of_target;
        target.labels.remove(METRIC_NAME);
        let count = page.len();
        let page = page.into_iter().map(|labels| on_page(labels, 1.0)).collect();
        let scrape = Scrape { page: Some(page), took: Duration::ZERO };
        let (stored, refusal) = stored(&job, &target, scrape, TIME, &mut |_| true);
        let mut identities = HashSet::new();
        for series in &stored {
            prop_assert!(identities.insert(&series.labels), "{} twice", series.labels);
            prop_assert!(!series.labels.name().is_empty());
            prop_assert!(series.labels.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
            prop_assert_eq!(&series.samples.iter().map(|it| it.at).collect::<Vec<_>>(), &[TIME]);
        }
        let of_page = stored.len() - 5;
        prop_assert!(of_page <= count);
        prop_assert!(refusal.is_none() || of_page == 0);
        prop_assert!(samples.is_none_or(|limit| of_page as u64 <= limit));
    }
}
