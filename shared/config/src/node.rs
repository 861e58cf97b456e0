//! A value that knows its place, and the ways to read it. Each way answers `None` after a finding, so that a
//! reader goes on with the next key.
//!
//! Messages never quote a value that might be a secret: they name its kind, and quote it only where the reader
//! asked for a type that no secret has.

use std::fmt;
use std::path::Path as FilePath;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::duration;
use crate::endpoint::Endpoint;
use crate::finding::Findings;
use crate::mapping::Mapping;
use crate::path::Path;
use crate::quote::shortened;
use crate::scalar::{Meaning, Scalar};
use crate::secret::{Secret, SecretRef};
use crate::size;

const NO_SCHEME: &str = "URL without a scheme; it must begin with one, such as https://";

/// Which document a value comes from.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) document: String,
    pub(crate) directory: Option<PathBuf>,
}

/// A located value of a document. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    place: Arc<Place>,
    path: Path,
    line: usize,
    value: Value,
}

#[derive(Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    Sequence(Arc<[Node]>),
    Mapping(Arc<[Entry]>),
}

/// A key and its value.
pub(crate) struct Entry {
    pub(crate) key: Arc<str>,
    pub(crate) node: Node,
}

/// The place alone: the value may be a secret.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({}: {})", self.document(), self.path)
    }
}

impl Node {
    pub(crate) fn new(place: Arc<Place>, path: Path, line: usize, value: Value) -> Self {
        Self { place, path, line, value }
    }

    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    pub(crate) fn own_path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// The name of the document in which the value stands.
    pub fn document(&self) -> &str {
        &self.place.document
    }

    /// The folder in which relative file names of this document start.
    pub fn directory(&self) -> Option<&FilePath> {
        self.place.directory.as_deref()
    }

