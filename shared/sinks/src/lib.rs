//! Where series go: Prometheus remote write and Mackerel service metrics.
//!
//! A sink takes [`Series`](series::Series) and tells what became of them, a [`Delivery`]. On the way it relabels and names
//! them, cuts them into requests, encodes and sends these one after the other, and asks of each answer what it means.
//! Settings, names, requests, encoding, the table of answers, the waits, the search for bad samples and the verdict are
//! pure; only `send` meets the network.
//!
//! ```text
//! settings ─→ SinkConfig ─→ Sink::deliver(series, run) ─→ Delivery
//!                              outgoing (labels) ─→ admission (times) ─→ requests | names, points ─→ load
//!                              ─→ send: encode, attempt ─→ answer ─→ done | backoff and again | parts ─→ verdict
//! ```
//!
//! Nothing here knows a source, a state or a spool: what a failure leaves undelivered is the caller's to bring again. Of
//! samples that cannot be had again [`Sink::deliver_or_keep`] gives it back as the bodies of requests, which
//! [`Sink::redeliver`] takes.

mod admission;
mod answer;
mod backoff;
mod body;
mod delivery;
mod load;
pub mod mackerel;
mod outgoing;
mod parts;
#[cfg(test)]
mod parts_tests;
mod refusals;
pub mod remote_write;
mod send;
mod sink;
mod suspects;
mod terms;
#[cfg(test)]
mod testing;
mod verdict;

use std::collections::HashMap;
use std::time::Duration;

use aws::{Aws, Secrets};
use config::{Finding, Findings, Node, SecretRef, Sections};
use http::SendError;

pub use body::{Body, DamagedBody};
pub use delivery::{Delivery, Failure, Run, SplitAllowance};
pub use refusals::Refusals;
pub use sink::Sink;

/// What all sinks call themselves.
const USER_AGENT: &str = concat!("hostless/", env!("CARGO_PKG_VERSION"));

/// A sink as configured, and where.
#[derive(Debug, Clone)]
pub struct SinkConfig {
    node: Node,
    settings: Settings,
}

#[derive(Debug, Clone)]
enum Settings {
    RemoteWrite(Box<remote_write::Settings>),
    Mackerel(Box<mackerel::Settings>),
}

/// What sinks are built with.
#[derive(Debug)]
pub struct Equipment<'a> {
    /// Makes their clients.
    pub factory: &'a http::Factory,
    /// Opens their secrets.
    pub secrets: &'a Secrets,
    /// For `sigv4`; absent where there is no AWS.
    pub aws: Option<&'a Aws>,
    /// `external_labels` of `global`.
    pub external_labels: &'a [(String, String)],
}

impl Equipment<'_> {
    /// A client that connects and authenticates as configured.
    fn client(&self, http: &config::HttpClient) -> Result<http::Client, SendError> {
        self.factory.client(http, self.secrets, self.aws)
    }
}

/// Reads the sections `remote_write` and `mackerel`. Entries with errors are left out; two of one name are an error.
pub fn read(sections: &Sections, findings: &mut Findings) -> Vec<SinkConfig> {
    let mut read = Vec::new();
    for node in sections.list("remote_write") {
        let settings = remote_write::Settings::read(&node, findings);
        let settings = settings.map(|settings| Settings::RemoteWrite(Box::new(settings)));
        read.extend(settings.map(|settings| SinkConfig { node, settings }));
    }
    for node in sections.list("mackerel") {
        let settings = mackerel::Settings::read(&node, findings);
        let settings = settings.map(|settings| Settings::Mackerel(Box::new(settings)));
        read.extend(settings.map(|settings| SinkConfig { node, settings }));
    }
    check_names(&read, findings);
    read
}

/// The state is kept by name: two sinks of one name would move each other's watermarks.
fn check_names(sinks: &[SinkConfig], findings: &mut Findings) {
    let mut known: HashMap<String, &Node> = HashMap::new();
    for sink in sinks {
        let name = sink.name();
        if let Some(first) = known.get(&name) {
            let first = format!("{}: {}", first.document(), first.path());
            findings.error(&sink.node, sink.same_name_as(&first));
        } else {
            known.insert(name, &sink.node);
        }
    }
}

impl SinkConfig {
    /// A finding about this entry as a whole, at its place.
    pub fn finding(&self, reason: impl Into<String>) -> Finding {
        Finding::error(self.node.document(), self.node.path(), reason)
    }

    /// The sink's name in the state and in the report: `remote_write:<name>`, else the URL without credentials and
    /// query; `mackerel:<service>`.
    pub fn name(&self) -> String {
        match &self.settings {
            Settings::RemoteWrite(settings) => match &settings.name {
                Some(name) => format!("remote_write:{name}"),
                None => settings.url.to_string(),
            },
            Settings::Mackerel(settings) => format!("mackerel:{}", settings.service),
        }
    }

    fn same_name_as(&self, first: &str) -> String {
        match &self.settings {
            Settings::RemoteWrite(settings) => match &settings.name {
                Some(name) => {
                    format!(
                        "found multiple remote write configs with job name {name:?}; the first is {first}"
                    )
                }
                None => format!("goes to the same URL as {first}: give each a name"),
            },
            Settings::Mackerel(_) => format!("is for the same service as {first}"),
        }
    }

