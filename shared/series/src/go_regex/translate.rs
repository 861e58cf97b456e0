//! The parser: reads a pattern as Go does and writes each item as it is understood.

use super::class;
use super::cursor::Cursor;
use super::error::{GoRegexError, Problem};
use super::escape::escape;
use super::group::{Flags, Opening, opening};
use super::repeat::{Extent, MAX_REPEAT, Repeat};

/// How deep groups, sequences, alternations and repetitions may nest, which is Rust's default. Go stops at 1000; Rust's
/// compiler recurses, and that deep it would run out of stack.
pub(super) const MAX_HEIGHT: u32 = 250;

/// Longer translations are refused. Go's own limit is on the compiled program; a translation of this size is far over
/// what Rust's engine compiles by default, and the bound keeps a hostile pattern of classes from filling the memory.
const MAX_LENGTH: usize = 1 << 20;

/// A pattern in Rust's syntax, with what that syntax has no room for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The pattern. Its groups have numbers only: Go takes names that Rust does not (`1st`), and one name twice.
    pub pattern: String,
    /// The names of the groups by number, "" where a group has none. The first is the whole match.
    pub names: Vec<String>,
}

impl Translation {
    /// Translates a pattern.
    pub fn of(pattern: &str) -> Result<Self, GoRegexError> {
        let mut translator = Translator {
            cursor: Cursor::new(pattern),
            flags: Flags::default(),
            group: Frame::default(),
            enclosing: Vec::new(),
            repeat: None,
            out: String::with_capacity(pattern.len() * 2),
            names: vec![String::new()],
        };
        while !translator.cursor.rest().is_empty() {
            translator.step()?;
        }
        translator.finish()
    }
}

struct Translator<'a> {
    cursor: Cursor<'a>,
    flags: Flags,
    /// The innermost group that is open, at first the pattern itself.
    group: Frame,
    /// The groups around it.
    enclosing: Vec<Frame>,
    /// Where the repetition that was read just now begins.
    repeat: Option<Cursor<'a>>,
    out: String,
    names: Vec<String>,
}

/// A group that is open.
#[derive(Default)]
struct Frame {
    /// Where it begins in the translation.
    start: usize,
    /// The flags to go back to when it closes.
    outside: Flags,
    /// Whether it has a `|`.
    has_branches: bool,
    /// Whether one of its branches has more than one item.
    has_sequence: bool,
    /// What a repetition would apply to.
    last: Option<Item>,
    /// The most that its other items bring.
    most: Extent,
}

impl Frame {
    /// The last item cannot be repeated any more.
    fn settle(&mut self) {
        if let Some(last) = self.last.take() {
            self.most = self.most.max(last.extent);
        }
    }

    fn height(&self) -> u32 {
        self.most.height + u32::from(self.has_branches) + u32::from(self.has_sequence)
    }
}

/// What can be repeated: a character, a class, an assertion, a group, a repetition.
#[derive(Clone, Copy)]
struct Item {
    /// Where it begins in the translation.
    start: usize,
    is_repetition: bool,
    extent: Extent,
}

