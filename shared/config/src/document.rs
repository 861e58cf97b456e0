//! A document as it was fetched: a name to show, a folder in which its relative files start, bytes.

use std::fmt;
use std::path::PathBuf;

/// Larger documents are refused. A whole `prometheus.yml` with thousands of static targets is below 2 MB.
const LARGEST: usize = 8 << 20;

/// One document of the configuration, unread.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The name as findings show it: a file name, `ssm:/path`, `s3://bucket/key`.
    pub name: String,
    /// Where relative file names in the document start; `None` where it does not lie in a folder.
    pub directory: Option<PathBuf>,
    /// YAML, or JSON, which is YAML.
    pub body: Vec<u8>,
}

/// The body may hold secrets and stays out.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, directory, body } = self;
        f.debug_struct("Document")
            .field("name", name)
            .field("directory", directory)
            .field("bytes", &body.len())
            .finish()
    }
}

/// Why a document's bytes are no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    #[error("not UTF-8: byte {0} is not text")]
    NotUtf8(usize),
    #[error("byte {position} is the control character U+{character:04X}, which YAML forbids")]
    Control { position: usize, character: u32 },
    #[error("{0} bytes long; at most {LARGEST} are read")]
    TooLarge(usize),
}

impl Document {
    /// The body as text, without a byte order mark.
    pub(crate) fn text(&self) -> Result<&str, TextError> {
        if self.body.len() > LARGEST {
            return Err(TextError::TooLarge(self.body.len()));
        }
        let whole = std::str::from_utf8(&self.body)
            .map_err(|error| TextError::NotUtf8(error.valid_up_to()))?;
        match whole.char_indices().find(|(_, c)| is_forbidden(*c)) {
            Some((position, c)) => Err(TextError::Control { position, character: c.into() }),
            None => Ok(whole.strip_prefix('\u{feff}').unwrap_or(whole)),
        }
    }
}

/// What YAML 1.2 §5.1 does not let stand unescaped. A NUL above all, which a parser may take for the end.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}')
        || matches!(c, '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}'..='\u{ffff}')
}
