//! A place in a pattern that is being read.

/// Reads a pattern from left to right. A copy is a bookmark.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The whole pattern.
    pub(super) const fn whole(&self) -> &'a str {
        self.text
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// What was read since a bookmark.
    pub(super) fn since(&self, bookmark: Self) -> &'a str {
        &self.text[bookmark.at..self.at]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Reads `expected` if it comes next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Reads up to `end` and behind it; the text before it. None, and nothing read, where there is no `end`.
    pub(super) fn take_until(&mut self, end: &str) -> Option<&'a str> {
        let (before, _) = self.rest().split_once(end)?;
        self.at += before.len() + end.len();
        Some(before)
    }

    /// Reads everything that is left.
    pub(super) fn take_rest(&mut self) -> &'a str {
        let rest = self.rest();
        self.at = self.text.len();
        rest
    }

    /// Reads a character if the predicate accepts it.
    pub(super) fn next_if(&mut self, accept: impl FnOnce(char) -> bool) -> Option<char> {
        self.peek().filter(|&c| accept(c))?;
        self.next()
    }
}