impl Translator<'_> {
    fn step(&mut self) -> Result<(), GoRegexError> {
        let last_repeat = self.repeat.take();
        match self.cursor.peek() {
            Some('(') => self.open_group()?,
            Some(')') => self.close_group()?,
            Some('|') => self.next_branch(),
            Some('^') => self.symbol(if self.flags.multi_line { "(?m:^)" } else { r"\A" }),
            Some('$') => self.symbol(if self.flags.multi_line { "(?m:$)" } else { r"\z" }),
            Some('.') => self.symbol(if self.flags.dot_newline { "(?s:.)" } else { r"[^\n]" }),
            Some('[') => {
                let class = class::bracketed(&mut self.cursor, self.flags.fold)?;
                self.item(|out| class::write(&class, out));
            }
            Some('*' | '+' | '?' | '{') => self.repeat_or_brace(last_repeat)?,
            Some('\\') => self.backslash()?,
            _ => {
                let literal = self.cursor.next().map(u32::from);
                self.literal(literal.unwrap_or_default());
            }
        }
        if self.out.len() > MAX_LENGTH {
            return Err(self.whole(Problem::Large));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Translation, GoRegexError> {
        if !self.enclosing.is_empty() {
            return Err(self.whole(Problem::MissingParen));
        }
        self.group.settle();
        self.check_height(self.group.height())?;
        Ok(Translation { pattern: self.out, names: self.names })
    }

    fn whole(&self, problem: Problem) -> GoRegexError {
        GoRegexError::new(problem, self.cursor.whole())
    }

    /// Writes an item.
    fn item(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.out.len();
        write(&mut self.out);
        self.push(Item { start, is_repetition: false, extent: Extent::default() });
    }

    fn push(&mut self, item: Item) {
        self.group.has_sequence |= self.group.last.is_some();
        self.group.settle();
        self.group.last = Some(item);
    }

    /// An item of one character of the pattern.
    fn symbol(&mut self, translated: &str) {
        self.cursor.next();
        self.item(|out| out.push_str(translated));
    }

    fn literal(&mut self, point: u32) {
        let set = class::range(point, point, self.flags.fold);
        match set.ranges() {
            [only] if only.start() == only.end() => {
                let text = regex_syntax::escape(only.start().encode_utf8(&mut [0; 4]));
                self.item(|out| out.push_str(&text));
            }
            _ => self.item(|out| class::write(&set, out)),
        }
    }

    fn open_group(&mut self) -> Result<(), GoRegexError> {
        let opening = opening(&mut self.cursor, self.flags)?;
        let frame = Frame { start: self.out.len(), outside: self.flags, ..Frame::default() };
        match opening {
            Opening::Flags(flags) => {
                self.flags = flags;
                return Ok(());
            }
            Opening::Plain(flags) => {
                self.flags = flags;
                self.out.push_str("(?:");
            }
            Opening::Capture(name) => {
                self.names.push(name.to_owned());
                self.out.push('(');
            }
        }
        self.enclosing.push(std::mem::replace(&mut self.group, frame));
        self.check_height(u32::try_from(self.enclosing.len()).unwrap_or(u32::MAX))
    }

    fn close_group(&mut self) -> Result<(), GoRegexError> {
        let Some(enclosing) = self.enclosing.pop() else {
            return Err(self.whole(Problem::UnexpectedParen));
        };
        let mut frame = std::mem::replace(&mut self.group, enclosing);
        frame.settle();
        self.cursor.next();
        self.flags = frame.outside;
        self.out.push(')');
        let extent = Extent { height: frame.height() + 1, ..frame.most };
        self.check_height(extent.height)?;
        self.push(Item { start: frame.start, is_repetition: false, extent });
        Ok(())
    }

    fn check_height(&self, height: u32) -> Result<(), GoRegexError> {
        if height > MAX_HEIGHT { Err(self.whole(Problem::NestingDepth)) } else { Ok(()) }
    }

    fn next_branch(&mut self) {
        self.cursor.next();
        self.out.push('|');
        self.group.settle();
        self.group.has_branches = true;
    }

    fn backslash(&mut self) -> Result<(), GoRegexError> {
        let start = self.cursor;
        for (written, translated) in ASSERTIONS {
            if self.cursor.eat(written) {
                self.item(|out| out.push_str(translated));
                return Ok(());
            }
        }
        if self.cursor.eat(r"\Q") {
            self.quoted();
        } else if let Some(class) = class::shorthand(&mut self.cursor, self.flags.fold)? {
            self.item(|out| class::write(&class, out));
        } else if self.cursor.eat(r"\C") {
            // One byte, whatever it is: no text of characters has that.
            return Err(GoRegexError::new(Problem::Escape, self.cursor.since(start)));
        } else {
            let point = escape(&mut self.cursor)?;
            self.literal(point);
        }
        Ok(())
    }

    /// Literal text up to `\E`, or to the end.
    fn quoted(&mut self) {
        let text = match self.cursor.take_until(r"\E") {
            Some(text) => text,
            None => self.cursor.take_rest(),
        };
        for c in text.chars() {
            self.literal(u32::from(c));
        }
    }

    fn repeat_or_brace(&mut self, last: Option<Cursor<'_>>) -> Result<(), GoRegexError> {
        let start = self.cursor;
        let Some(repeat) = Repeat::read(&mut self.cursor) else {
            // A brace that begins no count stands for itself.
            self.cursor.eat("{");
            self.literal(u32::from('{'));
            return Ok(());
        };
        if !repeat.is_in_limits() {
            return Err(GoRegexError::new(Problem::RepeatSize, self.cursor.since(start)));
        }
        let is_lazy = self.cursor.eat("?") != self.flags.ungreedy;
        let read = self.cursor;
        if let Some(last) = last {
            let both = &last.rest()[..last.rest().len() - read.rest().len()];
            return Err(GoRegexError::new(Problem::RepeatOp, both));
        }
        let Some(item) = self.group.last else {
            return Err(GoRegexError::new(Problem::MissingRepeatArgument, read.since(start)));
        };
        let mut extent = repeat.times(item.extent);
        extent.height += u32::from(item.is_repetition); // for the group that is put around it below
        self.check_height(extent.height)?;
        if extent.copies > MAX_REPEAT {
            return Err(GoRegexError::new(Problem::RepeatSize, read.since(start)));
        }
        if item.is_repetition {
            // `a*\Q\E?` is (a*)? in Go; written side by side it would be a lazy star.
            self.out.insert_str(item.start, "(?:");
            self.out.push(')');
        }
        repeat.write(is_lazy, &mut self.out);
        self.group.last = Some(Item { start: item.start, is_repetition: true, extent });
        self.repeat = Some(start);
        Ok(())
    }
}

/// Assertions of one position. Go's word characters are ASCII.
const ASSERTIONS: [(&str, &str); 4] =
    [(r"\A", r"\A"), (r"\z", r"\z"), (r"\b", r"(?-u:\b)"), (r"\B", r"(?-u:\B)")];
