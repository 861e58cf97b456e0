//! Character classes. Each becomes a set of code points, so that no class syntax of Rust's can come into play.

use std::fmt::Write;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::cursor::Cursor;
use super::error::{GoRegexError, Problem};
use super::escape::escape;
use super::unicode;

/// The set of the code points from `from` to `to`, with those that differ in case only where `fold` says so.
/// Surrogates drop out: no text holds one.
pub(super) fn range(from: u32, to: u32, fold: bool) -> ClassUnicode {
    let start = char::from_u32(from).unwrap_or('\u{E000}');
    let end = char::from_u32(to).unwrap_or('\u{D7FF}');
    let mut class = ClassUnicode::empty();
    if start <= end {
        class.push(ClassUnicodeRange::new(start, end));
    }
    folded(class, fold)
}

/// Writes a set in Rust's syntax.
pub(super) fn write(class: &ClassUnicode, out: &mut String) {
    let ranges = class.ranges();
    if ranges.is_empty() {
        // Rust has no way to write an empty class but to exclude everything.
        out.push_str("[^\\x{0}-\\x{10FFFF}]");
        return;
    }
    out.push('[');
    for range in ranges {
        let (start, end) = (u32::from(range.start()), u32::from(range.end()));
        // Writing to a String cannot fail.
        let _written = if start == end {
            write!(out, "\\x{{{start:X}}}")
        } else {
            write!(out, "\\x{{{start:X}}}-\\x{{{end:X}}}")
        };
    }
    out.push(']');
}

/// Reads a class, from its `[` to its `]`.
pub(super) fn bracketed(cursor: &mut Cursor<'_>, fold: bool) -> Result<ClassUnicode, GoRegexError> {
    let start = *cursor;
    cursor.eat("[");
    let negated = cursor.eat("^");
    let mut class = ClassUnicode::empty();
    let mut first = true; // A `]` that comes first is a member.
    while first || !cursor.eat("]") {
        first = false;
        let members = match posix(cursor, fold)? {
            Some(members) => members,
            None => match shorthand(cursor, fold)? {
                Some(members) => members,
                None => member(cursor, start, fold)?,
            },
        };
        class.union(&members);
    }
    Ok(signed(class, negated))
}

/// One character, or a range of them.
fn member(
    cursor: &mut Cursor<'_>,
    class: Cursor<'_>,
    fold: bool,
) -> Result<ClassUnicode, GoRegexError> {
    let start = *cursor;
    let from = character(cursor, class)?;
    let rest = cursor.rest();
    // In `[a-]` the dash is a member; in `[a-` it is, too, and the class has no end.
    if rest.len() < 2 || !rest.starts_with('-') || rest.starts_with("-]") {
        return Ok(range(from, from, fold));
    }
    cursor.eat("-");
    let to = character(cursor, class)?;
    if to < from {
        return Err(GoRegexError::new(Problem::CharRange, cursor.since(start)));
    }
    Ok(range(from, to, fold))
}

fn character(cursor: &mut Cursor<'_>, class: Cursor<'_>) -> Result<u32, GoRegexError> {
    if cursor.peek() == Some('\\') {
        return escape(cursor);
    }
    let next = cursor.next().map(u32::from);
    next.ok_or_else(|| GoRegexError::new(Problem::MissingBracket, class.rest()))
}

/// Reads a class that needs no brackets, if one comes next: `\d`, `\pL`, `\P{Greek}`.
pub(super) fn shorthand(
    cursor: &mut Cursor<'_>,
    fold: bool,
) -> Result<Option<ClassUnicode>, GoRegexError> {
    let mut ahead = *cursor;
    if !ahead.eat("\\") {
        return Ok(None);
    }
    let class = match ahead.next() {
        Some('p') => property(&mut ahead, *cursor, false, fold)?,
        Some('P') => property(&mut ahead, *cursor, true, fold)?,
        Some(letter) => match perl(letter) {
            Some(ranges) => signed(folded(of(ranges), fold), letter.is_ascii_uppercase()),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    *cursor = ahead;
    Ok(Some(class))
}

/// What `\d`, `\s` and `\w` hold: ASCII only, and `\s` without the vertical tab.
const fn perl(letter: char) -> Option<&'static [(char, char)]> {
    match letter {
        'd' | 'D' => Some(&[('0', '9')]),
        's' | 'S' => Some(&[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')]),
        'w' | 'W' => Some(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        _ => None,
    }
}

/// The name of a Unicode category or script, after its `\p`.
fn property(
    cursor: &mut Cursor<'_>,
    start: Cursor<'_>,
    negated: bool,
    fold: bool,
) -> Result<ClassUnicode, GoRegexError> {
    let before = *cursor;
    let name = if cursor.eat("{") {
        let name = cursor.take_until("}");
        name.ok_or_else(|| GoRegexError::new(Problem::CharRange, start.rest()))?
    } else {
        cursor.next();
        cursor.since(before)
    };
    let (name, caret) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let class = unicode::class(name);
    let class = class.ok_or_else(|| GoRegexError::new(Problem::CharRange, cursor.since(start)))?;
    Ok(signed(folded(class, fold), negated != caret))
}

/// Reads a named class such as `[:alnum:]` or `[:^space:]`, if one comes next.
fn posix(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<ClassUnicode>, GoRegexError> {
    let mut ahead = *cursor;
    if !ahead.eat("[:") {
        return Ok(None);
    }
    let Some(name) = ahead.take_until(":]") else {
        return Ok(None);
    };
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let Some(ranges) = posix_ranges(name) else {
        return Err(GoRegexError::new(Problem::CharRange, ahead.since(*cursor)));
    };
    *cursor = ahead;
    Ok(Some(signed(folded(of(ranges), fold), negated)))
}

fn posix_ranges(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7F')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1F'), ('\x7F', '\x7F')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

fn of(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|&(start, end)| ClassUnicodeRange::new(start, end)))
}

fn folded(mut class: ClassUnicode, fold: bool) -> ClassUnicode {
    if fold {
        class.case_fold_simple();
    }
    class
}

fn signed(mut class: ClassUnicode, negated: bool) -> ClassUnicode {
    if negated {
        class.negate();
    }
    class
}
