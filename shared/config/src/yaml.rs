//! Text to a tree of what was written, by the events of a YAML parser.
//!
//! Nothing is interpreted and nothing is copied: an alias shares the very node of its anchor, so that the tree
//! is never larger than its text. Depth is bounded, aliases included; a later walk may recurse.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

/// How deep values may nest. Prometheus's deepest section needs 8.
const DEEPEST: usize = 64;

/// A value as written.
pub(crate) struct Raw {
    /// Counted from 1.
    pub(crate) line: usize,
    /// As in a document: `!!binary`, `!custom`.
    pub(crate) tag: Option<Arc<str>>,
    pub(crate) value: RawValue,
    /// How deep the value nests: 1 for a scalar.
    depth: usize,
}

pub(crate) enum RawValue {
    Scalar {
        text: Arc<str>,
        plain: bool,
    },
    Sequence(Vec<Arc<Raw>>),
    /// Pairs as written: repeated keys and `<<` included.
    Mapping(Vec<(Arc<Raw>, Arc<Raw>)>),
}

/// Why a text is no YAML that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxError {
    #[error("line {line}, column {column}: not valid YAML: {reason}")]
    Malformed { line: usize, column: usize, reason: String },
    #[error("line {0}: values nest deeper than {DEEPEST} levels")]
    TooDeep(usize),
    #[error("line {0}: an alias stands inside its own anchor")]
    Circular(usize),
    #[error("line {0}: a second YAML document begins here; write one document a file")]
    SecondDocument(usize),
}

impl From<ScanError> for SyntaxError {
    fn from(error: ScanError) -> Self {
        let marker = error.marker();
        let (line, column, reason) = (marker.line(), marker.col() + 1, error.info().to_owned());
        Self::Malformed { line, column, reason }
    }
}

/// Reads the one document in `text`; `None` if there is nothing in it.
pub(crate) fn parse(text: &str) -> Result<Option<Arc<Raw>>, SyntaxError> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event?;
        builder.event(event, span)?;
    }
    Ok(builder.root)
}

/// A collection that is still being read.
struct Open {
    anchor: usize,
    tag: Option<Arc<str>>,
    line: usize,
    is_mapping: bool,
    children: Vec<Arc<Raw>>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Arc<Raw>>,
    root: Option<Arc<Raw>>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let line = span.start.line();
        match event {
            Event::SequenceStart(anchor, tag) => self.start(anchor, tag.as_deref(), line, false),
            Event::MappingStart(anchor, tag) => self.start(anchor, tag.as_deref(), line, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let value = RawValue::Scalar { text: text.into(), plain };
                let tag = tag.as_deref().map(short_tag);
                self.value(anchor, Arc::new(Raw { line, tag, value, depth: 1 }))
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).cloned();
                self.value(0, target.ok_or(SyntaxError::Circular(line))?)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn start(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        line: usize,
        is_mapping: bool,
    ) -> Result<(), SyntaxError> {
        if self.open.len() >= DEEPEST {
            return Err(SyntaxError::TooDeep(line));
        }
        let tag = tag.map(short_tag);
        self.open.push(Open { anchor, tag, line, is_mapping, children: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        let Some(Open { anchor, tag, line, is_mapping, children }) = self.open.pop() else {
            return Ok(());
        };
        let depth = 1 + children.iter().map(|child| child.depth).max().unwrap_or(0);
        if depth > DEEPEST {
            return Err(SyntaxError::TooDeep(line));
        }
        let value = if is_mapping {
            RawValue::Mapping(pairs(children))
        } else {
            RawValue::Sequence(children)
        };
        self.value(anchor, Arc::new(Raw { line, tag, value, depth }))
    }

    fn value(&mut self, anchor: usize, raw: Arc<Raw>) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.anchors.insert(anchor, Arc::clone(&raw));
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(raw),
            None if self.root.is_none() => self.root = Some(raw),
            // A `---` at the end of a file begins a document with nothing in it, which does no harm.
            None if raw.is_blank() => {}
            None => return Err(SyntaxError::SecondDocument(raw.line)),
        }
        Ok(())
    }
}

impl Raw {
    fn is_blank(&self) -> bool {
        matches!(&self.value, RawValue::Scalar { text, plain: true } if text.is_empty())
    }
}

fn pairs(children: Vec<Arc<Raw>>) -> Vec<(Arc<Raw>, Arc<Raw>)> {
    let mut children = children.into_iter();
    std::iter::from_fn(|| Some((children.next()?, children.next()?))).collect()
}

/// `tag:yaml.org,2002:str` as people write it: `!!str`.
fn short_tag(tag: &Tag) -> Arc<str> {
    if tag.is_yaml_core_schema() {
        format!("!!{}", tag.suffix).into()
    } else {
        format!("{}{}", tag.handle, tag.suffix).into()
    }
}
