//! Tests of [`names`](super::names).

use proptest::prelude::*;
use series::Series;
use series::go_regex::GoRegex;

use super::names::{Candidate, LONGEST, assign};
use super::rules::{Rule, Template};
use crate::testing::series;

fn named(series: &[Series], rules: &[Rule]) -> (Vec<String>, Vec<String>) {
    let candidates: Vec<_> = series
        .iter()
        .map(|one| Candidate::new(one, one.labels.clone(), rules).expect("it has a name"))
        .collect();
    assign(&candidates)
}

fn rule(metric: &str, template: &str) -> Rule {
    let metric = GoRegex::anchored(metric).expect("an expression");
    Rule::new(metric, Template::parse(template).expect("a template"))
}

#[test]
fn default_names_end_with_the_resource_and_hold_two_dots() {
    let table = [
        ("requests", "E1", "www.example.com", "cloudfront.requests.www_example_com"),
        ("4xx_error_rate", "E1", "www.example.com", "cloudfront.4xx_error_rate.www_example_com"),
        (
            "origin_latency_p90",
            "E1",
            "*.example.com",
            "cloudfront.origin_latency_p90.__example_com",
        ),
        ("requests", "E1", "日本 shop", "cloudfront.requests.___shop"),
        ("requests", "E1ABC", "", "cloudfront.requests.E1ABC"),
        ("a.b", "E1", "x", "cloudfront.a_b.x"),
    ];
    for (metric, id, name, expected) in table {
        assert_eq!(named(&[series(metric, id, name, &[])], &[]).0, [expected]);
    }
}

#[test]
fn the_first_rule_that_applies_names_a_series() {
    let rules = [
        rule("aws_cloudfront_requests_sum", "first.{tag_Team}"),
        rule("aws_cloudfront_requests_sum", "second.{alias}"),
        rule("aws_.*", "third.{metric}"),
    ];
    let mut tagged = series("requests", "E1", "a.b", &[]);
    tagged.labels.set("tag_Team", "shop");
    let all = [tagged, series("requests", "E2", "c.d", &[]), series("bytes", "E1", "a.b", &[])];
    assert_eq!(named(&all, &rules).0, ["first.shop", "second.c_d", "third.bytes"]);
}

#[test]
fn of_two_resources_with_one_name_the_second_gets_a_suffix_and_an_entry() {
    let all = [
        series("requests", "E2", "www-example.com", &[]),
        series("requests", "E1", "www-example_com", &[]),
    ];
    let (names, notes) = named(&all, &[]);
    assert_eq!(
        names,
        ["cloudfront.requests.www-example_com_ecfd", "cloudfront.requests.www-example_com"]
    );
    assert_eq!(
        notes,
        [
            "aws_cloudfront_requests_sum of E1 and aws_cloudfront_requests_sum of E2 would both be named \
             cloudfront.requests.www-example_com: the second is named cloudfront.requests.www-example_com_ecfd"
        ]
    );
}

#[test]
fn names_do_not_depend_on_the_order_of_the_series() {
    let mut all: Vec<_> =
        ["E5", "E3", "E9", "E1"].map(|id| series("requests", id, "same", &[])).into();
    all.push(series("bytes", "E3", "same", &[]));
    let (names, notes) = named(&all, &[]);
    assert_eq!(names[3], "cloudfront.requests.same", "the first by id keeps the name");
    assert_eq!(names[4], "cloudfront.bytes.same", "another metric has its own graph");
    assert_eq!(notes.len(), 3);
    let mut expected: Vec<_> = all.iter().map(|series| series.labels.clone()).zip(names).collect();
    all.reverse();
    let mut reversed: Vec<_> =
        all.iter().map(|series| series.labels.clone()).zip(named(&all, &[]).0).collect();
    expected.sort();
    reversed.sort();
    assert_eq!(expected, reversed);
}

#[test]
fn two_series_of_one_resource_that_a_rule_gives_one_name_are_told_apart() {
    let all = [
        series("requests", "E1", "a", &[]),
        series("bytes", "E1", "a", &[]),
        series("errors", "E1", "a", &[]),
    ];
    let (names, notes) = named(&all, &[rule(".*", "cloudfront.{resource}")]);
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), 3, "{names:?}");
    assert_eq!(notes.len(), 2);
}

#[test]
fn one_series_given_in_two_pieces_has_one_name() {
    let all =
        [series("requests", "E1", "a", &[(2, 1.0)]), series("requests", "E1", "a", &[(1, 1.0)])];
    let (names, notes) = named(&all, &[]);
    assert_eq!(names, ["cloudfront.requests.a"; 2]);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn a_name_that_is_too_long_is_shortened_the_same_way_each_time() {
    let long = "x".repeat(200);
    let all =
        [series("requests", "E1", &long, &[]), series("requests", "E2", &format!("{long}y"), &[])];
    let (names, notes) = named(&all, &[]);
    assert!(names.iter().all(|name| name.len() == LONGEST), "{names:?}");
    assert_ne!(names[0], names[1]);
    assert_eq!(notes.len(), 2);
    assert_eq!(named(&all[1..], &[]).0, names[1..]);
}

proptest! {
    #[test]
    fn no_two_series_share_a_name_and_every_name_is_valid(
        given in proptest::collection::btree_set(("[a-c]{1}", "[A-D]{1}", "[x.é]{0,2}"), 0..30), fixed in any::<bool>(),
    ) {
        let all: Vec<_> = given.iter().map(|(metric, id, name)| series(metric, id, name, &[])).collect();
        let rules = [rule(".*", "all")];
        let (names, notes) = named(&all, if fixed { &rules } else { &[] });
        let distinct: std::collections::BTreeMap<_, _> = names.iter().zip(&all).map(|(n, s)| (n, &s.labels)).collect();
        let series: std::collections::BTreeSet<_> = all.iter().map(|s| (&s.labels, &s.origin.resource.id)).collect();
        prop_assert_eq!(distinct.len(), series.len(), "{:?}", names);
        prop_assert!(notes.len() < names.len().max(1));
        for name in &names {
            prop_assert!(name.len() <= LONGEST && !name.contains(".."));
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
        }
    }
}
