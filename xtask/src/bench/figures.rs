//! Figures in a table, some of them with a limit.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};

/// One measured value.
pub(crate) struct Figure {
    about: String,
    value: f64,
    unit: Unit,
    /// The most that it may be.
    limit: Option<f64>,
}

/// What a value counts.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// Thousandths of a second.
    Milliseconds,
    /// 1024² bytes.
    Mebibytes,
    /// A quotient of two values of one kind.
    Ratio,
    /// Things.
    Count,
}

impl Figure {
    /// A time.
    pub(crate) fn time(about: impl Into<String>, time: Duration) -> Self {
        Self::new(about, time.as_secs_f64() * 1e3, Unit::Milliseconds)
    }

    /// A size in memory or on disk.
    pub(crate) fn kib(about: impl Into<String>, kib: u64) -> Self {
        Self::new(about, kib as f64 / 1024.0, Unit::Mebibytes)
    }

    /// A number of things.
    pub(crate) fn count(about: impl Into<String>, count: u64) -> Self {
        Self::new(about, count as f64, Unit::Count)
    }

    /// How many times the second fits into the first.
    pub(crate) fn ratio(about: impl Into<String>, of: Duration, to: Duration) -> Self {
        Self::new(about, of.as_secs_f64() / to.as_secs_f64(), Unit::Ratio)
    }

    /// The same, guarded: more than this is a failure. In the figure's own unit.
    pub(crate) fn at_most(self, limit: f64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    fn new(about: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { about: about.into(), value, unit, limit: None }
    }

    fn is_exceeded(&self) -> bool {
        self.limit.is_some_and(|limit| self.value > limit)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "  {:60} {}", self.about, shown(self.value, self.unit))?;
        match self.limit {
            None => Ok(()),
            Some(limit) => {
                let verdict = if self.is_exceeded() { "EXCEEDED" } else { "ok" };
                write!(formatter, "   limit {}   {verdict}", shown(limit, self.unit))
            }
        }
    }
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Milliseconds => format!("{value:9.2} ms "),
        Unit::Mebibytes => format!("{value:9.2} MiB"),
        Unit::Ratio => format!("{value:9.2}    "),
        Unit::Count => format!("{value:9.0}    "),
    }
}

/// Prints the table; an error where a limit is exceeded.
pub(crate) fn judge(figures: &[Figure]) -> Result<()> {
    figures.iter().for_each(|figure| eprintln!("{figure}"));
    let exceeded: Vec<&str> = figures
        .iter()
        .filter(|figure| figure.is_exceeded())
        .map(|figure| figure.about.as_str())
        .collect();
    if !exceeded.is_empty() {
        bail!("more than the limit: {}", exceeded.join(", "));
    }
    Ok(())
}

/// The value below which this part (0.5: half) of all values lie.
pub(crate) fn quantile(values: &[Duration], part: f64) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<_> = [5, 1, 4, 2, 3].map(Duration::from_millis).into();
        assert_eq!(quantile(&values, 0.5), Duration::from_millis(3));
        assert_eq!(quantile(&values, 0.9), Duration::from_millis(5));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }

    #[test]
    fn what_is_exceeded_is_named() {
        let at_the_limit = Figure::kib("zipped", 4096).at_most(4.0);
        let unguarded = Figure::count("calls", 6);
        assert!(judge(&[at_the_limit, unguarded]).is_ok());
        let (three, one) = (Duration::from_millis(3), Duration::from_millis(1));
        let above = Figure::ratio("ratio", three, one).at_most(2.0);
        let line = above.to_string();
        assert!(line.contains("3.00") && line.contains("limit      2.00"), "{line}");
        let error = judge(&[above]).expect_err("3 is more than 2");
        assert_eq!(error.to_string(), "more than the limit: ratio");
    }
}
