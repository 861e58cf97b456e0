//! What was written, to nodes that know their place: aliases and merge keys are expanded here, repeated keys and
//! unknown tags found.
//!
//! Expansion is what lets a small document grow ("billion laughs"), so it is paid from a budget.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{Finding, Findings};
use crate::node::{Entry, Node, Place, Value};
use crate::path::Path;
use crate::quote::shortened;
use crate::scalar::Scalar;
use crate::yaml::{Raw, RawValue};

/// What a document may weigh once expanded: its texts, and [`NODE_WEIGHT`] a value.
const HEAVIEST: usize = 32 << 20;
const NODE_WEIGHT: usize = 64;

/// Tags that say what we would take the value for anyway, or that decide it.
const TAGS: [&str; 11] = [
    "!",
    "!!str",
    "!!int",
    "!!float",
    "!!bool",
    "!!null",
    "!!binary",
    "!!timestamp",
    "!!map",
    "!!seq",
    "!!merge",
];

/// The document's root as a node; `None`, with a finding, if it is too heavy.
pub(crate) fn locate(raw: &Raw, place: &Arc<Place>, findings: &mut Findings) -> Option<Node> {
    let mut locator = Locator { place, findings, left: HEAVIEST };
    let root = locator.node(raw, Path::default());
    if root.is_none() {
        let reason = "too large: with its aliases expanded it weighs more than 32 MiB";
        findings.push(Finding::error(&place.document, "", reason));
    }
    root
}

struct Locator<'a> {
    place: &'a Arc<Place>,
    findings: &'a mut Findings,
    left: usize,
}

/// A mapping's pair, its key read.
struct Pair<'a> {
    key: Arc<str>,
    line: usize,
    value: &'a Raw,
}

impl Locator<'_> {
    /// `None`: the budget is used up.
    fn node(&mut self, raw: &Raw, path: Path) -> Option<Node> {
        self.pay(NODE_WEIGHT)?;
        self.check_tag(raw, &path);
        let value = match &raw.value {
            RawValue::Scalar { text, plain } => {
                self.pay(text.len())?;
                let (text, tag) = (Arc::clone(text), raw.tag.clone());
                Value::Scalar(Scalar { text, plain: *plain, tag })
            }
            RawValue::Sequence(items) => {
                let items = items.iter().enumerate();
                let nodes: Option<Vec<Node>> =
                    items.map(|(index, item)| self.node(item, path.index(index))).collect();
                Value::Sequence(nodes?.into())
            }
            RawValue::Mapping(pairs) => Value::Mapping(self.entries(pairs, &path)?.into()),
        };
        Some(Node::new(Arc::clone(self.place), path, raw.line, value))
    }

    fn entries(&mut self, pairs: &[(Arc<Raw>, Arc<Raw>)], path: &Path) -> Option<Vec<Entry>> {
        let mut merged = Vec::new();
        self.collect(pairs, path, &mut HashMap::new(), &mut merged, Merging::No)?;
        let mut entries = Vec::with_capacity(merged.len());
        for Pair { key, value, .. } in merged {
            let node = self.node(value, path.key(Arc::clone(&key)))?;
            entries.push(Entry { key, node });
        }
        Some(entries)
    }

    /// Gathers a mapping's own pairs, then those that its `<<` brings and that it does not have itself.
    fn collect<'a>(
        &mut self,
        pairs: &'a [(Arc<Raw>, Arc<Raw>)],
        path: &Path,
        lines: &mut HashMap<Arc<str>, usize>,
        collected: &mut Vec<Pair<'a>>,
        merging: Merging,
    ) -> Option<()> {
        let mut merges: Vec<&Raw> = Vec::new();
        for (key, value) in pairs {
            self.pay(NODE_WEIGHT)?;
            match &key.value {
                RawValue::Scalar { text, plain: true } if &**text == "<<" => merges.push(value),
                RawValue::Scalar { text, .. } => {
                    self.pay(text.len())?;
                    let pair = Pair { key: Arc::clone(text), line: key.line, value };
                    self.add(pair, path, lines, collected, merging);
                }
                RawValue::Sequence(_) | RawValue::Mapping(_) => {
                    self.error(path, format!("line {}: a key must be text", key.line));
                }
            }
        }
        for merge in merges {
            self.merge(merge, path, lines, collected)?;
        }
        Some(())
    }

    fn add<'a>(
        &mut self,
        pair: Pair<'a>,
        path: &Path,
        lines: &mut HashMap<Arc<str>, usize>,
        collected: &mut Vec<Pair<'a>>,
        merging: Merging,
    ) {
        match lines.get(&pair.key) {
            None => {
                lines.insert(Arc::clone(&pair.key), pair.line);
                collected.push(pair);
            }
            Some(first) if merging == Merging::No => {
                let reason = format!("stands twice, in lines {first} and {}", pair.line);
                self.error(&path.key(pair.key), reason);
            }
            Some(_) => {}
        }
    }

    fn merge<'a>(
        &mut self,
        merge: &'a Raw,
        path: &Path,
        lines: &mut HashMap<Arc<str>, usize>,
        collected: &mut Vec<Pair<'a>>,
    ) -> Option<()> {
        match &merge.value {
            RawValue::Mapping(pairs) => self.collect(pairs, path, lines, collected, Merging::Yes),
            RawValue::Sequence(items) => {
                for item in items {
                    self.pay(NODE_WEIGHT)?;
                    match &item.value {
                        RawValue::Mapping(pairs) => {
                            self.collect(pairs, path, lines, collected, Merging::Yes)?;
                        }
                        _ => self.error(path, not_mergeable(item.line)),
                    }
                }
                Some(())
            }
            RawValue::Scalar { .. } => {
                self.error(path, not_mergeable(merge.line));
                Some(())
            }
        }
    }

    fn check_tag(&mut self, raw: &Raw, path: &Path) {
        if let Some(tag) = raw.tag.as_deref().filter(|tag| !TAGS.contains(tag)) {
            self.error(path, format!("line {}: unknown tag {}", raw.line, shortened(tag)));
        }
    }

    fn error(&mut self, path: &Path, reason: String) {
        self.findings.push(Finding::error(&self.place.document, path.to_string(), reason));
    }

    fn pay(&mut self, weight: usize) -> Option<()> {
        self.left = self.left.checked_sub(weight)?;
        Some(())
    }
}

/// Whether pairs come from a `<<`: then one that is there already wins, and nothing is wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merging {
    Yes,
    No,
}

fn not_mergeable(line: usize) -> String {
    format!("line {line}: map merge requires map or sequence of maps as the value")
}
