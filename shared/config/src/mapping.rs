//! A mapping while it is being read: what nobody took is unknown.

use std::collections::HashSet;

use crate::finding::Findings;
use crate::node::{Entry, Node};
use crate::quote::{meant, shortened};

/// A view of a mapping. Take the keys you know, then [`finish`](Self::finish).
///
/// A key without a value (`period:`) counts as absent, as it does in Go.
#[derive(Debug)]
#[must_use = "finish it, so that unknown keys are found"]
pub struct Mapping<'a> {
    node: &'a Node,
    entries: &'a [Entry],
    asked: HashSet<String>,
}

impl<'a> Mapping<'a> {
    pub(crate) fn new(node: &'a Node, entries: &'a [Entry]) -> Self {
        Self { node, entries, asked: HashSet::new() }
    }

    /// The mapping's own node, for findings about it as a whole.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// The value of a key that is known from now on; `None` if it is absent or nothing.
    pub fn take(&mut self, key: &str) -> Option<&'a Node> {
        self.take_present(key).filter(|node| !node.is_null())
    }

    /// The value of a key that is known from now on, even if it is nothing.
    pub fn take_present(&mut self, key: &str) -> Option<&'a Node> {
        self.asked.insert(key.to_owned());
        self.entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.node)
    }

    /// All pairs of a mapping whose keys are free (labels, headers, modules), in the order of the document.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.entries.iter().map(|entry| (&*entry.key, &entry.node))
    }

    /// Ends the reading: each key that was never asked for is an error.
    pub fn finish(self, findings: &mut Findings) {
        for entry in self.unknown() {
            let known = self.asked.iter().map(String::as_str);
            let reason = match meant(&entry.key, known) {
                Some(word) => format!("unknown key; did you mean {word:?}?"),
                None => "unknown key".to_owned(),
            };
            findings.error(&entry.node, reason);
        }
    }

    /// The same in Go's words, for formats whose users know them: `field x not found in type config.plain`.
    /// A type name without a package is one of package `config`.
    pub fn finish_as(self, go_type: &str, findings: &mut Findings) {
        let package = if go_type.contains('.') { "" } else { "config." };
        for entry in self.unknown() {
            let key = match entry.key.len() {
                ..=64 => entry.key.escape_debug().to_string(),
                _ => shortened(&entry.key),
            };
            let reason = format!("field {key} not found in type {package}{go_type}");
            findings.error(&entry.node, reason);
        }
    }

    /// The same with a warning, as a format does whose original ignores unknown keys.
    pub fn finish_leniently(self, findings: &mut Findings) {
        for entry in self.unknown() {
            findings.warning(&entry.node, "unknown key, ignored");
        }
    }

    fn unknown(&self) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(|entry| !self.asked.contains(&*entry.key))
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.node.fmt(f)
    }
}
