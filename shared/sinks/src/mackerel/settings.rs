//! An entry of `mackerel`: one Mackerel service.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Endpoint, Findings, Mapping, Node, Secret};
use series::go_regex::GoRegex;
use series::relabel;
use url::Url;

use super::rules::{Rule, Template};

const BASE_URL: &str = "https://api.mackerelio.com";
const CATCH_UP: Duration = Duration::from_secs(23 * 3600 + 30 * 60);
const REREAD: Duration = Duration::from_secs(300);
/// Mackerel answers 200 to older points and does not record them.
pub(super) const OLDEST: Duration = Duration::from_secs(24 * 3600);

/// A valid entry.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service; it must exist.
    pub(crate) service: String,
    /// A key with the permission to write.
    pub(crate) api_key: Secret,
    /// Where the API is.
    pub(crate) base_url: Endpoint,
    /// Which series go here.
    pub(crate) relabeling: Vec<relabel::Rule>,
    /// How they are named; the first rule that applies.
    pub(crate) names: Vec<Rule>,
    /// How far back an outage is caught up.
    pub(crate) catch_up: Duration,
    /// How much of what was delivered is read again for corrections: the same timestamp overwrites.
    pub(crate) reread: Duration,
}

impl Settings {
    /// Reads an entry; `None` after a finding that leaves nothing to send to.
    pub(crate) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut entry = node.mapping(findings)?;
        let service = take_service(&mut entry, findings);
        let api_key = take_key(&mut entry, findings);
        let base_url = match entry.take("base_url") {
            Some(node) => node.url(findings),
            None => Url::parse(BASE_URL).ok().map(Endpoint::from),
        };
        let relabeling = entry
            .take("write_relabel_configs")
            .map(|node| config::relabel::read_rules(node, findings));
        let names = entry.take("names").map(|node| read_names(node, findings));
        let (catch_up, reread) = crate::terms::take(&mut entry, CATCH_UP, REREAD, findings);
        entry.finish(findings);
        if catch_up >= OLDEST {
            let reason = "must be shorter than 1d: Mackerel does not record points that are older";
            findings.error(node, format!("catch_up {reason}"));
        }
        Some(Self {
            service: service?,
            api_key: api_key?,
            base_url: base_url?,
            relabeling: relabeling.unwrap_or_default(),
            names: names.unwrap_or_default(),
            catch_up,
            reread,
        })
    }
}

fn take_service(entry: &mut Mapping<'_>, findings: &mut Findings) -> Option<String> {
    let Some(node) = entry.take("service") else {
        findings.error(entry.node(), "service is missing: the name of a Mackerel service");
        return None;
    };
    let service = node.string(findings)?;
    if !is_service_name(&service) {
        let rule = "2 to 63 letters, digits, \"-\" and \"_\", the first a letter or digit";
        findings.error(node, format!("{service:?} is not a Mackerel service name: {rule}"));
        return None;
    }
    Some(service)
}

/// `^[A-Za-z0-9][A-Za-z0-9_-]{1,62}$`
fn is_service_name(name: &str) -> bool {
    (2..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn take_key(entry: &mut Mapping<'_>, findings: &mut Findings) -> Option<Secret> {
    let (inline, file) = (entry.take("api_key"), entry.take("api_key_file"));
    match (inline, file) {
        (Some(inline), None) => {
            let text = inline.string(findings)?;
            match text.trim() {
                "" => findings.error(inline, "is empty"),
                key => return Some(Secret::Inline(key.to_owned().into())),
            }
        }
        (None, Some(file)) => return file.secret_ref(findings).map(Secret::Reference),
        (Some(_), Some(_)) => {
            findings
                .error(entry.node(), "at most one of api_key & api_key_file must be configured");
        }
        (None, None) => findings.error(entry.node(), "api_key or api_key_file is missing"),
    }
    None
}

fn read_names(node: &Node, findings: &mut Findings) -> Vec<Rule> {
    let mut constants: BTreeMap<String, String> = BTreeMap::new();
    let mut rules = Vec::new();
    for item in node.sequence(findings).unwrap_or_default() {
        let Some(rule) = read_rule(item, findings) else {
            continue;
        };
        if let Some(name) = rule.constant() {
            match constants.get(name) {
                Some(first) => {
                    findings.error(
                        item,
                        format!("gives the name {name:?}, which {first} gives already"),
                    );
                }
                None => drop(constants.insert(name.to_owned(), item.path())),
            }
        }
        rules.push(rule);
    }
    rules
}

fn read_rule(node: &Node, findings: &mut Findings) -> Option<Rule> {
    let mut rule = node.mapping(findings)?;
    let metric = take_required(&mut rule, "match", findings).and_then(|node| {
        let pattern = node.string(findings)?;
        GoRegex::anchored(&pattern).map_err(|error| findings.error(node, error.to_string())).ok()
    });
    let template = take_required(&mut rule, "name", findings).and_then(|node| {
        let text = node.string(findings)?;
        Template::parse(&text)
            .map_err(|error| findings.error(node, format!("{text:?} {error}")))
            .ok()
    });
    rule.finish(findings);
    Some(Rule::new(metric?, template?))
}

fn take_required<'a>(
    rule: &mut Mapping<'a>,
    key: &str,
    findings: &mut Findings,
) -> Option<&'a Node> {
    let value = rule.take(key);
    if value.is_none() {
        findings.error(rule.node(), format!("{key} is missing"));
    }
    value
}
