//! The store, opened when it is first needed: a dry run needs none.

use aws::Aws;
use store::Store;
use tokio::sync::OnceCell;

use crate::environment::STORE;

/// Where state is kept, opened once.
pub(crate) struct Storage {
    location: Option<String>,
    aws: Aws,
    http: http::Factory,
    store: OnceCell<Store>,
}

impl Storage {
    pub(crate) fn new(location: Option<String>, aws: &Aws, http: http::Factory) -> Self {
        Self { location, aws: aws.clone(), http, store: OnceCell::new() }
    }

    /// The store; an error is final only for the invocation that sees it.
    pub(crate) async fn open(&self) -> Result<&Store, String> {
        self.store.get_or_try_init(|| async {
            let Some(location) = &self.location else {
                return Err(format!("{STORE} is not set; it says where state is kept: s3://bucket/prefix, file:DIR or memory"));
            };
            Store::open(location, &self.http, Some(&self.aws)).map_err(|error| format!("{STORE}: {error}"))
        }).await
    }
}
