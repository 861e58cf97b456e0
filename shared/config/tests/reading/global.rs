//! `global`.

use std::time::Duration;

use config::{Findings, Global, Sections};

use crate::readers::{document, shown};

fn read(body: &str) -> (Global, Vec<String>) {
    let mut findings = Findings::new();
    let sections = Sections::read(&[document("a.yml", body)], &mut findings);
    let global = Global::read(sections.get("global"), &mut findings);
    (global, shown(&findings))
}

#[test]
fn times_default_as_in_prometheus() {
    let seconds = Duration::from_secs;
    let table = [
        ("", 60, 10),
        ("global:", 60, 10),
        ("global: {scrape_interval: 5s}", 5, 5),
        ("global: {scrape_interval: 0s, scrape_timeout: 0}", 60, 10),
        ("global: {scrape_interval: 2m, scrape_timeout: 90s}", 120, 90),
    ];
    for (body, interval, timeout) in table {
        let (global, findings) = read(body);
        assert_eq!(findings, Vec::<String>::new(), "{body}");
        let times = (global.scrape_interval, global.scrape_timeout);
        assert_eq!(times, (seconds(interval), seconds(timeout)), "{body}");
    }
}

#[test]
fn external_labels_are_expanded_as_prometheus_does_it() {
    let body = "global:\n  external_labels:\n    bar: foo\n    foo: ${TEST}\n    baz: foo${TEST}bar\n    \
                qux: foo$${TEST}\n    xyz: foo$$bar\n    n: 5\n    e:\n";
    let (global, findings) = read(body);
    assert_eq!(findings, Vec::<String>::new());
    let expanded = |value: Option<&str>| {
        let value = value.map(str::to_owned);
        let labels = global.clone().expanded(&|name| value.clone().filter(|_| name == "TEST"));
        labels.external_labels.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    };
    let set: Vec<String> = expanded(Some("TestValue"));
    let expected = [
        "bar=foo",
        "foo=TestValue",
        "baz=fooTestValuebar",
        "qux=foo${TEST}",
        "xyz=foo$bar",
        "n=5",
        "e=",
    ];
    assert_eq!(set, expected);
    let unset: Vec<String> = expanded(None);
    assert_eq!(unset[1..3], ["foo=", "baz=foobar"]);
}

#[test]
fn settings_of_scrapes_are_known() {
    let body = "global:\n  scrape_protocols: [OpenMetricsText1.0.0]\n  body_size_limit: 15MB\n  sample_limit: 1500\n  \
                metric_name_validation_scheme: utf8\n  external_labels: {\"ünicode\": x}\n";
    assert_eq!(read(body).1, Vec::<String>::new());
}
