//! Discovery against files, a small web server and a small DNS server of the tests' own.

mod dns;
mod files;
mod http;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ::http::Factory;
use clock::{Budget, Clock};
use config::{Document, Findings, Global, Sections};
use series::{SourceError, Timestamp};

use super::{Discovery, Group};
use crate::Job;

const START: Timestamp = Timestamp::from_secs(1_795_166_760);

/// A job of these keys, in a document that lies in this folder.
fn job_in(folder: &Path, keys: &str) -> Job {
    let body = format!("scrape_configs: [{{job_name: a, {keys}}}]").into_bytes();
    let document = Document { name: "p.yml".to_owned(), directory: Some(folder.to_owned()), body };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let mut jobs = Job::read_all(&sections, &Global::default(), &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    jobs.remove(0)
}

fn job(keys: &str) -> Job {
    job_in(Path::new("/nowhere"), keys)
}

fn discovery() -> Discovery {
    let environment = |_: &str| None;
    let factory = Factory::new(&environment).expect("a factory");
    let clock = Clock::manual(START);
    Discovery::new(factory, aws::Secrets::new(None, clock, Duration::from_secs(300)))
}

/// What discovery says, so many seconds after the start.
async fn ask(
    discovery: &Discovery,
    job: &Job,
    seconds: u64,
) -> Result<(Vec<Group>, Vec<SourceError>), SourceError> {
    let budget = Budget::starting_now(Duration::from_secs(60));
    discovery.groups(job, START + Duration::from_secs(seconds), &budget).await
}

/// The targets, where nothing went wrong.
async fn targets(discovery: &Discovery, job: &Job, seconds: u64) -> Vec<String> {
    let (groups, errors) = ask(discovery, job, seconds).await.expect("something is known");
    assert!(errors.is_empty(), "{errors:?}");
    groups.into_iter().flat_map(|group| group.targets).collect()
}

/// The targets that are known all the same, and the one thing that went wrong.
async fn targets_despite(discovery: &Discovery, job: &Job, seconds: u64) -> (Vec<String>, String) {
    let (groups, errors) = ask(discovery, job, seconds).await.expect("something is known");
    let [error] = &errors[..] else { panic!("one error: {errors:?}") };
    assert_eq!(error.source, "job:a");
    (groups.into_iter().flat_map(|group| group.targets).collect(), error.message.clone())
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn static_targets_are_known_without_asking() {
    let discovery = discovery();
    let job = job("static_configs: [{targets: [x, y], labels: {a: b}}, {targets: [z]}]");
    let (groups, errors) = ask(&discovery, &job, 0).await.expect("known");
    assert!(errors.is_empty());
    let shown: Vec<_> = groups.iter().map(|it| (it.source.as_str(), it.targets.len())).collect();
    assert_eq!(shown, [("0", 2), ("1", 1)]);
    assert_eq!(groups[0].labels, labels(&[("a", "b")]));
}

#[tokio::test]
async fn a_job_without_providers_has_no_targets_and_no_error() {
    let outcome = ask(&discovery(), &job("honor_labels: true"), 0).await;
    assert_eq!(outcome, Ok((Vec::new(), Vec::new())));
}

#[tokio::test]
async fn a_provider_that_fails_costs_the_others_nothing() {
    let job = job("static_configs: [{targets: [x]}], file_sd_configs: [{files: [missing.yml]}]");
    let (targets, error) = targets_despite(&discovery(), &job, 0).await;
    assert_eq!(targets, ["x"]);
    assert!(
        error.starts_with("find targets with file_sd_configs: /nowhere/missing.yml: "),
        "{error}"
    );
}

#[tokio::test]
async fn where_nothing_is_known_that_is_an_error() {
    let error = ask(&discovery(), &job("file_sd_configs: [{files: [a.yml, b.yml]}]"), 0).await;
    let error = error.expect_err("nothing is known");
    assert!(error.message.contains("/nowhere/a.yml: "), "{error:?}");
    assert!(error.message.contains("/nowhere/b.yml: "), "{error:?}");
}
