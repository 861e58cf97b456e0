//! What can go wrong with a store.

/// Why a location cannot be a store.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LocationError {
    /// Neither of the three.
    #[error("read the location \"{0}\": it is neither s3://bucket/prefix, file:DIR nor memory")]
    Unknown(String),
    /// A key or prefix that cannot stand in a path.
    #[error("use \"{0}\" as a prefix: it has an empty, relative or unprintable part")]
    Prefix(String),
    /// S3 without an AWS configuration, or without a region.
    #[error("open {location}: {reason}")]
    Aws {
        /// The location.
        location: String,
        /// What is missing.
        reason: String,
    },
}

/// Why a store did not do what it was asked to. That there is no object is no error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key cannot stand in a path: an empty, relative or unprintable part.
    #[error("use \"{0}\" as a key: it has an empty, relative or unprintable part")]
    Key(String),
    /// The store did not answer, refused, or failed.
    #[error("{action} {key}: {reason}")]
    Failed {
        /// `read`, `write`, `delete` or `list`.
        action: &'static str,
        /// The object or the prefix.
        key: String,
        /// What the store said.
        reason: String,
    },
}

/// Why an object was not written.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// Somebody else wrote it since it was read. Read it again.
    #[error("write {0}: somebody else has written it meanwhile")]
    Conflict(String),
    /// The store failed. The object may have been written or not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreError {
    pub(crate) fn failed(action: &'static str, key: &str, reason: impl std::fmt::Display) -> Self {
        Self::Failed { action, key: key.to_owned(), reason: reason.to_string() }
    }
}
