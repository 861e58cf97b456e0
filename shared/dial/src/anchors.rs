//! Certificates that are trusted, whole: a root's end and its extensions count too.

use std::ops::Range;

use crate::certificate::Certificate;

/// Trusted certificates, one behind the other in one buffer, to be parsed where they are asked for: of some hundred and fifty
/// roots of a machine, a function's targets need a few.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    der: Vec<u8>,
    entries: Vec<Entry>,
}

/// Where a certificate lies, and its subject within it.
#[derive(Debug)]
struct Entry {
    certificate: Range<usize>,
    subject: Range<usize>,
}

impl Anchors {
    /// Adds a certificate, unless it is none.
    pub(crate) fn add(&mut self, der: &[u8]) {
        let Some(certificate) = Certificate::parse(der) else { return };
        let start = self.der.len();
        // Where the subject lies: both are parts of one slice.
        let offset = certificate.subject.as_ptr().addr() - der.as_ptr().addr();
        let subject = start + offset..start + offset + certificate.subject.len();
        self.der.extend_from_slice(der);
        self.entries.push(Entry { certificate: start..self.der.len(), subject });
    }

    /// The certificates of this subject.
    pub(crate) fn with_subject(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        let of_name = move |entry: &&Entry| self.der.get(entry.subject.clone()) == Some(name);
        self.entries
            .iter()
            .filter(of_name)
            .filter_map(|entry| self.der.get(entry.certificate.clone()))
    }

    /// Whether this very certificate is among them.
    pub(crate) fn holds(&self, der: &[u8]) -> bool {
        self.entries.iter().any(|entry| self.der.get(entry.certificate.clone()) == Some(der))
    }
}
