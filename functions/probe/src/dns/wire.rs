//! DNS messages as bytes ([RFC 1035, section 4](https://www.rfc-editor.org/rfc/rfc1035#section-4)). Reads what strangers
//! send: every length is checked, and a name costs at most 255 octets and [`MOST_POINTERS`] jumps, wherever its pointers lead.

use std::fmt;

use super::escape;

/// A name has at most this many octets.
const LONGEST_NAME: usize = 255;
/// As many as could make sense in a name of 255 octets. Pointers may lead anywhere, so that loops end here.
const MOST_POINTERS: usize = 126;

/// A message that cannot be read, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Reads on from one place of a message up to another. Names may point to anything before the end.
#[derive(Debug, Clone)]
pub(super) struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    /// Begins at `at`.
    pub(super) fn new(message: &'m [u8], at: usize) -> Self {
        Self { message, at }
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.message.len()
    }

    /// The next bytes, all of them or none.
    pub(super) fn take(&mut self, count: usize) -> Result<&'m [u8], Malformed> {
        let rest = self.message.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or(Malformed("it ends in the middle of a field"))?;
        self.at += count;
        Ok(taken)
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> &'m [u8] {
        let rest = self.message.get(self.at..).unwrap_or_default();
        self.at = self.message.len();
        rest
    }

    /// The next bytes as a reader of their own, for which the message ends behind them.
    pub(super) fn part(&mut self, count: usize) -> Result<Self, Malformed> {
        let at = self.at;
        self.take(count)?;
        Ok(Self { message: &self.message[..self.at], at })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// A text of at most 255 octets behind its length.
    pub(super) fn string(&mut self) -> Result<&'m [u8], Malformed> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// A name, written as a person would: labels with a dot behind each, odd octets escaped.
    pub(super) fn name(&mut self) -> Result<String, Malformed> {
        let mut name = String::new();
        let mut place = Self { message: self.message, at: self.at };
        let (mut octets, mut pointers) = (0, 0);
        // Where reading goes on: behind the first pointer, if there is one.
        let mut behind = None;
        loop {
            let length = place.u8()?;
            match length >> 6 {
                0 if length == 0 => break,
                0 => {
                    octets += usize::from(length) + 1;
                    if octets >= LONGEST_NAME {
                        return Err(Malformed("a name has more than 255 octets"));
                    }
                    let label = place.take(usize::from(length))?;
                    label.iter().for_each(|octet| escape::name_octet(*octet, &mut name));
                    name.push('.');
                }
                3 => {
                    let low = place.u8()?;
                    behind.get_or_insert(place.at);
                    pointers += 1;
                    if pointers > MOST_POINTERS {
                        return Err(Malformed("a name has too many compression pointers"));
                    }
                    place.at = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                }
                _ => return Err(Malformed("a label of a name has an unknown kind")),
            }
        }
        self.at = behind.unwrap_or(place.at);
        if name.is_empty() {
            name.push('.');
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(message: &[u8], at: usize) -> Result<(String, usize), Malformed> {
        let mut reader = Reader::new(message, at);
        Ok((reader.name()?, reader.at))
    }

    #[test]
    fn names_are_written_with_dots_and_escapes() {
        for (sentence, message, expected) in [
            ("labels end in dots", &b"\x03www\x07example\x03com\0"[..], "www.example.com."),
            ("the root is a dot", b"\0", "."),
            ("capitals stay", b"\x02Ab\0", "Ab."),
            ("special characters get a backslash", b"\x09.'@;()\"\\ \0", r#"\.\'\@\;\(\)\"\\\ ."#),
            ("odd octets are decimal", b"\x04\x00\x1f\x7f\xff\0", r"\000\031\127\255."),
        ] {
            assert_eq!(name(message, 0), Ok((expected.to_owned(), message.len())), "{sentence}");
        }
    }

    #[test]
    fn pointers_are_followed_and_reading_goes_on_behind_the_first() {
        let message = b"\x03com\0\x07example\xc0\x00\x03www\xc0\x05rest";
        assert_eq!(name(message, 5), Ok(("example.com.".to_owned(), 15)));
        assert_eq!(name(message, 15), Ok(("www.example.com.".to_owned(), 21)));
    }

    #[test]
    fn a_name_that_leads_nowhere_ends() {
        let mut deep = vec![0; 2];
        for at in 0..200_u16 {
            deep.extend((0xc000 | (at * 2)).to_be_bytes());
        }
        let long = [&[63; 64][..], &[63; 64], &[63; 64], &[63; 64], &[0]].concat();
        for (sentence, message, at, expected) in [
            ("a pointer to itself", &b"\xc0\x00"[..], 0, "compression pointers"),
            ("two that point to each other", b"\xc0\x02\xc0\x00", 0, "compression pointers"),
            ("a label that points back", b"\x01a\xc0\x00", 0, "compression pointers"),
            ("a long label that points back", b"\x08abcdefgh\xc0\x00", 0, "255 octets"),
            ("a ladder of pointers", &deep, 400, "compression pointers"),
            ("a pointer behind the end", b"\xc0\x02", 0, "ends in the middle"),
            ("half a pointer", b"\xc0", 0, "ends in the middle"),
            ("a label that is cut off", b"\x05ab", 0, "ends in the middle"),
            ("no end", b"\x01a", 0, "ends in the middle"),
            ("a label of a reserved kind", b"\x40a", 0, "unknown kind"),
            ("256 octets", &long, 0, "255 octets"),
            ("nothing at all", b"", 0, "ends in the middle"),
            ("a place behind the end", b"\0", 7, "ends in the middle"),
        ] {
            let error = name(message, at).expect_err(sentence);
            assert!(error.0.contains(expected), "{sentence}: {error}");
        }
    }
}
