//! Where a value stands in its document: `remote_write[0].url`.
//!
//! Paths share their beginnings, so that a long key above many values is kept once: a document must not be able
//! to grow in memory by more than a small factor.

use std::fmt;
use std::sync::Arc;

use crate::quote::shortened;

/// A dotted path. The empty one is the document's root.
#[derive(Clone, Default)]
pub(crate) struct Path(Option<Arc<Step>>);

struct Step {
    parent: Path,
    segment: Segment,
}

enum Segment {
    Key(Arc<str>),
    Index(usize),
}

impl Path {
    pub(crate) fn key(&self, key: Arc<str>) -> Self {
        self.step(Segment::Key(key))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.step(Segment::Index(index))
    }

    fn step(&self, segment: Segment) -> Self {
        let parent = self.clone();
        Self(Some(Arc::new(Step { parent, segment })))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(step) = &self.0 else { return Ok(()) };
        step.parent.fmt(f)?;
        match &step.segment {
            Segment::Index(index) => write!(f, "[{index}]"),
            Segment::Key(key) if !is_word(key) => write!(f, "[{}]", shortened(key)),
            Segment::Key(key) if step.parent.0.is_none() => f.write_str(key),
            Segment::Key(key) => write!(f, ".{key}"),
        }
    }
}

/// Keys that can stand in a path as they are; others (dots, spaces, control characters, very long ones) are quoted.
fn is_word(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-/:".contains(c);
    (1..=64).contains(&key.len()) && key.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn keys_are_dotted_and_indices_bracketed() {
        let path = Path::default().key("remote_write".into()).index(0).key("url".into());
        assert_eq!(path.to_string(), "remote_write[0].url");
    }

    #[test]
    fn a_key_that_would_be_misread_is_quoted() {
        let path = Path::default().key("a.b".into()).key("c\nd".into());
        assert_eq!(path.to_string(), r#"["a.b"]["c\nd"]"#);
    }

    #[test]
    fn a_very_long_key_is_cut() {
        let path = Path::default().key("k".repeat(10_000).into());
        assert!(path.to_string().len() < 100, "{path}");
    }
}
