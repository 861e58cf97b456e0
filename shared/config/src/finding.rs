//! What is wrong with a configuration, and where. Findings are gathered, never thrown: reading goes on after
//! each, so that a user sees them all at once.

use std::fmt;

use crate::node::Node;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// The configuration works, but probably not as its author thinks.
    Warning,
}

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Error or warning.
    pub severity: Severity,
    /// The document's name as shown to users; empty where no single document is to blame.
    pub document: String,
    /// Dotted path inside the document (`remote_write[0].url`); empty for the document as a whole.
    pub path: String,
    /// What is wrong, without a secret in it.
    pub reason: String,
}

impl Finding {
    /// An error.
    pub fn error(
        document: impl Into<String>,
        path: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        let (document, path, reason) = (document.into(), path.into(), reason.into());
        Self { severity: Severity::Error, document, path, reason }
    }

    /// A warning.
    pub fn warning(
        document: impl Into<String>,
        path: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(document, path, reason) }
    }
}

/// `document: path: reason`; what is empty is left out.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in [&self.document, &self.path] {
            if !place.is_empty() {
                write!(f, "{place}: ")?;
            }
        }
        f.write_str(&self.reason)
    }
}

/// All findings of one reading, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// No findings yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error at a node.
    pub fn error(&mut self, node: &Node, reason: impl Into<String>) {
        self.push(Finding::error(node.document(), node.path(), reason));
    }

    /// Adds a warning at a node.
    pub fn warning(&mut self, node: &Node, reason: impl Into<String>) {
        self.push(Finding::warning(node.document(), node.path(), reason));
    }

    /// Adds a finding that belongs to no node.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// The warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(|finding| finding.severity == Severity::Warning)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// True if the configuration cannot be used.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// True if nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many errors there are: compared before and after a reading, it tells whether that reading went well.
    pub fn error_count(&self) -> usize {
        self.errors().count()
    }

    /// The findings themselves.
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        self.0.extend(findings);
    }
}
