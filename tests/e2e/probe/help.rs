//! What each metric is said to be: HELP and TYPE of a page by hand, as the exporter beside us and the corpus have them.

use clock::Clock;
use config::{Document, Findings, Sections};
use probe::by_hand::{Means, Modules, Wanted};
use tests::blackbox::Blackbox;
use tests::page::Page;

use super::cases::{Case, cases, configure};
use super::catalogue::{CASES, pages_of_the_corpus, site};
use super::site::Site;

/// Modules that 0.23 cannot read, or whose probes it cannot do everywhere.
const NOT_IN_023: [&str; 4] = ["http_cel", "tcp", "websocket", "icmp"];

/// Help texts that were another one in 0.23.
const OTHERS_IN_023: &[(&str, &str)] = &[];

/// One probe by hand, with all that it shows.
async fn page(modules: &str, module: &str, target: &str) -> Page {
    let document = Document {
        name: "blackbox.yml".to_owned(),
        directory: None,
        body: modules.as_bytes().to_vec(),
    };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let modules = Modules::read(&sections, &mut findings).expect("modules");
    let means = Means {
        factory: http::Factory::new(&|_| None).expect("an HTTP client"),
        secrets: aws::Secrets::new(None, Clock::System, std::time::Duration::from_secs(60)),
        clock: Clock::System,
    };
    let wanted = Wanted { target, module: Some(module), hostname: None, debug: true };
    let text = modules.probe(&wanted, &means).await.expect("a probe").text;
    let page = text.split_once("# HELP").expect("a page behind the steps").1;
    Page::parse(&format!("# HELP{page}"))
}

fn target(site: &Site, cases: &[Case], name: &str) -> String {
    let case = cases.iter().find(|case| case.name == name).expect("a case");
    site.filled(case.target)
}

/// Asserts that what is described in both is described the same. Which metrics there are is for others to say.
#[track_caller]
fn assert_described_alike(module: &str, ours: &Page, theirs: &Page, others: &[(&str, &str)]) {
    let mut compared = 0;
    for (metric, help) in &theirs.help {
        let Some(own) = ours.help.get(metric) else { continue };
        let other = others.iter().find(|(other, _)| other == metric).map(|(_, help)| *help);
        assert_eq!(help, other.unwrap_or(own), "{module}: help of {metric}");
        assert_eq!(theirs.kinds[metric], ours.kinds[metric], "{module}: type of {metric}");
        compared += 1;
    }
    assert!(compared >= 5, "{module}: {compared} metrics");
}

#[tokio::test]
async fn help_and_type_are_the_exporters() {
    let (site, cases) = (site(), cases(CASES));
    let modules = configure(&site, &cases);
    let known: Vec<_> = cases.iter().filter(|case| !NOT_IN_023.contains(&case.name)).collect();
    let lines = modules.lines().filter(|line| {
        !NOT_IN_023.iter().any(|name| line.trim_start().starts_with(&format!("\"{name}\"")))
    });
    let exporter = Blackbox::start(&lines.map(|line| format!("{line}\n")).collect::<String>());
    for case in known {
        let target = site.filled(case.target);
        let ours = page(&modules, case.name, &target).await;
        let theirs = exporter.probe(case.name, &target);
        assert_described_alike(case.name, &ours, &theirs, OTHERS_IN_023);
    }
}

#[tokio::test]
async fn help_and_type_are_those_of_the_corpus() {
    let (site, cases) = (site(), cases(CASES));
    let modules = configure(&site, &cases);
    for (module, theirs) in pages_of_the_corpus() {
        let ours = page(&modules, module, &target(&site, &cases, module)).await;
        assert_described_alike(module, &ours, &theirs, &[]);
    }
}
