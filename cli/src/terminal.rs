//! The one place that prints: results to stdout, everything else to stderr.

use std::io::Write;

/// Prints a result. A reader that went away (`| head`) is no error.
pub(crate) fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Prints what is no result.
pub(crate) fn complain(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
