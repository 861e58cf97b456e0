//! Where a store is, as it is written: `s3://bucket/prefix`, `file:DIR` or `memory`. Pure.

use std::path::PathBuf;

use object_store::path::Path;
use url::Url;

use crate::LocationError;

/// A location, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    S3 { bucket: String, prefix: Path },
    Folder(PathBuf),
    Memory,
}

impl Location {
    pub(crate) fn parse(text: &str) -> Result<Self, LocationError> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if text.starts_with("s3://") {
            return s3(text);
        }
        let unknown = || LocationError::Unknown(text.to_owned());
        let folder = text.strip_prefix("file:").ok_or_else(unknown)?;
        // `file:///var/lib/hostless` and `file:/var/lib/hostless` are the same; `file:state` is relative.
        let folder = folder.strip_prefix("//").unwrap_or(folder);
        if folder.is_empty() { Err(unknown()) } else { Ok(Self::Folder(PathBuf::from(folder))) }
    }
}

fn s3(text: &str) -> Result<Location, LocationError> {
    let unknown = || LocationError::Unknown(text.to_owned());
    let url = Url::parse(text).map_err(|_| unknown())?;
    let bucket = url.host_str().filter(|bucket| !bucket.is_empty()).ok_or_else(unknown)?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(unknown());
    }
    // As written: a URL would encode what S3 takes as it is.
    let rest = text.get("s3://".len()..).and_then(|rest| rest.split_once('/'));
    let prefix = rest.map_or("", |(_, prefix)| prefix);
    let prefix = Path::parse(prefix).map_err(|_| LocationError::Prefix(prefix.to_owned()))?;
    Ok(Location::S3 { bucket: bucket.to_owned(), prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_s3_a_folder_or_memory() {
        let s3 = |bucket: &str, prefix: &str| Location::S3 {
            bucket: bucket.to_owned(),
            prefix: Path::parse(prefix).expect("a prefix"),
        };
        let folder = |path: &str| Location::Folder(PathBuf::from(path));
        let table = [
            ("s3://bucket", s3("bucket", "")),
            ("s3://bucket/", s3("bucket", "")),
            ("s3://bucket/a/b/", s3("bucket", "a/b")),
            ("s3://my-bucket/a b", s3("my-bucket", "a b")),
            ("file:state", folder("state")),
            ("file:/var/lib/hostless", folder("/var/lib/hostless")),
            ("file:///var/lib/hostless", folder("/var/lib/hostless")),
            ("memory", Location::Memory),
        ];
        for (text, expected) in table {
            assert_eq!(Location::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_location_is_refused() {
        for text in
            ["", "s3://", "s3:///a", "file:", "file://", "/var/lib", "gs://bucket", "s3://b/a?x"]
        {
            let unknown = LocationError::Unknown(text.to_owned());
            assert_eq!(Location::parse(text), Err(unknown), "{text}");
        }
        let relative = LocationError::Prefix("a/../b".to_owned());
        assert_eq!(Location::parse("s3://bucket/a/../b"), Err(relative));
    }
}
