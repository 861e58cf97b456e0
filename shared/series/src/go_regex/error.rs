//! What is wrong with a pattern, in Go's words: users know them, and search for them.

use std::fmt;

/// A pattern that Go refuses. Reads as Go's own error does: ``error parsing regexp: missing closing ): `(a` ``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {problem}: `{expression}`")]
pub struct GoRegexError {
    /// What is wrong.
    pub problem: Problem,
    /// The part of the pattern that is wrong; the whole pattern where no smaller part is.
    pub expression: String,
}

impl GoRegexError {
    pub(super) fn new(problem: Problem, expression: impl Into<String>) -> Self {
        Self { problem, expression: expression.into() }
    }

    /// Rust refused a translation: because of its size, since the translation is sound.
    pub(super) fn from_rust(error: &regex::Error, pattern: &str) -> Self {
        let problem = match error {
            regex::Error::CompiledTooBig(_) => Problem::Large,
            _ => Problem::Internal,
        };
        Self::new(problem, pattern)
    }
}

/// The ways in which a pattern can be wrong (Go's `syntax.ErrorCode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// A range that runs backwards, or an unknown class name.
    CharRange,
    /// A backslash before something that cannot be escaped.
    Escape,
    /// A group name that is empty, unfinished or not made of word characters.
    NamedCapture,
    /// `(?` with flags that Go does not have, lookahead among them.
    PerlOp,
    /// A repetition of a repetition: `a**`.
    RepeatOp,
    /// A count over 1000 (nested counts multiply), or one that runs backwards.
    RepeatSize,
    /// A repetition of nothing.
    MissingRepeatArgument,
    /// A class without its `]`.
    MissingBracket,
    /// A group without its `)`.
    MissingParen,
    /// A `)` without its group.
    UnexpectedParen,
    /// Nothing after the last backslash.
    TrailingBackslash,
    /// Groups in groups in groups.
    NestingDepth,
    /// Too large to be compiled.
    Large,
    /// A defect of the translation.
    Internal,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CharRange => "invalid character class range",
            Self::Escape => "invalid escape sequence",
            Self::NamedCapture => "invalid named capture",
            Self::PerlOp => "invalid or unsupported Perl syntax",
            Self::RepeatOp => "invalid nested repetition operator",
            Self::RepeatSize => "invalid repeat count",
            Self::MissingRepeatArgument => "missing argument to repetition operator",
            Self::MissingBracket => "missing closing ]",
            Self::MissingParen => "missing closing )",
            Self::UnexpectedParen => "unexpected )",
            Self::TrailingBackslash => "trailing backslash at end of expression",
            Self::NestingDepth => "expression nests too deeply",
            Self::Large => "expression too large",
            Self::Internal => "regexp/syntax: internal error",
        })
    }
}
