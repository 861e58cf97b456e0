//! The same modules and targets through the real exporter and through the function: the same metrics, labels and values.
//!
//! A [`Case`] is a module and a target; each prober has a table of them. Ours goes the whole way: a job in `prometheus.yml`, the handler, remote write, a
//! receiver. `differences.json` holds what is not the same, each with its reason; one that it does not hold fails the test,
//! and so does one that did not come up.

mod differences;
mod dns;
mod grpc;
mod http;
mod https;
mod requests;
mod tcp;

use std::collections::BTreeSet;

use emulators::receivers::remote_write::Labels;
use tests::blackbox::Blackbox;

use super::cases::{Case, Said, cases, configure, ours};
use super::site::Site;
use differences::Differences;

/// Probes all cases both ways and compares.
async fn compare(prober: &str, site: &Site, cases: &[Case]) {
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "each case has a name of its own");
    let exporter = Blackbox::start(&configure(site, cases));
    let mut ours = ours(site).await;
    let mut differences = Differences::of(prober);
    for case in cases {
        let theirs = exporter.probe(case.name, &site.filled(case.target)).samples;
        let success = Labels::from([("__name__".to_owned(), "probe_success".to_owned())]);
        assert_eq!(theirs[&success] == 1.0, case.succeeds, "{}: {theirs:#?}", case.name);
        let ours = ours.remove(case.name).unwrap_or_default();
        differences.look(case.name, &theirs, &ours);
    }
    differences.finish();
}
