//! Fetches the configuration's documents from where they are: a file, a folder, Parameter Store, S3.

use std::path::{Path, PathBuf};

use aws::Aws;
use bytes::Bytes;
use clock::Clock;
use config::Document;
use store::Store;

use crate::environment::Environment;

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file is one document, a folder one for each `*.yml`, `*.yaml` and `*.json` in it.
    Local(PathBuf),
    /// One document for each parameter below a path.
    Parameters(String),
    /// One document for each object below a prefix: `s3://bucket/prefix`.
    S3(String),
}

/// Fetches the documents of a location with clients of its own, for whoever has no handler.
pub async fn fetch_documents(
    location: &Location,
    environment: &Environment,
    clock: Clock,
) -> Result<Vec<Document>, LocationError> {
    if let Location::Local(path) = location {
        // Without clients: where no region is named, the SDK would ask the instance metadata service for one.
        return location.some(local(path)?);
    }
    let lookup = |name: &str| environment.get(name);
    let wrong = |error: http::SendError| LocationError {
        location: location.to_string(),
        reason: error.to_string(),
    };
    let factory = http::Factory::new(&lookup).map_err(wrong)?;
    let aws = Aws::load(factory.sdk_client(), clock, &lookup).await;
    location.fetch(&aws, &factory).await
}

/// What went wrong on the way to the documents: the location and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {reason}")]
pub struct LocationError {
    location: String,
    reason: String,
}

impl Location {
    /// Reads a location as it is written in `HOSTLESS_CONFIG` and `--config`.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let wrong =
            |reason: &str| LocationError { location: text.to_owned(), reason: reason.to_owned() };
        match text.split_once(':') {
            Some(("ssm", path)) if path.starts_with('/') && path.len() > 1 => {
                Ok(Self::Parameters(path.trim_end_matches('/').to_owned()))
            }
            Some(("ssm", _)) => Err(wrong(
                "a path of Parameter Store starts with \"/\", as in ssm:/hostless/config",
            )),
            Some(("s3", _)) => Ok(Self::S3(text.to_owned())),
            _ if text.contains("://") => {
                Err(wrong("must be a file, a folder, ssm:/path or s3://bucket/prefix"))
            }
            _ => Ok(Self::Local(PathBuf::from(text))),
        }
    }

    /// Fetches all documents, in name order.
    pub(crate) async fn fetch(
        &self,
        aws: &Aws,
        http: &http::Factory,
    ) -> Result<Vec<Document>, LocationError> {
        let wrong = |reason: String| LocationError { location: self.to_string(), reason };
        let documents = match self {
            Self::Local(path) => local(path)?,
            Self::Parameters(path) => {
                let parameters = aws
                    .parameters()
                    .by_path(path)
                    .await
                    .map_err(|error| wrong(error.to_string()))?;
                let document = |(name, value): (String, String)| Document {
                    name: format!("ssm:{name}"),
                    directory: None,
                    body: value.into_bytes(),
                };
                parameters.into_iter().map(document).collect()
            }
            Self::S3(url) => {
                let store =
                    Store::open(url, http, Some(aws)).map_err(|error| wrong(error.to_string()))?;
                let documents =
                    store.documents("").await.map_err(|error| wrong(error.to_string()))?;
                let document = |(key, body): (String, Bytes)| Document {
                    name: format!("{}/{key}", url.trim_end_matches('/')),
                    directory: None,
                    body: body.to_vec(),
                };
                documents.into_iter().map(document).collect()
            }
        };
        self.some(documents)
    }

    /// The documents, of which there has to be one.
    fn some(&self, documents: Vec<Document>) -> Result<Vec<Document>, LocationError> {
        match documents.is_empty() {
            true => Err(LocationError {
                location: self.to_string(),
                reason: "holds no document".to_owned(),
            }),
            false => Ok(documents),
        }
    }

    /// Whether a parameter would be read as a document here.
    pub fn holds_parameter(&self, name: &str) -> bool {
        let Self::Parameters(path) = self else {
            return false;
        };
        name.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Local(path) => write!(f, "{}", path.display()),
            Self::Parameters(path) => write!(f, "ssm:{path}"),
            Self::S3(url) => f.write_str(url),
        }
    }
}

/// Reads on the thread of the event loop, where nothing else is waiting yet: a thread of its own would cost a cold start
/// more than the file does.
fn local(path: &Path) -> Result<Vec<Document>, LocationError> {
    let wrong = |path: &Path, error: std::io::Error| LocationError {
        location: path.display().to_string(),
        reason: error.to_string(),
    };
    if !path.is_dir() {
        return Ok(vec![file(path).map_err(|error| wrong(path, error))?]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| wrong(path, error))? {
        let file = entry.map_err(|error| wrong(path, error))?.path();
        if is_document(&file) {
            files.push(file);
        }
    }
    files.sort();
    files.iter().map(|path| file(path).map_err(|error| wrong(path, error))).collect()
}

fn is_document(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yml", "yaml", "json"].contains(&extension) && path.is_file()
}

fn file(path: &Path) -> std::io::Result<Document> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let directory = path.parent().map(Path::to_path_buf);
    Ok(Document { name, directory, body: std::fs::read(path)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_told_apart_by_their_beginning() {
        let cases = [
            ("config.yml", Location::Local("config.yml".into())),
            ("/etc/hostless/", Location::Local("/etc/hostless/".into())),
            ("ssm:/hostless/config/", Location::Parameters("/hostless/config".to_owned())),
            ("s3://bucket/prefix", Location::S3("s3://bucket/prefix".to_owned())),
        ];
        for (text, location) in cases {
            assert_eq!(Location::parse(text).expect(text), location);
        }
        for (text, message) in [
            (
                "ssm:hostless",
                "ssm:hostless: a path of Parameter Store starts with \"/\", as in ssm:/hostless/config",
            ),
            (
                "https://example.com",
                "https://example.com: must be a file, a folder, ssm:/path or s3://bucket/prefix",
            ),
        ] {
            assert_eq!(Location::parse(text).expect_err(text).to_string(), message);
        }
    }

    #[test]
    fn a_folder_is_its_yaml_and_json_files_in_name_order() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.yaml", "a.yml", "c.json", "notes.txt"] {
            std::fs::write(folder.path().join(name), name).expect("a file");
        }
        let documents = local(folder.path()).expect("documents");
        let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
        assert_eq!(names, ["a.yml", "b.yaml", "c.json"]);
        assert_eq!(documents[0].directory.as_deref(), Some(folder.path()));
    }

    #[test]
    fn a_secret_below_the_configuration_is_seen() {
        let location = Location::Parameters("/hostless/config".to_owned());
        assert!(location.holds_parameter("/hostless/config/key"));
        assert!(!location.holds_parameter("/hostless/configuration"));
        assert!(!location.holds_parameter("/hostless/secret/key"));
    }
}