    /// How far back an outage of this sink is caught up.
    pub fn catch_up(&self) -> Duration {
        match &self.settings {
            Settings::RemoteWrite(settings) => settings.catch_up,
            Settings::Mackerel(settings) => settings.catch_up,
        }
    }

    /// How much of what was delivered is read again for corrections.
    pub fn reread(&self) -> Duration {
        match &self.settings {
            Settings::RemoteWrite(settings) => settings.reread,
            Settings::Mackerel(settings) => settings.reread,
        }
    }

    /// Every place that holds a secret of this sink.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match &self.settings {
            Settings::RemoteWrite(settings) => settings.http.secrets(),
            Settings::Mackerel(settings) => settings.api_key.reference().into_iter().collect(),
        }
    }

    /// The sink; nothing is opened and nothing is sent.
    ///
    /// # Errors
    /// When there is no client for it: `sigv4` without AWS, say.
    pub fn build(self, equipment: &Equipment<'_>) -> Result<Sink, SendError> {
        let name = self.name();
        Ok(match self.settings {
            Settings::RemoteWrite(settings) => remote_write::sink(name, *settings, equipment)?,
            Settings::Mackerel(settings) => mackerel::sink(name, *settings, equipment)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, errors_of, sections};

    fn names(yaml: &str) -> Vec<String> {
        let mut findings = Findings::new();
        let sinks = read(&sections(yaml, &mut findings), &mut findings);
        assert!(!findings.has_errors(), "{findings:?}");
        sinks.iter().map(SinkConfig::name).collect()
    }

    #[test]
    fn a_sink_is_named_after_its_name_its_url_or_its_service() {
        let yaml = "
remote_write:
  - {name: amp, url: 'http://a/write'}
  - {url: 'https://user:secret@prometheus.example.com:9090/api/v1/write?token=secret#x'}
mackerel:
  - {service: web, api_key: k}
";
        assert_eq!(
            names(yaml),
            [
                "remote_write:amp",
                "https://prometheus.example.com:9090/api/v1/write",
                "mackerel:web"
            ]
        );
    }

    #[test]
    fn neither_a_configuration_nor_a_sink_prints_a_secret() {
        let yaml = "
remote_write:
  - url: https://user:planted@h/p?token=planted#planted
    headers: {X-Key: planted}
    proxy_url: http://user:planted@proxy:3128
    oauth2: {client_id: c, client_secret: planted, token_url: 'https://u:planted@i/?t=planted'}
mackerel:
  - {service: web, api_key: planted, base_url: 'https://user:planted@h/p?token=planted'}
";
        let mut findings = Findings::new();
        let sinks = read(&sections(yaml, &mut findings), &mut findings);
        assert!(!findings.has_errors() && sinks.len() == 2, "{findings:?}");
        let environment =
            |name: &str| (name == "HTTP_PROXY").then(|| "http://u:planted@proxy".to_owned());
        let factory = http::Factory::new(&environment).expect("a factory");
        let clock = clock::Clock::manual(NOW);
        let secrets = Secrets::new(None, clock, Duration::from_secs(300));
        let equipment =
            Equipment { factory: &factory, secrets: &secrets, aws: None, external_labels: &[] };
        let mut shown = format!("{sinks:#?} {equipment:#?}");
        for sink in sinks {
            shown += &format!("{:#?}", sink.build(&equipment).expect("a sink"));
        }
        assert!(shown.contains("https://h/p") && shown.contains("Mackerel {"), "{shown}");
        assert!(!shown.contains("planted"), "{shown}");
    }

    #[test]
    fn two_sinks_of_one_name_are_an_error() {
        let table = [
            (
                "remote_write: [{name: a, url: 'http://a'}, {name: a, url: 'http://b'}]",
                "test.yml: remote_write[1]: found multiple remote write configs with job name \"a\"; \
                 the first is test.yml: remote_write[0]",
            ),
            (
                "remote_write: [{url: 'http://u:p@a/'}, {url: 'http://a/?tenant=2'}]",
                "test.yml: remote_write[1]: goes to the same URL as test.yml: remote_write[0]: give each a name",
            ),
            (
                "mackerel: [{service: web, api_key: a}, {service: web, api_key: b}]",
                "test.yml: mackerel[1]: is for the same service as test.yml: mackerel[0]",
            ),
        ];
        for (yaml, expected) in table {
            let errors = errors_of(yaml, |sections, findings| drop(read(sections, findings)));
            assert_eq!(errors, [expected]);
        }
    }

    #[test]
    fn one_wrong_entry_does_not_hide_the_mistakes_of_the_others() {
        let yaml = "
remote_write:
  - {url: 'localhost:9090'}
  - {url: 'http://a', colour: red}
mackerel:
  - {service: x}
";
        let errors = errors_of(yaml, |sections, findings| drop(read(sections, findings)));
        assert_eq!(errors.len(), 4, "{errors:#?}");
    }
}
