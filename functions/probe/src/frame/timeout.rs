//! How long a probe may take. Pure. The rule is the original's, with a target's `scrape_timeout` in the place of the header
//! that a Prometheus server sends.

use std::time::Duration;

/// What is kept of the scrape's time for everything around the probe; the original's default.
pub(crate) const OFFSET: Duration = Duration::from_millis(500);

/// What the original takes for a scrape's time where nobody says.
const UNSAID: Duration = Duration::from_secs(120);

/// The time of a probe: the module's where it has one that fits, else all that the scrape has.
pub(crate) fn timeout(
    module: Option<Duration>,
    scrape: Option<Duration>,
    offset: Duration,
) -> Duration {
    let scrape = scrape.filter(|scrape| !scrape.is_zero()).unwrap_or(UNSAID);
    match (scrape.checked_sub(offset), module) {
        (Some(most), Some(module)) if module < most => module,
        (Some(most), _) => most,
        // Less than the offset: the original goes back to the module's, which may be none, and then the probe has no time.
        (None, module) => module.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_may_take_less_than_the_scrape_and_never_more() {
        let seconds = |seconds: f64| (seconds > 0.0).then(|| Duration::from_secs_f64(seconds));
        for (module, scrape, offset, expected) in [
            (0.0, 15.0, 0.0, 15.0),
            (20.0, 15.0, 0.5, 14.5),
            (20.0, 15.0, 0.0, 15.0),
            (5.0, 15.0, 0.0, 5.0),
            (5.0, 15.0, 0.5, 5.0),
            (9.5, 10.0, 0.5, 9.5),
            (9.5, 10.0, 1.0, 9.0),
            (9.5, 0.0, 0.5, 9.5),
            (9.5, 0.0, 1.0, 9.5),
            (0.0, 0.0, 0.5, 119.5),
            (5.0, 0.2, 0.5, 5.0),
            (0.0, 0.2, 0.5, 0.0),
            (0.0, 0.5, 0.5, 0.0),
        ] {
            let found = timeout(seconds(module), seconds(scrape), Duration::from_secs_f64(offset));
            let wanted = Duration::from_secs_f64(expected);
            assert_eq!(found, wanted, "module {module}, scrape {scrape}, offset {offset}");
        }
    }
}
