//! Target groups, and the two forms in which they are written: YAML, and JSON.

use std::collections::BTreeMap;

use config::{Document, Findings, Node};
use serde::Deserialize;

/// Findings of one file that a message names; the others are counted.
const NAMED_FINDINGS: usize = 3;

/// What is said of a mistake in JSON quotes what was there.
const LONGEST_REASON: usize = 200;

/// Targets that were found together, and the labels that they share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Where they were found, for messages: a file and the group's place in it, a DNS name. Holds no secret.
    pub source: String,
    /// `host:port`, a URL, whatever `__address__` is to be.
    pub targets: Vec<String>,
    /// Labels of all of them, `__meta_*` included.
    pub labels: BTreeMap<String, String>,
}

/// A group in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    targets: Option<Vec<Option<String>>>,
    labels: Option<BTreeMap<String, Option<String>>>,
}

impl Group {
    /// Reads a group as it stands in YAML. `None` where it is no mapping.
    pub(crate) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut mapping = node.mapping(findings)?;
        let targets = mapping.take("targets").and_then(|node| node.strings(findings));
        let labels = mapping.take("labels").map(|node| read_labels(node, findings));
        mapping.finish_as("targetgroup.Group", findings);
        let (targets, labels) = (targets.unwrap_or_default(), labels.unwrap_or_default());
        Some(Self { source: String::new(), targets, labels })
    }

    /// Reads a list of groups in JSON: a file's, or an HTTP answer's.
    ///
    /// # Errors
    /// When it is no such list; the text says where.
    pub fn all_from_json(body: &[u8]) -> Result<Vec<Self>, String> {
        let written: Option<Vec<Option<Written>>> =
            serde_json::from_slice(body).map_err(|error| refusal(&error))?;
        written.unwrap_or_default().into_iter().map(Self::from_written).collect()
    }

    fn from_written(written: Option<Written>) -> Result<Self, String> {
        let Written { targets, labels } = written.ok_or("nil target group item found")?;
        let labels = labels.unwrap_or_default();
        if labels.contains_key("") {
            return Err("\"\" is not a valid label name".to_owned());
        }
        let labels = labels.into_iter().map(|(name, value)| (name, value.unwrap_or_default()));
        let targets = targets.unwrap_or_default().into_iter().map(Option::unwrap_or_default);
        Ok(Self { source: String::new(), targets: targets.collect(), labels: labels.collect() })
    }

    /// Reads a list of groups in YAML.
    ///
    /// # Errors
    /// When it is no such list; the text says where.
    pub fn all_from_yaml(body: Vec<u8>) -> Result<Vec<Self>, String> {
        let mut findings = Findings::new();
        let document = Document { name: String::new(), directory: None, body };
        let groups = document.node(&mut findings).map(|root| {
            let items = root.sequence(&mut findings).unwrap_or_default();
            items.iter().filter_map(|item| read_item(item, &mut findings)).collect()
        });
        match wrong(&findings) {
            None => Ok(groups.unwrap_or_default()),
            Some(reason) => Err(format!("not target groups: {reason}")),
        }
    }

    /// These groups with their places, and a label that tells where they were found.
    pub(super) fn placed(groups: Vec<Self>, source: &str, label: &str, value: &str) -> Vec<Self> {
        let place = |(at, mut group): (usize, Self)| {
            group.source = format!("{source}:{at}");
            group.labels.insert(label.to_owned(), value.to_owned());
            group
        };
        groups.into_iter().enumerate().map(place).collect()
    }
}

fn read_item(node: &Node, findings: &mut Findings) -> Option<Group> {
    if node.is_null() {
        findings.error(node, "nil target group item found");
        return None;
    }
    Group::read(node, findings)
}

fn read_labels(node: &Node, findings: &mut Findings) -> BTreeMap<String, String> {
    let Some(labels) = node.mapping(findings) else {
        return BTreeMap::new();
    };
    let mut read = BTreeMap::new();
    for (name, value) in labels.entries() {
        if name.is_empty() {
            findings.error(value, "\"\" is not a valid label name");
        }
        let value = if value.is_null() { Some(String::new()) } else { value.string(findings) };
        read.extend(value.map(|value| (name.to_owned(), value)));
    }
    read
}

/// What is wrong with JSON. What it quotes of a long text is left out whole, so that no part of a secret escapes the mask.
fn refusal(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.len() {
        ..=LONGEST_REASON => format!("not target groups: {text}"),
        _ => format!("not target groups at line {} column {}", error.line(), error.column()),
    }
}

fn wrong(findings: &Findings) -> Option<String> {
    let errors: Vec<_> = findings.errors().map(ToString::to_string).collect();
    let named = errors.iter().take(NAMED_FINDINGS).cloned().collect::<Vec<_>>().join("; ");
    match errors.len() {
        0 => None,
        1..=NAMED_FINDINGS => Some(named),
        count => Some(format!("{named}; and {} more", count - NAMED_FINDINGS)),
    }
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
