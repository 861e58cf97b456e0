//! Counts what goes over the wire to AWS: `service:Operation`, once for each attempt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Attempts by `service:Operation` since the last [`Calls::take`]. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<String, u64>>>);

impl Calls {
    /// Counts one attempt, for instance of `s3:GetObject`.
    pub fn record(&self, call: impl Into<String>) {
        *self.lock().entry(call.into()).or_default() += 1;
    }

    /// The counts so far.
    pub fn snapshot(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    /// The counts so far, which then start again at zero.
    pub fn take(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts each attempt of an SDK client into [`Calls`]. For `config::Builder::interceptor`.
#[derive(Debug, Clone)]
pub struct Counter(pub(crate) Calls);

#[dyn_dispatch_hint]
impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            self.0.record(format!("{}:{}", call.service().to_lowercase(), call.name()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_count_together_and_taking_starts_again() {
        let calls = Calls::default();
        let other = calls.clone();
        calls.record("s3:GetObject");
        other.record("s3:GetObject");
        other.record("s3:PutObject");
        let expected =
            BTreeMap::from([("s3:GetObject".to_owned(), 2), ("s3:PutObject".to_owned(), 1)]);
        assert_eq!(calls.snapshot(), expected);
        assert_eq!(other.take(), expected);
        assert!(calls.snapshot().is_empty(), "taken from all clones");
    }
}
