//! The store: one of its three kinds behind one door.

use aws::Aws;
use bytes::Bytes;
use http::Factory;
use object_store::path::Path;

use crate::folder::Folder;
use crate::location::Location;
use crate::objects::Objects;
use crate::{LocationError, PutError, StoreError};

/// A place for objects. Clones share it.
#[derive(Debug, Clone)]
pub struct Store(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// S3 or memory: both speak object_store.
    Objects(Objects),
    Folder(Folder),
}

/// Which writing of an object this is. What it says is up to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub(crate) String);

/// What must be there for a write to go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Absent,
    /// The object as it was when this version was read or written.
    Version(Version),
}

impl Store {
    /// Opens `s3://bucket/prefix`, `file:DIR` or `memory`. Nothing is read, and no connection is made, before the
    /// first use. `factory` and `aws` serve S3: the process's HTTP client and its credentials, region, endpoint and
    /// call counts. Plain HTTP is spoken only where `AWS_ENDPOINT_URL` or `AWS_ENDPOINT_URL_S3` names it.
    ///
    /// A folder serves the processes of one machine: writers exclude each other by a lock on a file in it, which
    /// network file systems may not honour. Memory serves the clones of this store.
    pub fn open(
        location: &str,
        factory: &Factory,
        aws: Option<&Aws>,
    ) -> Result<Self, LocationError> {
        let kind = match Location::parse(location)? {
            Location::S3 { bucket, prefix } => {
                let failed =
                    |reason: String| LocationError::Aws { location: location.to_owned(), reason };
                let aws = aws.ok_or_else(|| failed("there is no AWS configuration".to_owned()))?;
                Kind::Objects(
                    Objects::s3(&bucket, prefix, &factory.default_client(), aws).map_err(failed)?,
                )
            }
            Location::Folder(path) => Kind::Folder(Folder::new(path)),
            Location::Memory => Kind::Objects(Objects::memory()),
        };
        Ok(Self(kind))
    }

    /// A store in memory.
    pub fn memory() -> Self {
        Self(Kind::Objects(Objects::memory()))
    }

    /// The object and its version; `None` only if there certainly is none.
    ///
    /// S3 says so only to who may list the bucket (`s3:ListBucket`); everybody else is refused, which is an error.
    pub async fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, StoreError> {
        let path = parse(key)?;
        match &self.0 {
            Kind::Objects(objects) => objects.get(&path).await,
            Kind::Folder(folder) => folder.get(&path).await,
        }
    }

    /// Writes the whole object if what is there is what is expected.
    pub async fn put(
        &self,
        key: &str,
        body: impl Into<Bytes>,
        expect: Expect,
    ) -> Result<Version, PutError> {
        let (path, body) = (parse(key)?, body.into());
        match &self.0 {
            Kind::Objects(objects) => objects.put(&path, body, expect).await,
            Kind::Folder(folder) => folder.put(&path, body, expect).await,
        }
    }

    /// Removes the object. That there is none is fine.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let path = parse(key)?;
        match &self.0 {
            Kind::Objects(objects) => objects.delete(&path).await,
            Kind::Folder(folder) => folder.delete(&path).await,
        }
    }

    /// The keys below a prefix (`spool/cloudfront`; empty for all), at any depth, in the order of their names.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let path = parse(prefix)?;
        let mut keys = match &self.0 {
            Kind::Objects(objects) => objects.list(&path).await?,
            Kind::Folder(folder) => folder.list(&path).await?,
        };
        keys.sort_unstable();
        Ok(keys)
    }

    /// The objects below a prefix with their keys, in the order of these; else the one object of that very name.
    /// Empty objects are left out: consoles make them to show folders.
    pub async fn documents(&self, prefix: &str) -> Result<Vec<(String, Bytes)>, StoreError> {
        let mut keys = self.list(prefix).await?;
        if keys.is_empty() && !prefix.trim_matches('/').is_empty() {
            keys.push(prefix.trim_matches('/').to_owned());
        }
        let mut documents = Vec::new();
        for key in keys {
            // An object that went away since it was listed is not there.
            if let Some((body, _)) = self.get(&key).await?.filter(|(body, _)| !body.is_empty()) {
                documents.push((key, body));
            }
        }
        Ok(documents)
    }
}

fn parse(key: &str) -> Result<Path, StoreError> {
    Path::parse(key).map_err(|_| StoreError::Key(key.to_owned()))
}
