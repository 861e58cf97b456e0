//! Trying a call until it succeeds, cannot, or the budget is over. For clients whose own retries are off, so that each try
//! passes the [`Limiter`] and is one count in [`Calls`](crate::Calls).

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use clock::Budget;

use crate::limiter::{Cost, Limiter};
use crate::outcome::{Failure, Remedy};

/// How often one call is tried.
const TRIES: u32 = 6;

/// The first pause, doubled with each further one up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What workers need to make a call.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Says when.
    pub limiter: &'a Limiter,
    /// Until when.
    pub budget: &'a Budget,
    /// How long one try may take.
    pub patience: Duration,
}

impl Caller<'_> {
    /// Makes the call, again where that may help and time allows. Every failed try is told to `trouble`.
    pub async fn call<T, E, F>(
        &self,
        costs: &[Cost],
        mut send: impl FnMut() -> F,
        mut trouble: impl FnMut(&str),
    ) -> Result<T, Failure>
    where
        E: Error + ProvideErrorMetadata + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut failed = Failure::out_of_time();
        for pauses in 0..TRIES {
            let Some(turn) = self.limiter.turn(costs, self.budget).await else {
                break;
            };
            let time = self.patience.min(self.budget.remaining());
            failed = match tokio::time::timeout(time, send()).await {
                Ok(Ok(output)) => return Ok(output),
                Ok(Err(error)) => Failure::of(&error),
                Err(_elapsed) => Failure::slow(),
            };
            drop(turn);
            trouble(&failed.message);
            let last = pauses + 1 == TRIES;
            if last || !failed.is_passing() || !self.pause(pauses, failed.remedy).await {
                break;
            }
        }
        Err(failed)
    }

    /// Waits before trying again, after `pauses` earlier pauses; `false`, at once, if the budget would be over by then.
    pub async fn pause(&self, pauses: u32, remedy: Remedy) -> bool {
        let length = pause(pauses, fastrand::f64());
        if length >= self.budget.remaining() {
            return false;
        }
        if remedy == Remedy::Slower {
            self.limiter.hold(length);
        }
        tokio::time::sleep(length).await;
        true
    }
}

/// Exponential, and somewhere in the upper half of it, so that workers that failed together do not come back together.
/// `jitter` is in 0..1.
fn pause(pauses: u32, jitter: f64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << pauses.min(16)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "the SDK's errors are what is tested")]
mod tests {
    use super::*;
    use std::cell::Cell;

    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    const PATIENCE: Duration = Duration::from_secs(10);

    type Outcome = Result<u32, SdkError<GetCallerIdentityError, HttpResponse>>;

    fn cut() -> Outcome {
        Err(SdkError::dispatch_failure(ConnectorError::io("connection reset".into())))
    }

    fn wrong() -> Outcome {
        Err(SdkError::construction_failure("no credentials"))
    }

    /// What a call comes to whose n-th try has this outcome, how many tries and how long it took.
    async fn call(
        seconds: u64,
        outcome: impl Fn(u32) -> Outcome,
    ) -> (Result<u32, String>, u32, Duration) {
        let limiter = Limiter::new(1, &[]);
        let budget = Budget::starting_now(Duration::from_secs(seconds));
        let caller = Caller { limiter: &limiter, budget: &budget, patience: PATIENCE };
        let tries = Cell::new(0);
        let send = || {
            tries.set(tries.get() + 1);
            std::future::ready(outcome(tries.get()))
        };
        let told = Cell::new(0);
        let result = caller.call(&[], send, |_| told.set(told.get() + 1)).await;
        assert_eq!(told.get(), tries.get() - u32::from(result.is_ok()));
        (result.map_err(|failure| failure.message), tries.get(), budget.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_with_growing_pauses() {
        let (result, tries, took) = call(60, |n| if n < 4 { cut() } else { Ok(n) }).await;
        assert_eq!((result, tries), (Ok(4), 4));
        assert!(
            (Duration::from_millis(700)..Duration::from_millis(1410)).contains(&took),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_given_up_after_some_tries() {
        let (result, tries, _) = call(60, |_| cut()).await;
        assert_eq!(tries, TRIES);
        assert_eq!(result, Err("dispatch failure: io error: connection reset".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_succeed_is_tried_once() {
        let (result, tries, took) = call(60, |_| wrong()).await;
        assert_eq!((tries, took), (1, Duration::ZERO));
        assert_eq!(result, Err("failed to construct request: no credentials".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_outlasts_the_budget() {
        let (result, tries, took) = call(1, |_| cut()).await;
        assert!(result.is_err());
        assert!((3..5).contains(&tries), "{tries}");
        assert!(took < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_costs_one_try_and_not_the_run() {
        let limiter = Limiter::new(1, &[]);
        let budget = Budget::starting_now(Duration::from_secs(15));
        let caller = Caller { limiter: &limiter, budget: &budget, patience: PATIENCE };
        let silent = std::future::pending::<Outcome>;
        let mut heard = Vec::new();
        let result = caller.call(&[], silent, |text| heard.push(text.to_owned())).await;
        assert_eq!(result, Err(Failure::slow()));
        assert_eq!(heard.len(), 2, "one try of ten seconds, one for what was left");
        assert!(budget.is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn without_time_nothing_is_asked() {
        let (result, tries, _) = call(0, Ok).await;
        assert_eq!((result, tries), (Err("no time was left to ask".to_owned()), 0));
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_never_fall_below_half() {
        let millis = |n, jitter| pause(n, jitter).as_millis();
        assert_eq!([0, 1, 2, 3].map(|n| millis(n, 0.0)), [100, 200, 400, 800]);
        assert_eq!([0, 1, 2, 3].map(|n| millis(n, 1.0)), [200, 400, 800, 1600]);
        assert_eq!(millis(u32::MAX, 1.0), LONGEST_PAUSE.as_millis());
    }
}
