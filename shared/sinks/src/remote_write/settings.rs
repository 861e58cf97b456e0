//! An entry of `remote_write`: Prometheus's block as it is (`config/config.go`, `RemoteWriteConfig`), with its error texts,
//! and two keys of ours, `catch_up` and `reread`.
//!
//! Stricter than Prometheus: a URL must be absolute (Prometheus takes `localhost:9090` and fails when it sends), and remote
//! write 2.0, `azuread` and `google_iam` are refused by name. Keys that rule what only a server has (shards, exemplars, …)
//! are checked and then a warning where they ask for something.

use std::time::Duration;

use config::{Auth, Defaults, Endpoint, Findings, HttpClient, Mapping, Node};
use http1::{HeaderName, HeaderValue};
use series::relabel::Rule;
use url::Url;

use super::queue::Queue;
use super::{headers, sigv4};

const TIMEOUT: Duration = Duration::from_secs(30);
const CATCH_UP: Duration = Duration::from_secs(50 * 60);
/// What Amazon Managed Service for Prometheus refuses is older than this.
const AMP_OLDEST: Duration = Duration::from_secs(3600);

const VERSION_1: &str = "prometheus.WriteRequest";
const VERSION_2: &str = "io.prometheus.write.v2.Request";

/// A valid entry.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name that the user gave, if any.
    pub(crate) name: Option<String>,
    /// Where samples go.
    pub(crate) url: Endpoint,
    /// Headers of each request beside those of the protocol.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// How long one attempt may take.
    pub(crate) timeout: Duration,
    /// `write_relabel_configs`.
    pub(crate) relabeling: Vec<Rule>,
    /// What of `queue_config` applies here.
    pub(crate) queue: Queue,
    /// TLS, proxy and credentials.
    pub(crate) http: HttpClient,
    /// How far back an outage is caught up.
    pub(crate) catch_up: Duration,
    /// How much of what was delivered is read again for corrections.
    pub(crate) reread: Duration,
}

impl Settings {
    /// Reads an entry; `None` after a finding that leaves nothing to send to.
    pub(crate) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if node.is_null() {
            findings.error(node, "empty or null remote write config section");
            return None;
        }
        let mut block = node.mapping(findings)?;
        let url = take_url(&mut block, findings);
        let http = take_http(&mut block, url.as_deref(), findings);
        take_message(&mut block, findings);
        take_without_effect(&mut block, findings);
        let name = block.take("name").and_then(|node| node.string(findings));
        let headers = block.take("headers").map(|node| headers::read(node, findings));
        let relabeling = block.take("write_relabel_configs").map(|node| {
            let empty = "empty or null relabeling rule in remote write config";
            config::relabel::read_rules_of(node, empty, findings)
        });
        let queue = Queue::take(&mut block, findings);
        let timeout =
            block.take("remote_timeout").and_then(|node| node.positive_duration(findings));
        let (catch_up, reread) = crate::terms::take(&mut block, CATCH_UP, Duration::ZERO, findings);
        block.finish_as("plain", findings);
        let url = url?;
        if is_amp(&url) && catch_up > AMP_OLDEST {
            let reason =
                "Amazon Managed Service for Prometheus refuses samples that are older than 1h";
            findings.warning(node, format!("catch_up: {reason}"));
        }
        Some(Self {
            name: name.filter(|name| !name.is_empty()),
            url,
            headers: headers.unwrap_or_default(),
            timeout: timeout.unwrap_or(TIMEOUT),
            relabeling: relabeling.unwrap_or_default(),
            queue,
            http,
            catch_up,
            reread,
        })
    }
}

fn take_url(block: &mut Mapping<'_>, findings: &mut Findings) -> Option<Endpoint> {
    let Some(node) = block.take("url") else {
        findings.error(block.node(), "url for remote_write is empty");
        return None;
    };
    node.url(findings)
}

fn take_http(block: &mut Mapping<'_>, url: Option<&Url>, findings: &mut Findings) -> HttpClient {
    let defaults = Defaults { follow_redirects: true, enable_http2: false };
    let mut http = HttpClient::take(block, findings, defaults);
    if http.tls.insecure_skip_verify {
        let reason = "tls_config.insecure_skip_verify: whoever is in between can read and change everything; name a ca_file instead";
        findings.warning(block.node(), reason);
    }
    let sigv4 = block.take("sigv4");
    let refused = ["azuread", "google_iam"].map(|key| (key, block.take(key)));
    let given = usize::from(http.auth.is_some()) + usize::from(sigv4.is_some());
    if given + refused.iter().filter(|(_, node)| node.is_some()).count() > 1 {
        let all = "basic_auth, authorization, oauth2, sigv4, azuread or google_iam";
        findings.error(block.node(), format!("at most one of {all} must be configured"));
    }
    for (key, node) in refused {
        if let Some(node) = node {
            findings.error(node, format!("{key} is not supported yet"));
        }
    }
    if let Some(sigv4) = sigv4.and_then(|node| sigv4::read(node, url, findings)) {
        http.auth = Some(Auth::SigV4(sigv4));
    }
    http
}

fn take_message(block: &mut Mapping<'_>, findings: &mut Findings) {
    let Some(node) = block.take("protobuf_message") else {
        return;
    };
    let reason = match node.string(findings).as_deref() {
        None | Some("" | VERSION_1) => return,
        Some(VERSION_2) => {
            format!("{VERSION_2} (remote write 2.0) is not supported yet; {VERSION_1} is")
        }
        Some(other) => format!(
            "invalid protobuf_message value: unknown type for remote write protobuf message {other}, \
             supported: {VERSION_1}, {VERSION_2}"
        ),
    };
    findings.error(node, reason);
}

/// Switches of what there is none of here. Off is the default of each, so only on asks for something.
const WITHOUT_EFFECT: [(&str, &str); 4] = [
    ("send_exemplars", "no source has exemplars"),
    ("send_native_histograms", "no source has native histograms"),
    ("round_robin_dns", "each run opens its connections anew"),
    ("failed_request_logging", "what fails is always reported"),
];

fn take_without_effect(block: &mut Mapping<'_>, findings: &mut Findings) {
    for (key, why) in WITHOUT_EFFECT {
        let node = block.take(key);
        if let Some((node, true)) = node.and_then(|node| Some((node, node.boolean(findings)?))) {
            findings.warning(node, format!("has no effect: {why}"));
        }
    }
    let Some(node) = block.take("metadata_config") else {
        return;
    };
    let Some(mut metadata) = node.mapping(findings) else {
        return;
    };
    let sends = metadata.take("send").and_then(|node| node.boolean(findings)).unwrap_or(true);
    let _interval = metadata.take("send_interval").and_then(|node| node.duration(findings));
    let _samples =
        metadata.take("max_samples_per_send").and_then(|node| node.integer::<u64>(findings));
    metadata.finish_as("MetadataConfig", findings);
    if sends {
        findings.warning(node, "has no effect: metadata is not sent");
    }
}

/// A workspace of Amazon Managed Service for Prometheus.
fn is_amp(url: &Url) -> bool {
    sigv4::region_of(url).is_some()
}
