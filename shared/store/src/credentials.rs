//! Our credentials as object_store wants them.

use std::pin::Pin;
use std::sync::Arc;

use aws::CachedCredentials;
use object_store::aws::AwsCredential;
use object_store::{CredentialProvider, Error, Result};

/// The process's credentials, with their cache.
#[derive(Debug)]
pub(crate) struct S3Credentials(pub(crate) CachedCredentials);

impl CredentialProvider for S3Credentials {
    type Credential = AwsCredential;

    fn get_credential<'a, 'async_trait>(
        &'a self,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<AwsCredential>>> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let credentials = self.0.get().await.map_err(|error| Error::Generic {
                store: "S3",
                source: aws::describe(&error).into(),
            })?;
            Ok(Arc::new(AwsCredential {
                key_id: credentials.access_key_id().to_owned(),
                secret_key: credentials.secret_access_key().to_owned(),
                token: credentials.session_token().map(str::to_owned),
            }))
        })
    }
}
