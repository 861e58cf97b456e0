//! What the unit tests of this crate share.

use std::collections::BTreeMap;
use std::time::Duration;

use clock::Budget;
use config::{Document, Findings, Sections};
use series::{Kind, Labels, Origin, Resource, Sample, Series, Timestamp};

use crate::admission::Admission;
use crate::delivery::{Run, SplitAllowance};

/// The present of the tests.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_166_760);

/// The sections of one document.
pub(crate) fn sections(yaml: &str, findings: &mut Findings) -> Sections {
    let directory = Some("/etc/hostless".into());
    let document = Document { name: "test.yml".into(), directory, body: yaml.into() };
    Sections::read(&[document], findings)
}

/// What reading finds wrong.
pub(crate) fn errors_of(yaml: &str, read: impl FnOnce(&Sections, &mut Findings)) -> Vec<String> {
    let mut findings = Findings::new();
    let sections = sections(yaml, &mut findings);
    read(&sections, &mut findings);
    findings.errors().map(ToString::to_string).collect()
}

/// Admits what is at most an hour old.
pub(crate) fn admission() -> Admission {
    let splits = SplitAllowance::default();
    let budget = Budget::starting_now(Duration::from_secs(60));
    let run = Run { now: NOW, budget, splits: &splits, by_hand: true };
    Admission::new(&run, Duration::from_secs(3000), Some(Duration::from_secs(3600)))
}

/// A CloudFront series of distribution `id`, which people call `name`, with samples so many minutes old.
pub(crate) fn series(metric: &str, id: &str, name: &str, samples: &[(u64, f64)]) -> Series {
    let resource = Resource { id: id.to_owned(), name: name.to_owned() };
    Series {
        labels: Labels::named(format!("aws_cloudfront_{metric}_sum"))
            .with("alias", name)
            .with("dimension_DistributionId", id),
        origin: Origin {
            kind: Kind::CloudFront,
            metric: metric.to_owned(),
            resource: resource.into(),
        },
        samples: samples.iter().map(|&(minutes, value)| sample(minutes, value)).collect(),
    }
}

/// A sample of so many minutes ago.
pub(crate) fn sample(minutes: u64, value: f64) -> Sample {
    Sample { at: NOW - Duration::from_secs(60 * minutes), value }
}

/// Counts how often each item occurs.
pub(crate) fn counted<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    items.into_iter().fold(BTreeMap::new(), |mut counts, item| {
        *counts.entry(item).or_default() += 1;
        counts
    })
}
