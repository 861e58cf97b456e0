//! Any bytes as the answer to an HTTP probe.

use std::time::Duration;

use clock::{Clock, Stopwatch};
use config::{Document, Findings, Sections};
use series::Timestamp;

use crate::frame::{Equipment, Probe, Record};
use crate::http::judge_bytes;
use crate::module::{self, Http, Prober};

/// What a probe made of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpAnswer {
    /// Whether it was content.
    pub succeeded: bool,
    /// The metrics that do not depend on the time: name, labels, value.
    pub gauges: Vec<(&'static str, OwnLabels, f64)>,
}

/// Names and values.
type OwnLabels = Vec<(String, String)>;

/// Long enough for any input.
const TIME: Duration = Duration::from_secs(60);

/// Every kind of look at an answer, with each of these compressions.
const COMPRESSIONS: [&str; 4] = ["", "gzip", "deflate", "br"];

/// Reads `bytes` as the answer of a server that closes the connection then. The first byte chooses the compression that the
/// module expects.
///
/// # Panics
/// Where the module of this file is wrong, or no runtime can be had.
pub fn http_answer(bytes: &[u8]) -> HttpAnswer {
    let (choice, bytes) = bytes.split_at(bytes.len().min(1));
    let choice = choice.first().map_or(0, |byte| usize::from(*byte) % COMPRESSIONS.len());
    let module = http_module(COMPRESSIONS[choice]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(read(&module, bytes))
}

async fn read(module: &Http, bytes: &[u8]) -> HttpAnswer {
    let clock = Clock::manual(Timestamp::from_secs(0));
    let factory = http::Factory::new(&|_| None).expect("an empty environment");
    let secrets = aws::Secrets::new(None, clock.clone(), TIME);
    let equipment = Equipment::with(factory, secrets, clock);
    let record = Record::start(false);
    let deadline = Stopwatch::start().started() + TIME;
    let probe = Probe {
        target: "http://localhost/",
        hostname: None,
        deadline,
        equipment: &equipment,
        record: &record,
    };
    let succeeded = judge_bytes(module, bytes.to_vec(), &probe).await.is_ok();
    let (gauges, _) = record.into_parts();
    let timeless = gauges.into_iter().filter(|gauge| !gauge.metric.name.ends_with("_seconds"));
    let gauges = timeless.map(|gauge| (gauge.metric.name, gauge.labels, gauge.value)).collect();
    HttpAnswer { succeeded, gauges }
}

fn http_module(compression: &str) -> Http {
    let body = format!(
        "modules: {{m: {{prober: http, http: {{\
         compression: '{compression}', body_size_limit: 1MB, \
         fail_if_body_matches_regexp: ['secret.*word', '(?i)ünï'], \
         fail_if_header_not_matches: [{{header: Content-Type, regexp: 'text|json', allow_missing: true}}]}}}}}}"
    );
    let document = Document { name: "fuzz.yml".to_owned(), directory: None, body: body.into() };
    let mut findings = Findings::new();
    let sections = Sections::read(&[document], &mut findings);
    let module = module::read_all(&sections, &mut findings).remove("m").map(|module| module.prober);
    match module {
        Some(Prober::Http(module)) => *module,
        _ => panic!("{findings:?}"),
    }
}
