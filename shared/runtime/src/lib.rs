//! What every function does around its source: event, windows, state, budget, run, report, logs.
//!
//! [`Handler`] is the way in: `lambda` drives it in Lambda, the command line and the tests drive it directly. An
//! invocation passes through `event` (what is asked), `loaded` (documents to settings), `memory` (state), `windows` (what
//! to read for whom), `run`, `observing` and `draining` (what can be had only now, and what waits in the spool), `serving`
//! (read, deliver, move watermarks) and `report`. This crate knows no AWS service by name and no function; a function plugs in through [`Function`] and [`Source`].

mod corrections;
mod documents;
mod draining;
pub mod environment;
mod error;
mod event;
mod function;
mod handler;
mod hash;
mod lambda;
mod loaded;
pub mod logs;
mod memory;
mod observing;
mod outcome;
mod report;
mod run;
mod self_metrics;
mod serving;
mod settings;
mod shown;
mod spool;
mod state;
mod storage;
mod tally;
mod timing;
mod windows;

pub use documents::{Location, LocationError, fetch_documents};
pub use environment::Environment;
pub use error::RunError;
pub use event::{Event, EventError, Shard};
pub use function::{
    Discovered, Function, Observation, Observed, PartPlan, Pull, Pulled, Source, Surroundings,
};
pub use handler::{Handler, Invocation};
pub use lambda::serve;
pub use lambda_runtime::Error as LambdaError;
pub use outcome::Outcome;
pub use report::{Report, SinkReport};
pub use settings::{read_shared, refuse_among_documents, require_both_ends};
pub use timing::Timing;
