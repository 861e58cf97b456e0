//! The tree that all protocols read into and write from, so that an operation is written once.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::aws::error::ServiceError;

/// A value of a request or response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    /// Epoch seconds. A kind of its own, because CBOR tags it and XML spells it.
    Time(f64),
    Text(String),
    List(Vec<Node>),
    /// Members in order. XML repeats a name for each item of a flat list.
    Map(Vec<(String, Node)>),
}

/// A [`Node::Map`] of these members; those that are `Null` are left out.
pub(crate) fn map<const N: usize>(members: [(&str, Node); N]) -> Node {
    Node::Map(
        members
            .into_iter()
            .filter(|(_, value)| *value != Node::Null)
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// Flat repetition, as REST XML has it: each item under the same name.
pub(crate) fn repeated(name: &str, items: impl IntoIterator<Item = Node>) -> Node {
    Node::Map(items.into_iter().map(|item| (name.to_owned(), item)).collect())
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<usize> for Node {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).expect("a count"))
    }
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Node>> FromIterator<T> for Node {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// Epoch seconds as a [`Node::Time`].
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit into 53 bits")]
pub(crate) fn time(seconds: i64) -> Node {
    Node::Time(seconds as f64)
}

/// Reading members of a request. A member of the wrong type is the sender's mistake; the query
/// protocol sends all as text.
impl Node {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        let Self::Map(members) = self else {
            return None;
        };
        let (_, value) = members.iter().find(|(member, _)| member == name)?;
        (*value != Self::Null).then_some(value)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ServiceError> {
        self.read(name, |node| match node {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<&str, ServiceError> {
        self.text(name)?.ok_or_else(|| ServiceError::missing(name))
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ServiceError> {
        self.read(name, |node| match node {
            Self::Integer(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        })
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, ServiceError> {
        self.read(name, Self::as_number)
    }

    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            #[expect(clippy::cast_precision_loss, reason = "what a sender writes as a double")]
            Self::Integer(value) => Some(*value as f64),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, ServiceError> {
        self.read(name, |node| match node {
            Self::Bool(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// Whole epoch seconds; fractions are cut off.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<i64>, ServiceError> {
        self.read(name, |node| match node {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "saturates, and no test lives that long"
            )]
            Self::Time(seconds) => Some(seconds.floor() as i64),
            Self::Text(text) => {
                OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
            }
            _ => None,
        })
    }

    pub(crate) fn list(&self, name: &str) -> Result<&[Node], ServiceError> {
        let items = self.read(name, |node| match node {
            Self::List(items) => Some(items.as_slice()),
            _ => None,
        })?;
        Ok(items.unwrap_or_default())
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>, ServiceError> {
        self.list(name)?
            .iter()
            .map(|node| match node {
                Self::Text(text) => Ok(text.as_str()),
                _ => Err(ServiceError::wrong_type(name)),
            })
            .collect()
    }

    fn read<'a, T>(
        &'a self,
        name: &str,
        convert: impl FnOnce(&'a Node) -> Option<T>,
    ) -> Result<Option<T>, ServiceError> {
        self.get(name)
            .map(|node| convert(node).ok_or_else(|| ServiceError::wrong_type(name)))
            .transpose()
    }
}
