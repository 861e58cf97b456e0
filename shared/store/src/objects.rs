//! Objects in S3 or in memory, through object_store.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use aws::Aws;
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    BackoffConfig, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig,
    UpdateVersion,
};

use crate::credentials::S3Credentials;
use crate::service::Connector;
use crate::{Expect, PutError, StoreError, Version};

/// How long S3 may go on failing. A run has tens of seconds; object_store's own defaults are minutes.
const RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(crate) struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    pub(crate) fn memory() -> Self {
        Self(Arc::new(InMemory::new()))
    }

    pub(crate) fn s3(
        bucket: &str,
        prefix: Path,
        client: &reqwest::Client,
        aws: &Aws,
    ) -> Result<Self, String> {
        let region = aws.region().ok_or("no region is named")?;
        let endpoint = aws.endpoint("S3").or_else(|| chinese_endpoint(region));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(region)
            .with_credentials(Arc::new(S3Credentials(aws.credentials().clone())))
            .with_http_connector(Connector::new(client, aws.calls()))
            .with_retry(retries());
        builder = match endpoint {
            // Whoever names an endpoint names its scheme, too; a bucket is part of the path there.
            Some(endpoint) => {
                let plain = endpoint.starts_with("http://");
                builder.with_endpoint(endpoint).with_allow_http(plain)
            }
            // S3's certificate does not cover a bucket with dots as a host name.
            None => builder.with_virtual_hosted_style_request(!bucket.contains('.')),
        };
        let s3 = builder.build().map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(PrefixStore::new(s3, prefix))))
    }

    pub(crate) async fn get(&self, path: &Path) -> Result<Option<(Bytes, Version)>, StoreError> {
        let failed = |error: Error| failed("read", path, error);
        let found = match self.0.get(path).await {
            Ok(found) => found,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let version = found.meta.e_tag.clone().map(Version);
        let version =
            version.ok_or_else(|| StoreError::failed("read", path.as_ref(), "no ETag"))?;
        Ok(Some((found.bytes().await.map_err(failed)?, version)))
    }

    pub(crate) async fn put(
        &self,
        path: &Path,
        body: Bytes,
        expect: Expect,
    ) -> Result<Version, PutError> {
        let mode = match expect {
            Expect::Absent => PutMode::Create,
            Expect::Version(Version(e_tag)) => {
                PutMode::Update(UpdateVersion { e_tag: Some(e_tag), version: None })
            }
        };
        let put = self.0.put_opts(path, body.into(), PutOptions::from(mode)).await;
        match put {
            Ok(put) => put.e_tag.map(Version).ok_or_else(|| {
                PutError::Store(StoreError::failed("write", path.as_ref(), "no ETag"))
            }),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                Err(PutError::Conflict(path.to_string()))
            }
            Err(error) => Err(PutError::Store(failed("write", path, error))),
        }
    }

    pub(crate) async fn delete(&self, path: &Path) -> Result<(), StoreError> {
        match self.0.delete(path).await {
            Err(error) if !is_absent(&error) => Err(failed("delete", path, error)),
            _ => Ok(()),
        }
    }

    pub(crate) async fn list(&self, prefix: &Path) -> Result<Vec<String>, StoreError> {
        let listed = self.0.list(Some(prefix)).map_ok(|object| object.location.to_string());
        listed.try_collect().await.map_err(|error| failed("list", prefix, error))
    }
}

/// Whether the object does not exist. A bucket that does not exist answers 404 as well, and is not a first run.
fn is_absent(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && !error.to_string().contains("NoSuchBucket")
}

/// object_store's messages hold their sources, down to what the service said.
fn failed(action: &'static str, path: &Path, error: impl Display) -> StoreError {
    StoreError::failed(action, path.as_ref(), error)
}

/// China's regions have a domain of their own, which object_store does not know.
fn chinese_endpoint(region: &str) -> Option<String> {
    region.starts_with("cn-").then(|| format!("https://s3.{region}.amazonaws.com.cn"))
}

fn retries() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(3),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT }
}
