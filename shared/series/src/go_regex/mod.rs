//! Go's regular expressions (RE2 syntax, as Prometheus, blackbox_exporter and YACE files hold them) on Rust's engine.
//!
//! Both engines match alike (leftmost-first, linear time); the *syntax* differs: `\Q…\E`, a literal `{`, octal escapes,
//! ASCII-only `\d`, `[a&&b]`, `\<` and more are refused or mean something else in Rust. So a pattern is parsed as
//! [Go's parser](https://pkg.go.dev/regexp/syntax) parses it, with its error texts, and written anew in a small
//! unambiguous subset of Rust's syntax: literals, classes as code point ranges, groups, repetitions, assertions. No
//! flag survives the translation, since each item says what its flags made of it.
//!
//! Knows nothing of relabeling, and nothing of who wrote the pattern.

mod bytes;
mod class;
mod cursor;
mod error;
mod escape;
mod group;
mod repeat;
mod template;
mod translate;
mod unicode;

use std::fmt;

pub use bytes::{BytesCaptures, GoBytesRegex};
pub use error::{GoRegexError, Problem};
pub use regex::Captures;
pub use template::{BytesTemplate, Template};
pub use translate::Translation;

/// The pattern in Rust's syntax, with the same meaning. Compiles with `regex::Regex` and, for text that is UTF-8, with
/// `regex::bytes::Regex`; groups keep their numbers and lose their names ([`Translation`] has them).
///
/// On bytes that are not UTF-8 Go matches `.` or `[^a]` against each stray byte; the translation does not, and
/// [`GoBytesRegex`] does.
pub fn translate(pattern: &str) -> Result<String, GoRegexError> {
    Translation::of(pattern).map(|translation| translation.pattern)
}

/// A compiled Go regular expression.
#[derive(Clone)]
pub struct GoRegex {
    written: String,
    regex: regex::Regex,
    names: Vec<String>,
}

impl GoRegex {
    /// Compiles a pattern that may match anywhere in a text.
    pub fn new(pattern: &str) -> Result<Self, GoRegexError> {
        let Translation { pattern: translated, names } = Translation::of(pattern)?;
        let regex = regex::RegexBuilder::new(&translated)
            .nest_limit(translate::MAX_HEIGHT)
            .build()
            .map_err(|error| GoRegexError::from_rust(&error, pattern))?;
        Ok(Self { written: pattern.to_owned(), regex, names })
    }

    /// Compiles a pattern that must match a whole text, newlines included, as all patterns of Prometheus do.
    ///
    /// Like Prometheus this wraps the text of the pattern, so that `a)|(b` is as valid here as it is there.
    pub fn anchored(pattern: &str) -> Result<Self, GoRegexError> {
        Self::new(&format!("^(?s:{pattern})$"))
    }

    /// The pattern as Go knows it; an anchored one with its anchors.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether the text has a match.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The first match and its groups.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex.captures(text)
    }

    /// The template with the groups of one match in it.
    pub fn expand(&self, template: &Template, captures: &Captures<'_>) -> String {
        let mut out = String::new();
        self.expand_into(template, captures, &mut out);
        out
    }

    /// The text with the template in the place of each match.
    pub fn replace_all(&self, text: &str, template: &Template) -> String {
        let mut out = String::new();
        let mut done = 0;
        for captures in self.regex.captures_iter(text) {
            let whole = captures.get_match();
            out.push_str(&text[done..whole.start()]);
            self.expand_into(template, &captures, &mut out);
            done = whole.end();
        }
        out.push_str(&text[done..]);
        out
    }

    fn expand_into(&self, template: &Template, captures: &Captures<'_>, out: &mut String) {
        let group = |index| captures.get(index).map(|group: regex::Match<'_>| group.as_str());
        template.expand(&self.names, group, out);
    }
}

impl fmt::Debug for GoRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GoRegex").field(&self.written).finish()
    }
}

#[cfg(test)]
mod tests;
