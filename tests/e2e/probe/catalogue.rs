//! The series that are ours to keep, by prober: metric and names of its labels. A change of the snapshot is a change of the
//! API; what others know of blackbox_exporter's series (the corpus) is in it.

use std::collections::{BTreeMap, BTreeSet};

use cases::corpus;
use emulators::receivers::remote_write::Labels;
use tests::page::Page;
use tests::targets::certificates::Authority;
use tests::targets::dns::{Answer, Record, Zone, kinds};
use tests::targets::grpc::{Health, Serving};
use tests::targets::script::{Line, say};
use tests::targets::tls::Tls;
use tests::targets::web::plain;

use super::cases::{cases, configure};
use super::site::Site;
use super::{function, newest, run, world};

/// Metric to names of labels.
type Catalogue = BTreeMap<String, BTreeSet<String>>;

/// A module for each of the corpus's pages, with every metric that its prober can give.
pub(super) const CASES: &str = include_str!("catalogue.txt");

pub(super) fn site() -> Site {
    let mut site = Site::new();
    let authority = Authority::new("test");
    let server = authority.server();
    let tls = |protocols| Tls { protocols, ..Tls::of(&server) }.acceptor();
    let answer = |_: &_| {
        plain("200 OK", "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n", b"{\"up\": true}")
    };
    site.place("web", site.targets.web(None, answer).addr);
    site.place("secure", site.targets.web(Some(tls(vec![])), answer).addr);
    site.place("ssh", site.targets.script(vec![say("SSH-2.0-x\r\n"), Line::Stay]));
    site.place("websocket", site.targets.websocket("ready"));
    let lines = vec![Line::Secure(tls(vec![])), Line::Stay];
    site.place("tls", site.targets.script(lines));
    let soa = Answer { answers: vec![Record::soa("example.com.", 7)], ..Answer::default() };
    let zone = BTreeMap::from([(("example.com.".to_owned(), kinds::SOA), soa)]);
    site.place("dns", site.targets.dns(Zone::Records(zone)));
    let health = Health::Of(BTreeMap::from([(String::new(), Serving::Serving)]));
    site.place("grpc", site.targets.grpc(health.clone(), None).addr);
    site.place("grpc_tls", site.targets.grpc(health, Some(tls(vec![b"h2"]))).addr);
    site.file("ca", &authority.root_pem());
    site
}

/// What arrives, by module.
async fn arrived() -> BTreeMap<String, Catalogue> {
    let (site, cases) = (site(), cases(CASES));
    configure(&site, &cases);
    let world = world(&site);
    let handler = function(&world, &site).await;
    run(&world, &handler, 1).await;
    let mut catalogues: BTreeMap<String, Catalogue> = BTreeMap::new();
    let newest = newest(&world.receiver);
    for case in &cases {
        let success = [("__name__", "probe_success"), ("module", case.name)];
        let found = newest.iter().find(|(labels, _)| {
            success.iter().all(|(name, value)| labels.get(*name).is_some_and(|one| one == value))
        });
        assert_eq!(found.map(|(_, value)| *value == 1.0), Some(case.succeeds), "{}", case.name);
    }
    for mut labels in newest.into_keys() {
        let name = labels.remove("__name__").expect("a metric name");
        let module = labels.remove("module").expect("a module");
        let catalogue = catalogues.entry(module).or_default();
        catalogue.entry(name).or_default().extend(labels.into_keys());
    }
    catalogues
}

#[tokio::test]
async fn the_series_are_those_of_the_catalogue_and_no_others() {
    let line = |(name, labels): (&String, &BTreeSet<String>)| {
        format!("  {name}: {}\n", labels.iter().cloned().collect::<Vec<_>>().join(", "))
    };
    let of_one = |(module, catalogue): (&String, &Catalogue)| {
        format!("{module}\n{}", catalogue.iter().map(line).collect::<String>())
    };
    let whole: String = arrived().await.iter().map(of_one).collect();
    insta::assert_snapshot!(whole);
}

/// What ours has beyond the series of blackbox_exporter 0.28 (which the corpus shows) on these pages.
const BEYOND: &[(&str, &str)] = &[
    // After 0.28.
    ("*", "probe_timeout_seconds"),
    // HTTP and TCP have it; gRPC alone would go without.
    ("grpc_ssl", "probe_ssl_last_chain_expiry_timestamp_seconds"),
    // The corpus's page is of a body that has no such header, and of a module that has no labels.
    ("http", "probe_http_last_modified_timestamp_seconds"),
    ("tcp", "probe_expect_info"),
];

/// Metrics and labels of a page in the corpus, without what its authors added.
fn known(page: &str) -> Catalogue {
    let mut known = Catalogue::new();
    let page: serde_json::Value = serde_json::from_str(page).expect("a catalogue");
    for (metric, labels) in page.as_object().expect("metrics") {
        if metric.contains("_all_") || !metric.starts_with("probe_") {
            continue;
        }
        let labels = labels.as_array().expect("labels").iter().filter_map(|label| label.as_str());
        let labels = labels.filter(|label| !["config_version", "probe"].contains(label));
        known.insert(metric.clone(), labels.map(str::to_owned).collect());
    }
    known
}

#[tokio::test]
async fn the_series_are_those_that_the_corpus_knows() {
    for file in ["expected_fixture_metric_catalogue", "expected_runtime_metric_catalogue"] {
        let Some(text) = corpus::file(&format!("blackbox/golden/{file}.json")) else { return };
        let pages: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let mut ours = arrived().await;
        for page in ["http", "http_ssl", "tcp", "tcp_ssl", "dns", "grpc", "grpc_ssl"] {
            // The second file has fewer pages.
            if pages[page].is_null() {
                continue;
            }
            let mut ours = ours.remove(page).expect("a module of this name");
            ours.retain(|metric, _| metric.starts_with("probe_"));
            for (where_, metric) in BEYOND {
                if *where_ == "*" || *where_ == page {
                    assert!(ours.remove(*metric).is_some(), "{page} has no {metric}");
                }
            }
            assert_eq!(ours, known(&pages[page].to_string()), "{file}: {page}");
        }
    }
}

/// Help and type of each metric on the corpus's pages, as far as they are not its authors' own.
pub(super) fn pages_of_the_corpus() -> Vec<(&'static str, Page)> {
    let pages = [
        ("http", "http.txt"),
        ("http_ssl", "http_ssl.txt"),
        ("tcp", "tcp.txt"),
        ("tcp_ssl", "tcp_ssl_basic.txt"),
        ("dns", "dns_basic.txt"),
        ("grpc", "grpc.txt"),
        ("grpc_ssl", "grpc_ssl_basic.txt"),
    ];
    let read = |(module, file): (&'static str, &str)| {
        let mut page = Page::parse(&corpus::file(&format!("blackbox/golden/{file}"))?);
        let is_theirs = |metric: &str| !metric.contains("_all_") && metric.starts_with("probe_");
        page.help.retain(|metric, _| is_theirs(metric));
        page.kinds.retain(|metric, _| is_theirs(metric));
        page.samples.retain(|labels: &Labels, _| is_theirs(&labels["__name__"]));
        Some((module, page))
    };
    pages.into_iter().filter_map(read).collect()
}
