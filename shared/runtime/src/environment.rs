//! The environment variables that hostless reads, each one a documented constant, read through a lookup function
//! so that tests and the demo can hand over their own.

use std::sync::Arc;
use std::time::Duration;

/// Where the configuration is: a file, a folder, `ssm:/path`, or `s3://bucket/prefix`.
pub const CONFIG: &str = "HOSTLESS_CONFIG";
/// Where state is kept: `s3://bucket/prefix`, `file:DIR` or `memory`.
pub const STORE: &str = "HOSTLESS_STORE";
/// Seconds between scheduled runs; 60 if absent.
pub const INTERVAL: &str = "HOSTLESS_INTERVAL";
/// Seconds that a run may take where no true deadline is known; 30 if absent.
pub const BUDGET: &str = "HOSTLESS_BUDGET";
/// How many probes may go on at one time; 128 if absent.
pub const PROBES_AT_ONCE: &str = "HOSTLESS_PROBES_AT_ONCE";
/// Lambda's own: the lowest level that is logged.
pub const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";

const DEFAULT_INTERVAL_SECONDS: u64 = 60;
const DEFAULT_BUDGET_SECONDS: u64 = 30;
const DEFAULT_PROBES_AT_ONCE: u64 = 128;

/// Looks up one environment variable.
pub type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The environment of a function. Cheap to clone.
#[derive(Clone)]
pub struct Environment {
    lookup: Lookup,
}

impl Environment {
    /// The environment of this process: the one place where it is read.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_this_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// An environment of one's own.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { lookup: Arc::new(lookup) }
    }

    /// The same environment with some variables set.
    #[must_use]
    pub fn with(&self, own: Vec<(String, String)>) -> Self {
        let below = self.lookup.clone();
        Self::new(move |name| {
            let found = own.iter().find(|(own, _)| own == name);
            found.map_or_else(|| below(name), |(_, value)| Some(value.clone()))
        })
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// Where the configuration is, if that is said.
    pub fn config(&self) -> Option<String> {
        self.get(CONFIG)
    }

    /// Where state is kept, if that is said.
    pub fn store(&self) -> Option<String> {
        self.get(STORE)
    }

    /// The time between scheduled runs.
    pub fn interval(&self) -> Result<Duration, EnvironmentError> {
        self.seconds(INTERVAL, DEFAULT_INTERVAL_SECONDS)
    }

    /// The time a run may take where no true deadline is known.
    pub fn budget(&self) -> Result<Duration, EnvironmentError> {
        self.seconds(BUDGET, DEFAULT_BUDGET_SECONDS)
    }

    /// How many probes may go on at one time. More of them finish more targets while some wait for a timeout; but all share
    /// one thread, and each that has to wait for it measures the wait as its target's.
    pub fn probes_at_once(&self) -> Result<usize, EnvironmentError> {
        let number = self.number(PROBES_AT_ONCE, DEFAULT_PROBES_AT_ONCE, "")?;
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn seconds(&self, name: &'static str, default: u64) -> Result<Duration, EnvironmentError> {
        self.number(name, default, " of seconds").map(Duration::from_secs)
    }

    fn number(
        &self,
        name: &'static str,
        default: u64,
        of_what: &'static str,
    ) -> Result<u64, EnvironmentError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        match value.trim().parse::<u64>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(EnvironmentError { name, value, of_what }),
        }
    }
}

/// A variable with a value that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{name}: \"{value}\" is not a number{of_what} above 0")]
pub struct EnvironmentError {
    name: &'static str,
    value: String,
    of_what: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_number_of_seconds_above_zero() {
        let environment = Environment::new(|_| None);
        assert_eq!(environment.interval().expect("a default"), Duration::from_secs(60));
        for wrong in ["0", "1m", "-1"] {
            let environment = environment.with(vec![(INTERVAL.to_owned(), wrong.to_owned())]);
            let error = environment.interval().expect_err("no number of seconds").to_string();
            assert_eq!(
                error,
                format!("HOSTLESS_INTERVAL: \"{wrong}\" is not a number of seconds above 0")
            );
        }
    }

    #[test]
    fn a_number_of_probes_is_above_zero() {
        let environment = Environment::new(|_| None);
        assert_eq!(environment.probes_at_once().expect("a default"), 128);
        let environment = environment.with(vec![(PROBES_AT_ONCE.to_owned(), "0".to_owned())]);
        let error = environment.probes_at_once().expect_err("no probe").to_string();
        assert_eq!(error, "HOSTLESS_PROBES_AT_ONCE: \"0\" is not a number above 0");
    }

    #[test]
    fn an_empty_variable_is_absent() {
        assert_eq!(Environment::new(|_| Some(String::new())).config(), None);
    }
}
