//! How groups open: `(`, `(?P<name>`, `(?<name>`, `(?flags)`, `(?flags:`.

use super::cursor::Cursor;
use super::error::{GoRegexError, Problem};

/// What the flags say at a place of a pattern.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// `i`: letters match in either case.
    pub(super) fold: bool,
    /// `m`: `^` and `$` match at each line.
    pub(super) multi_line: bool,
    /// `s`: `.` matches a newline.
    pub(super) dot_newline: bool,
    /// `U`: `*` is lazy and `*?` is greedy.
    pub(super) ungreedy: bool,
}

/// What opens at a `(`.
pub(super) enum Opening<'a> {
    /// A group that counts; its name, or "".
    Capture(&'a str),
    /// A group that does not.
    Plain(Flags),
    /// No group: flags for the rest of the one that is open.
    Flags(Flags),
}

/// Reads the beginning of a group, from its `(` on.
pub(super) fn opening<'a>(
    cursor: &mut Cursor<'a>,
    flags: Flags,
) -> Result<Opening<'a>, GoRegexError> {
    let start = *cursor;
    cursor.eat("(");
    if !cursor.eat("?") {
        return Ok(Opening::Capture(""));
    }
    // Go asks for one character after the `<`, so that a pattern that ends there is wrong for its flags.
    let is_named = (cursor.rest().len() > 2 && cursor.eat("P<"))
        || (cursor.rest().len() > 1 && cursor.eat("<"));
    if is_named {
        name(cursor, start).map(Opening::Capture)
    } else {
        read_flags(cursor, start, flags)
    }
}

fn name<'a>(cursor: &mut Cursor<'a>, start: Cursor<'a>) -> Result<&'a str, GoRegexError> {
    let Some(name) = cursor.take_until(">") else {
        return Err(GoRegexError::new(Problem::NamedCapture, start.rest()));
    };
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !is_word {
        return Err(GoRegexError::new(Problem::NamedCapture, cursor.since(start)));
    }
    Ok(name)
}

/// `i-s)` or `i-s:`, after the question mark.
fn read_flags<'a>(
    cursor: &mut Cursor<'a>,
    start: Cursor<'a>,
    mut flags: Flags,
) -> Result<Opening<'a>, GoRegexError> {
    let mut on = true;
    let mut dangling = false; // A minus must turn something off.
    loop {
        let next = cursor.next();
        match next {
            Some('i') => flags.fold = on,
            Some('m') => flags.multi_line = on,
            Some('s') => flags.dot_newline = on,
            Some('U') => flags.ungreedy = on,
            Some('-') if on => on = false,
            Some(':') if !dangling => return Ok(Opening::Plain(flags)),
            Some(')') if !dangling => return Ok(Opening::Flags(flags)),
            _ => return Err(GoRegexError::new(Problem::PerlOp, cursor.since(start))),
        }
        dangling = next == Some('-');
    }
}