    /// Dotted path inside the document: `remote_write[0].url`.
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    /// The line in which the value begins, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Nothing there, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.meaning() == Meaning::Null)
    }

    /// A view of a mapping from which keys are taken. Nothing (`cloudfront:`) is an empty mapping, as in Go.
    pub fn mapping(&self, findings: &mut Findings) -> Option<Mapping<'_>> {
        match &self.value {
            Value::Mapping(entries) => Some(Mapping::new(self, entries)),
            _ if self.is_null() => Some(Mapping::new(self, &[])),
            _ => self.expected("a mapping", findings),
        }
    }

    /// The items of a list. Nothing is an empty list, as in Go.
    pub fn sequence(&self, findings: &mut Findings) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ if self.is_null() => Some(&[]),
            _ => self.expected("a list", findings),
        }
    }

    /// A text. Numbers and booleans are texts too where a text is wanted (`name: 5`); `!!binary` is decoded.
    pub fn string(&self, findings: &mut Findings) -> Option<String> {
        let bytes = self.bytes(findings)?;
        String::from_utf8(bytes)
            .map_err(|_| findings.error(self, "!!binary value is not UTF-8"))
            .ok()
    }

    /// A text that need not be UTF-8, which `!!binary` can write.
    pub fn bytes(&self, findings: &mut Findings) -> Option<Vec<u8>> {
        let Some(scalar) = self.scalar() else {
            return self.expected("text", findings);
        };
        let bytes = scalar.bytes();
        if bytes.is_none() {
            findings.error(self, "!!binary value contains invalid base64 data");
        }
        bytes
    }

    /// A list of texts.
    pub fn strings(&self, findings: &mut Findings) -> Option<Vec<String>> {
        let items = self.sequence(findings)?;
        let texts: Vec<_> = items.iter().map(|item| item.string(findings)).collect();
        texts.into_iter().collect()
    }

    /// True or false; also `yes`, `no`, `on`, `off`.
    pub fn boolean(&self, findings: &mut Findings) -> Option<bool> {
        let value = self.scalar().and_then(Scalar::boolean);
        value.or_else(|| self.expected("true or false", findings))
    }

    /// A whole number in the range of its type.
    pub fn integer<T: TryFrom<i128>>(&self, findings: &mut Findings) -> Option<T> {
        let Some(value) = self.scalar().and_then(Scalar::integer) else {
            return self.expected("a whole number", findings);
        };
        T::try_from(value)
            .map_err(|_| findings.error(self, format!("{value} is out of range")))
            .ok()
    }

    /// A number; `.inf` and `.nan` are numbers.
    pub fn float(&self, findings: &mut Findings) -> Option<f64> {
        let value = self.scalar().and_then(Scalar::float);
        value.or_else(|| self.expected("a number", findings))
    }

    /// A Prometheus duration (`1m30s`), which may be zero.
    pub fn duration(&self, findings: &mut Findings) -> Option<Duration> {
        let Some(scalar) = self.scalar() else {
            return self.expected("a duration", findings);
        };
        duration::parse(&scalar.text).map_err(|error| findings.error(self, error.to_string())).ok()
    }

    /// A Prometheus duration that is longer than nothing.
    pub fn positive_duration(&self, findings: &mut Findings) -> Option<Duration> {
        let duration = self.duration(findings)?;
        if duration.is_zero() {
            findings.error(self, "must be greater than 0");
            return None;
        }
        Some(duration)
    }

    /// A number of bytes with its unit (`1.5MB`), as Prometheus's `body_size_limit` is written.
    pub fn size(&self, findings: &mut Findings) -> Option<i64> {
        let Some(scalar) = self.scalar() else {
            return self.expected("a size", findings);
        };
        size::parse(&scalar.text).map_err(|error| findings.error(self, error.to_string())).ok()
    }

    /// An absolute `http` or `https` URL.
    pub fn url(&self, findings: &mut Findings) -> Option<Endpoint> {
        self.url_of(&["http", "https"], findings)
    }

    /// An absolute URL of one of these schemes.
    pub fn url_of(&self, schemes: &[&str], findings: &mut Findings) -> Option<Endpoint> {
        let Some(scalar) = self.scalar() else {
            return self.expected("a URL", findings);
        };
        let reason = match Url::parse(&scalar.text) {
            // `localhost:9090` parses, as something of the scheme `localhost`.
            Ok(url) if url.cannot_be_a_base() => NO_SCHEME.to_owned(),
            Err(url::ParseError::RelativeUrlWithoutBase) => NO_SCHEME.to_owned(),
            Ok(url) if !schemes.contains(&url.scheme()) => {
                let schemes: Vec<_> = schemes.iter().map(|scheme| format!("'{scheme}'")).collect();
                format!("URL scheme must be {}", schemes.join(" or "))
            }
            Ok(url) if url.has_host() => return Some(url.into()),
            Ok(_) | Err(url::ParseError::EmptyHost) => "host is missing in URL".to_owned(),
            Err(error) => format!("not a valid URL: {error}"),
        };
        findings.error(self, reason);
        None
    }

    /// A secret that stands in the document itself (`password: …`).
    pub fn secret(&self, findings: &mut Findings) -> Option<Secret> {
        self.secret_string(findings).map(Secret::Inline)
    }

    /// The same, where only an inline value makes sense.
    pub fn secret_string(&self, findings: &mut Findings) -> Option<SecretString> {
        self.string(findings).map(SecretString::from)
    }

    /// The value of a `*_file` key: a file, `ssm:/parameter` or `secretsmanager:NAME`.
    pub fn secret_ref(&self, findings: &mut Findings) -> Option<SecretRef> {
        let text = self.string(findings)?;
        SecretRef::parse(&text, self.directory())
            .map_err(|error| findings.error(self, error.to_string()))
            .ok()
    }

    fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => scalar.kind(),
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// The finding that this is of the wrong type.
    fn expected<T>(&self, wanted: &str, findings: &mut Findings) -> Option<T> {
        // What stands where a number or a switch should is no secret; where a list should stand it might be.
        let may_be_shown = matches!(wanted, "true or false" | "a number" | "a whole number");
        let found = match &self.value {
            Value::Scalar(scalar) if may_be_shown && !self.is_null() => {
                format!("{} {}", scalar.kind(), shortened(&scalar.text))
            }
            _ => self.kind().to_owned(),
        };
        findings.error(self, format!("expected {wanted}, found {found}"));
        None
    }
}
