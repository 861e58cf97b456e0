//! An invocation that was begun, and how far it comes in its minute: to its end, or to the place where its process is killed or
//! stands still.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use runtime::{Invocation, Outcome};
use serde_json::json;
use series::Timestamp;
use tokio::time::timeout;

use super::plan::{Fate, Place};
use super::process::{Progress, polled};
use super::subject::Container;

/// What Lambda gives an invocation, on the function's clock.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What the function keeps of it for its answer to get out.
const MARGIN: Duration = Duration::from_millis(500);

/// An invocation that was begun.
pub(super) struct Running {
    /// The time that its event says.
    pub(super) event: Timestamp,
    outcome: Pin<Box<dyn Future<Output = Outcome>>>,
}

/// How far an invocation came in its minute.
pub(super) enum Ran {
    /// To its end, after so many polls.
    Ended(Box<Outcome>, u64),
    /// It was killed, after so many polls.
    Died(u64),
    /// Its time was over, and it went on.
    Overdue,
    /// It stands still for so many minutes, after so many polls.
    Frozen(Running, i64, u64),
}

impl Running {
    /// Gives a container an event of this time.
    pub(super) fn begin(container: Arc<Container>, event: Timestamp) -> Self {
        let outcome = Box::pin(async move {
            let invocation =
                Invocation { time_left: Some(TIMEOUT - MARGIN), ..Invocation::default() };
            container.invoke(&json!({ "time": event.to_string() }), invocation).await
        });
        Self { event, outcome }
    }

    /// Goes on as far as its fate will have it, if invocations usually take so many polls.
    pub(super) async fn go(mut self, fate: Fate, usual_polls: u64) -> Ran {
        let most = match fate {
            Fate::Ends => u64::MAX,
            Fate::Dies(Place::Thousandth(part)) | Fate::Freezes(Place::Thousandth(part), _) => {
                usual_polls * part / 1_000
            }
            Fate::Dies(Place::Poll(polls)) | Fate::Freezes(Place::Poll(polls), _) => polls,
        };
        match (timeout(TIMEOUT, polled(&mut self.outcome, most)).await, fate) {
            (Err(_), _) => Ran::Overdue,
            (Ok(Progress::Ended(outcome, polls)), _) => Ran::Ended(Box::new(outcome), polls),
            (Ok(Progress::Waits), Fate::Freezes(_, minutes)) => Ran::Frozen(self, minutes, most),
            (Ok(Progress::Waits), _) => Ran::Died(most),
        }
    }
}
