//! Repetitions, and how large they make what they repeat.

use super::cursor::Cursor;

/// Go's limit on a count, and on the product of nested counts.
pub(super) const MAX_REPEAT: u32 = 1000;

/// What Go's limits look at.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// The product of nested counts.
    pub(super) copies: u32,
    pub(super) height: u32,
}

impl Default for Extent {
    fn default() -> Self {
        Self { copies: 1, height: 1 }
    }
}

impl Extent {
    pub(super) fn max(self, other: Self) -> Self {
        Self { copies: self.copies.max(other.copies), height: self.height.max(other.height) }
    }
}

/// `*`, `+`, `?` or a count.
pub(super) enum Repeat {
    Symbol(char),
    Count { least: u32, most: Option<u32> },
}

impl Repeat {
    /// Reads a repetition. None, and nothing read, at a brace that begins no count.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut ahead = *cursor;
        let repeat = match ahead.next()? {
            '{' => {
                let (least, most) = counts(&mut ahead)?;
                Self::Count { least, most }
            }
            symbol => Self::Symbol(symbol),
        };
        *cursor = ahead;
        Some(repeat)
    }

    /// Whether the counts are small enough, and in order.
    pub(super) fn is_in_limits(&self) -> bool {
        match *self {
            Self::Symbol(_) => true,
            Self::Count { least, most } => {
                let most = most.unwrap_or(least);
                least <= most && most <= MAX_REPEAT
            }
        }
    }

    /// What an item of this extent comes to when it is repeated.
    pub(super) fn times(&self, item: Extent) -> Extent {
        let copies = match *self {
            Self::Symbol(_) => item.copies,
            Self::Count { most: Some(0), .. } => 1,
            Self::Count { least, most } => item.copies.saturating_mul(most.unwrap_or(least).max(1)),
        };
        Extent { copies, height: item.height + 1 }
    }

    /// Writes it behind its item.
    pub(super) fn write(&self, is_lazy: bool, out: &mut String) {
        match *self {
            Self::Symbol(symbol) => out.push(symbol),
            Self::Count { least, most: None } => out.push_str(&format!("{{{least},}}")),
            Self::Count { least, most: Some(most) } => out.push_str(&format!("{{{least},{most}}}")),
        }
        if is_lazy {
            out.push('?');
        }
    }
}

/// Reads `2}`, `2,}` or `2,3}`. None where there is something else.
fn counts(cursor: &mut Cursor<'_>) -> Option<(u32, Option<u32>)> {
    let least = count(cursor)?;
    let most = match (cursor.eat(","), cursor.peek()) {
        (false, _) => Some(least),
        (true, Some('}')) => None,
        (true, _) => Some(count(cursor)?),
    };
    cursor.eat("}").then_some((least, most))
}

/// A number without leading zeros. One that is too large for us is too large for Go.
fn count(cursor: &mut Cursor<'_>) -> Option<u32> {
    let start = *cursor;
    while cursor.next_if(|c| c.is_ascii_digit()).is_some() {}
    let digits = cursor.since(start);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}
