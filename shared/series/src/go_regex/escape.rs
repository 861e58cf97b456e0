//! Escapes that stand for one character, in and outside of classes.

use super::cursor::Cursor;
use super::error::{GoRegexError, Problem};

/// Reads an escape, from its backslash on; the code point that it stands for. That may be a surrogate: Go takes it and
/// it matches nothing.
pub(super) fn escape(cursor: &mut Cursor<'_>) -> Result<u32, GoRegexError> {
    let start = *cursor;
    cursor.eat("\\");
    let Some(escaped) = cursor.next() else {
        return Err(GoRegexError::new(Problem::TrailingBackslash, ""));
    };
    let point = match escaped {
        '0' => Some(octal(0, cursor)),
        // A digit alone would be a backreference, which RE2 does not have.
        '1'..='7' if cursor.peek().is_some_and(is_octal) => Some(octal(digit(escaped, 8), cursor)),
        'x' => hexadecimal(cursor),
        'a' => Some(0x07),
        'f' => Some(0x0C),
        'n' => Some(0x0A),
        'r' => Some(0x0D),
        't' => Some(0x09),
        'v' => Some(0x0B),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
        _ => None,
    };
    point.ok_or_else(|| GoRegexError::new(Problem::Escape, cursor.since(start)))
}

const fn is_octal(c: char) -> bool {
    matches!(c, '0'..='7')
}

fn digit(c: char, radix: u32) -> u32 {
    c.to_digit(radix).unwrap_or_default()
}

/// Up to two more octal digits.
fn octal(first: u32, cursor: &mut Cursor<'_>) -> u32 {
    let mut value = first;
    for _ in 0..2 {
        let Some(next) = cursor.next_if(is_octal) else {
            break;
        };
        value = value * 8 + digit(next, 8);
    }
    value
}

/// `41` or `{41}`, after the `x`.
fn hexadecimal(cursor: &mut Cursor<'_>) -> Option<u32> {
    if cursor.eat("{") {
        return braced(cursor);
    }
    // Both characters are read before either is judged: the error shows both.
    let (high, low) = (cursor.next()?, cursor.next()?);
    Some(high.to_digit(16)? * 16 + low.to_digit(16)?)
}

fn braced(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut value = None;
    loop {
        let next = cursor.next()?;
        if next == '}' {
            return value;
        }
        let next = value.unwrap_or(0) * 16 + next.to_digit(16)?;
        value = (next <= u32::from(char::MAX)).then_some(next);
        value?;
    }
}
