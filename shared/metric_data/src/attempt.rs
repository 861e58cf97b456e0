//! Making one call of CloudWatch's: [`aws::Caller`] tries it again, at the pace that the [`Limiter`] allows.

use std::error::Error;
use std::time::Duration;

use aws::{Failure, Remedy};
use aws_sdk_cloudwatch::config::Config;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use clock::Budget;

use crate::Limiter;
use crate::limiter::Weight;

/// How long one try may take. A page of 100,800 datapoints takes a few seconds.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);

/// The configuration of a single call: the SDK makes one attempt and leaves trying again to us.
pub(crate) fn one_attempt() -> aws_sdk_cloudwatch::config::Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}

/// What workers need to make a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) limiter: &'a Limiter,
    pub(crate) budget: &'a Budget,
}

impl Caller<'_> {
    /// Makes the call, again where that may help and time allows. Every failed try is told to `trouble`.
    pub(crate) async fn call<T, E, F>(
        &self,
        weight: Weight,
        send: impl FnMut() -> F,
        trouble: impl FnMut(&str),
    ) -> Result<T, Failure>
    where
        E: Error + ProvideErrorMetadata + 'static,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        self.paced().call(&self.limiter.costs(weight), send, trouble).await
    }

    /// Waits before asking again; see [`aws::Caller::pause`].
    pub(crate) async fn pause(&self, pauses: u32, remedy: Remedy) -> bool {
        self.paced().pause(pauses, remedy).await
    }

    fn paced(&self) -> aws::Caller<'_> {
        aws::Caller { limiter: &self.limiter.paced, budget: self.budget, patience: TRY_TIMEOUT }
    }
}
