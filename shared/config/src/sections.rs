//! Documents to sections: each is read, checked as a document, and joined with the others by top-level key.
//!
//! A section's values keep their own places, so that a finding in the third list item names the document from
//! which that item came.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::document::Document;
use crate::finding::{Finding, Findings};
use crate::keys::{self, Join, Role};
use crate::locate::locate;
use crate::node::{Entry, Node, Place, Value};
use crate::quote::meant;
use crate::yaml;

/// The sections of all documents, by top-level key.
#[derive(Debug, Default, Clone)]
pub struct Sections {
    by_key: BTreeMap<&'static str, Node>,
}

impl Sections {
    /// Reads and joins documents. A document that cannot be read is a finding and costs the others nothing.
    pub fn read(documents: &[Document], findings: &mut Findings) -> Self {
        let mut parts: BTreeMap<&'static str, (Join, Vec<Node>)> = BTreeMap::new();
        for document in documents {
            for Part { key, join, node } in parts_of(document, findings) {
                parts.entry(key).or_insert((join, Vec::new())).1.push(node);
            }
        }
        let joined = parts
            .into_iter()
            .filter_map(|(key, (join, nodes))| Some((key, self::join(nodes, join, findings)?)));
        Self { by_key: joined.collect() }
    }

    /// A section, joined over all documents; its node may be nothing (`cloudfront:`).
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.by_key.get(key)
    }

    /// The items of a section that is a list; none if it is absent.
    pub fn list(&self, key: &str) -> Vec<Node> {
        match self.get(key).map(Node::value) {
            Some(Value::Sequence(items)) => items.to_vec(),
            _ => Vec::new(),
        }
    }

    /// The keys that are there, in alphabetical order, without those that nobody reads.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.by_key.keys().copied()
    }

    /// True if no section is there.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

/// What one document says of one section.
struct Part {
    key: &'static str,
    join: Join,
    node: Node,
}

/// A document's sections, without those that nobody reads.
fn parts_of(document: &Document, findings: &mut Findings) -> Vec<Part> {
    let Some(root) = document.node(findings) else {
        return Vec::new();
    };
    let entries = match root.value() {
        Value::Mapping(entries) => entries,
        _ if root.is_null() => return Vec::new(),
        _ => {
            findings.error(&root, "expected sections such as cloudfront: or remote_write:");
            return Vec::new();
        }
    };
    let mut parts = Vec::new();
    for Entry { key, node } in entries.iter() {
        match keys::known(key) {
            None => findings.error(node, unknown(key)),
            Some((_, Role::Ignored(why))) => findings.warning(node, why),
            Some((key, Role::Section(join))) => parts.push(Part { key, join, node: node.clone() }),
        }
    }
    parts
}

impl Document {
    /// The document as one value, for those that are not made of sections. `None` after a finding, or if it is empty.
    pub fn node(&self, findings: &mut Findings) -> Option<Node> {
        let refuse = |reason: String| Finding::error(&self.name, "", reason);
        let text = self.text().map_err(|error| findings.push(refuse(error.to_string()))).ok()?;
        let raw =
            yaml::parse(text).map_err(|error| findings.push(refuse(error.to_string()))).ok()??;
        let Self { name, directory, body: _ } = self;
        let place = Arc::new(Place { document: name.clone(), directory: directory.clone() });
        locate(&raw, &place, findings)
    }
}

fn unknown(name: &str) -> String {
    let known = keys::KEYS.into_iter().map(|(key, _)| key);
    match meant(name, known) {
        Some(word) => format!("unknown section; did you mean {word:?}?"),
        None => "unknown section".to_owned(),
    }
}

/// Joins one key's nodes, of which there is at least one.
fn join(nodes: Vec<Node>, join: Join, findings: &mut Findings) -> Option<Node> {
    match join {
        Join::Once => once(nodes, findings),
        Join::Append => append(&nodes, findings),
        Join::Union { append } => union(nodes, append, findings),
    }
}

fn once(nodes: Vec<Node>, findings: &mut Findings) -> Option<Node> {
    let mut nodes = nodes.into_iter();
    let first = nodes.next()?;
    for again in nodes {
        findings.error(&again, stands_already(&first));
    }
    Some(first)
}

fn append(nodes: &[Node], findings: &mut Findings) -> Option<Node> {
    let mut items = Vec::new();
    for node in nodes {
        items.extend_from_slice(node.sequence(findings).unwrap_or_default());
    }
    Some(like(nodes.first()?, Value::Sequence(items.into())))
}

fn union(nodes: Vec<Node>, appended: &[&str], findings: &mut Findings) -> Option<Node> {
    if nodes.len() == 1 {
        return nodes.into_iter().next();
    }
    let mut order: HashMap<&str, usize> = HashMap::new();
    let mut entries: Vec<(&str, Vec<Node>)> = Vec::new();
    for node in &nodes {
        let Some(mapping) = node.mapping(findings) else {
            continue;
        };
        for (key, value) in mapping.entries() {
            let index = *order.entry(key).or_insert(entries.len());
            if index == entries.len() {
                entries.push((key, Vec::new()));
            }
            entries[index].1.push(value.clone());
        }
    }
    let entries: Vec<Entry> = entries
        .into_iter()
        .filter_map(|(key, values)| {
            let join = if appended.contains(&key) { Join::Append } else { Join::Once };
            self::join(values, join, findings).map(|node| Entry { key: key.into(), node })
        })
        .collect();
    Some(like(nodes.first()?, Value::Mapping(entries.into())))
}

/// A joined value, at the place of the first of its parts.
fn like(first: &Node, value: Value) -> Node {
    Node::new(Arc::clone(first.place()), first.own_path().clone(), first.line(), value)
}

fn stands_already(first: &Node) -> String {
    format!("stands in {} already, line {}", first.document(), first.line())
}
