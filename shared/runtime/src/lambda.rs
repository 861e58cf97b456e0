//! A function in Lambda: events in, reports or typed errors out.

use std::time::Duration;

use clock::Clock;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use series::Timestamp;

use crate::environment::{Environment, LOG_LEVEL};
use crate::error::RunError;
use crate::function::Function;
use crate::handler::{Handler, Invocation};
use crate::logs;

/// What is kept of the time until the deadline, for the answer to get out.
const MARGIN: Duration = Duration::from_millis(500);

/// What the series of a dry run may take of an answer, which Lambda refuses above 6 MB; the rest is for the report.
const ROOM: usize = 5 * 1024 * 1024;

/// Serves events until the environment is shut down.
pub async fn serve<F: Function>() -> Result<(), lambda_runtime::Error> {
    let environment = Environment::of_this_process();
    logs::init_json(environment.get(LOG_LEVEL).as_deref());
    let handler = Handler::<F>::start(environment, Clock::System).await;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| match &handler {
        Ok(handler) => answer(handler, event).await,
        // Said by each invocation: an exit of `main` would have no type, and would start again for ever.
        Err(error) => Err(RunError::Config(format!("the function cannot start: {error}"))),
    }))
    .await
}

async fn answer<F: Function>(
    handler: &Handler<F>,
    event: LambdaEvent<Value>,
) -> Result<Value, RunError> {
    let time_left = time_left(event.context.deadline, Clock::System.now());
    let invocation = Invocation { time_left, keep_series: false, room: Some(ROOM) };
    let outcome = handler.invoke(&event.payload, invocation).await;
    let report = outcome.report.to_json();
    let (request, said) = (event.context.request_id, outcome.report.summary().to_string());
    match outcome.failure {
        None => {
            tracing::info!(requestId = request, report = said, "run");
            Ok(report)
        }
        Some(failure) => {
            let (kind, why) = (failure.error_type(), failure.to_string());
            tracing::error!(
                requestId = request,
                errorType = kind,
                errorMessage = why,
                report = said,
                "run"
            );
            Err(failure)
        }
    }
}

/// The time until the deadline (milliseconds since the epoch). One that is over means that it is not known: cargo-lambda's
/// emulator sends a time in 1970.
fn time_left(deadline: u64, now: Timestamp) -> Option<Duration> {
    let deadline = Timestamp::from_millis(i64::try_from(deadline).unwrap_or(i64::MAX));
    (deadline > now).then(|| deadline.since(now).saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_in_the_past_is_unknown() {
        let now = Timestamp::from_secs(1_000);
        assert_eq!(time_left(600_000, now), None);
        assert_eq!(time_left(1_010_000, now), Some(Duration::from_millis(9_500)));
    }
}
