//! Colours, where somebody sees them.

use std::fmt::Display;
use std::io::IsTerminal;

use runtime::Environment;

/// How text is painted; plain text stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// For files, pipes, tests, and whoever set `NO_COLOR`.
    Plain,
    /// With SGR sequences.
    Coloured,
}

impl Style {
    /// What suits standard output: colours on a terminal that knows them, unless `NO_COLOR`
    /// (<https://no-color.org>) is set.
    pub(super) fn of_stdout(environment: &Environment) -> Self {
        match is_live(environment) && environment.get("NO_COLOR").is_none() {
            true => Self::Coloured,
            false => Self::Plain,
        }
    }

    pub(super) fn strong(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    pub(super) fn faint(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    pub(super) fn good(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    pub(super) fn bad(self, text: impl Display) -> String {
        self.paint("31", text)
    }

    pub(super) fn graph(self, text: impl Display) -> String {
        self.paint("36", text)
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        match self {
            Self::Plain => text.to_string(),
            Self::Coloured => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// Whether standard output is a terminal on which a line can be written over.
pub(super) fn is_live(environment: &Environment) -> bool {
    std::io::stdout().is_terminal() && environment.get("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paint_ends_where_the_text_ends_and_plain_text_has_none() {
        assert_eq!(Style::Coloured.good("✔"), "\x1b[32m✔\x1b[0m");
        assert_eq!(Style::Plain.good("✔"), "✔");
    }
}
