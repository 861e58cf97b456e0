//! Secrets, and where they are kept. Nothing here opens a secret place; that is `aws`'s work.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

const PARAMETER: &str = "ssm:";
const SECRETS_MANAGER: &str = "secretsmanager:";

/// A secret: the value itself, or the place that holds it. `Debug` shows the place and never the value.
#[derive(Debug, Clone)]
pub enum Secret {
    /// Stands in the document.
    Inline(SecretString),
    /// Kept elsewhere.
    Reference(SecretRef),
}

impl Secret {
    /// The empty secret, which stands for "not given".
    pub fn empty() -> Self {
        Self::Inline(SecretString::default())
    }

    /// Where the secret is kept, unless it is inline.
    pub fn reference(&self) -> Option<&SecretRef> {
        match self {
            Self::Inline(_) => None,
            Self::Reference(reference) => Some(reference),
        }
    }
}

/// Where a secret is kept. This is no secret and may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretRef {
    /// A local file.
    File(PathBuf),
    /// A parameter of Parameter Store, with its leading slash; a version or label may follow (`/a/b:3`).
    Parameter(String),
    /// A secret of Secrets Manager, by name.
    SecretsManager(String),
}

/// As it is written in a document.
impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Parameter(name) => write!(f, "{PARAMETER}{name}"),
            Self::SecretsManager(name) => write!(f, "{SECRETS_MANAGER}{name}"),
        }
    }
}

/// Why a text names no secret place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// Nothing there.
    #[error("names no file, ssm:/parameter or secretsmanager:NAME")]
    Empty,
    /// Not a Parameter Store path.
    #[error("{0:?} is not a parameter's path, such as ssm:/hostless/secret/key")]
    Parameter(String),
    /// Not a secret's name.
    #[error("{0:?} is not a secret's name, such as secretsmanager:hostless/key")]
    SecretsManager(String),
    /// A relative file in a document that does not lie in a folder.
    #[error("the file {0:?} is relative, but its document lies in no folder")]
    NoDirectory(String),
}

impl SecretRef {
    /// Reads the value of a `*_file` key. Relative files start in `directory`.
    ///
    /// # Errors
    /// When the text names no place.
    pub fn parse(text: &str, directory: Option<&Path>) -> Result<Self, SecretRefError> {
        if text.is_empty() {
            return Err(SecretRefError::Empty);
        }
        if let Some(name) = text.strip_prefix(PARAMETER) {
            return match is_parameter(name) {
                true => Ok(Self::Parameter(name.to_owned())),
                false => Err(SecretRefError::Parameter(text.to_owned())),
            };
        }
        if let Some(name) = text.strip_prefix(SECRETS_MANAGER) {
            return match is_secret_name(name) {
                true => Ok(Self::SecretsManager(name.to_owned())),
                false => Err(SecretRefError::SecretsManager(text.to_owned())),
            };
        }
        let file = Path::new(text);
        match directory {
            _ if file.is_absolute() => Ok(Self::File(file.to_owned())),
            Some(directory) => Ok(Self::File(directory.join(file))),
            None => Err(SecretRefError::NoDirectory(text.to_owned())),
        }
    }

    /// True for a parameter at or below `path`: one that `GetParametersByPath` would return as a document.
    pub fn is_under(&self, path: &str) -> bool {
        let Self::Parameter(name) = self else {
            return false;
        };
        let rest = name.strip_prefix(path.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
    }
}

/// A path of letters, digits and `_.-`, then perhaps a version or label.
fn is_parameter(text: &str) -> bool {
    let (path, selector) = text.split_once(':').unwrap_or((text, "1"));
    let word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    // `/aws/reference/secretsmanager/NAME` may hold what names of secrets may.
    let segment = |segment: &str| match path.starts_with("/aws/reference/secretsmanager/") {
        true => is_secret_name(segment),
        false => word(segment),
    };
    let names = path.strip_prefix('/');
    names.is_some_and(|names| names.split('/').all(segment)) && word(selector) && text.len() <= 2048
}

fn is_secret_name(name: &str) -> bool {
    (1..=512).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use secrecy::SecretString;

    use super::{Secret, SecretRef};

    fn parse(text: &str) -> Result<SecretRef, String> {
        SecretRef::parse(text, Some(Path::new("/etc/hostless"))).map_err(|e| e.to_string())
    }

    #[test]
    fn a_reference_is_a_file_a_parameter_or_a_secret() {
        let parameter = |name: &str| SecretRef::Parameter(name.to_owned());
        let table = [
            ("key", SecretRef::File(PathBuf::from("/etc/hostless/key"))),
            ("../key", SecretRef::File(PathBuf::from("/etc/hostless/../key"))),
            ("/run/key", SecretRef::File(PathBuf::from("/run/key"))),
            ("ssm:/hostless/secret/key", parameter("/hostless/secret/key")),
            ("ssm:/key:3", parameter("/key:3")),
            (
                "ssm:/aws/reference/secretsmanager/a@b",
                parameter("/aws/reference/secretsmanager/a@b"),
            ),
            ("secretsmanager:prod/key", SecretRef::SecretsManager("prod/key".to_owned())),
        ];
        for (text, expected) in table {
            let read = parse(text);
            assert_eq!(read, Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for text in
            ["ssm:", "ssm:key", "ssm:/", "ssm:/a//b", "ssm:/a/", "ssm:/a b", "ssm:/a\n", "ssm:/a:"]
        {
            let expected =
                format!("{text:?} is not a parameter's path, such as ssm:/hostless/secret/key");
            assert_eq!(parse(text), Err(expected));
        }
        for text in ["secretsmanager:", "secretsmanager:arn:aws:x", "secretsmanager:a b"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("").is_err());
        let homeless = SecretRef::parse("key", None).map_err(|e| e.to_string());
        let expected = "the file \"key\" is relative, but its document lies in no folder";
        assert_eq!(homeless, Err(expected.to_owned()));
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::Inline(SecretString::from("hunter2"));
        let shown = format!("{secret:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_parameter_below_the_configuration_is_found() {
        let reference = parse("ssm:/hostless/config/key").expect("a reference");
        assert!(reference.is_under("/hostless/config"));
        assert!(reference.is_under("/hostless/config/"));
        assert!(reference.is_under("/hostless/config/key"));
        assert!(!reference.is_under("/hostless/conf"));
        assert!(!parse("/hostless/config/key").expect("a file").is_under("/hostless/config"));
    }
}
