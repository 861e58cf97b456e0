//! Go's regular expressions on bytes that need not be UTF-8: bodies, headers, lines of any protocol.
//!
//! Go takes each stray byte for a U+FFFD of its own. Rust's engine on bytes has no such notion, so a text with stray bytes
//! is matched on a copy in which they are U+FFFD, and what was found is taken from the original at the same places.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::template::BytesTemplate;
use super::{GoRegex, GoRegexError};

/// A compiled Go regular expression that is matched against bytes.
#[derive(Clone)]
pub struct GoBytesRegex(GoRegex);

/// A match and its groups, in the bytes that were searched.
#[derive(Debug, Clone)]
pub struct BytesCaptures<'b> {
    bytes: &'b [u8],
    groups: Vec<Option<Range<usize>>>,
}

impl GoBytesRegex {
    /// Compiles a pattern that may match anywhere.
    pub fn new(pattern: &str) -> Result<Self, GoRegexError> {
        GoRegex::new(pattern).map(Self)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether there is a match.
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.0.is_match(&Readable::of(bytes).text)
    }

    /// The first match and its groups.
    pub fn captures<'b>(&self, bytes: &'b [u8]) -> Option<BytesCaptures<'b>> {
        let readable = Readable::of(bytes);
        let captures = self.0.captures(&readable.text)?;
        let place = |group: regex::Match<'_>| {
            readable.original(group.start())..readable.original(group.end())
        };
        Some(BytesCaptures { bytes, groups: captures.iter().map(|it| it.map(place)).collect() })
    }

    /// The template with the groups of one match in it.
    pub fn expand(&self, template: &BytesTemplate, captures: &BytesCaptures<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        template.expand(&self.0.names, |index| captures.get(index), &mut out);
        out
    }
}

impl fmt::Debug for GoBytesRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GoBytesRegex").field(&self.as_str()).finish()
    }
}

impl<'b> BytesCaptures<'b> {
    /// What a group matched, 0 being the whole match; nothing if it took no part in it.
    pub fn get(&self, group: usize) -> Option<&'b [u8]> {
        let range = self.groups.get(group)?.clone()?;
        self.bytes.get(range)
    }
}

/// Bytes as Go's engine reads them.
struct Readable<'b> {
    text: Cow<'b, str>,
    /// Where in the text stray bytes were, in rising order.
    stray: Vec<usize>,
}

impl<'b> Readable<'b> {
    fn of(bytes: &'b [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self { text: Cow::Borrowed(text), stray: Vec::new() };
        }
        let mut text = String::with_capacity(bytes.len());
        let mut stray = Vec::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for _ in chunk.invalid() {
                stray.push(text.len());
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Self { text: Cow::Owned(text), stray }
    }

    /// Where a place of the text lies in the bytes.
    fn original(&self, place: usize) -> usize {
        let grown = char::REPLACEMENT_CHARACTER.len_utf8() - 1;
        place - grown * self.stray.partition_point(|stray| *stray < place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn regex(pattern: &str) -> GoBytesRegex {
        GoBytesRegex::new(pattern).expect(pattern)
    }

    #[test]
    fn a_stray_byte_is_one_character() {
        for (pattern, bytes, expected) in [
            (".", &b"\xff"[..], Some(&b"\xff"[..])),
            ("^..$", b"\xe2\x82", Some(b"\xe2\x82")), // the beginning of a euro sign
            ("^.$", b"\xe2\x82", None),
            ("^.$", "€".as_bytes(), Some("€".as_bytes())),
            ("[^a]+", b"a\xff\xfeb", Some(b"\xff\xfeb")),
            (r"\x{FFFD}b", b"a\xffb", Some(b"\xffb")),
            ("b.*", b"\x00\xffab\xc3\xa9\xc3", Some(b"b\xc3\xa9\xc3")),
            ("^a$", b"a\xff", None),
            (r"\x{0}\x{0}", b"\x00\x00\x80", Some(b"\x00\x00")),
            ("", b"\xff", Some(b"")),
        ] {
            let found = regex(pattern).captures(bytes).and_then(|captures| captures.get(0));
            assert_eq!(found, expected, "{pattern} on {bytes:?}");
            assert_eq!(regex(pattern).is_match(bytes), expected.is_some(), "{pattern}");
        }
    }

    #[test]
    fn groups_keep_their_bytes_in_a_template() {
        let regex = regex("^(?P<first>.)(-)?(.+)$");
        let captures = regex.captures(b"\xf0\xe9t\xe9").expect("a match");
        assert_eq!(captures.get(2), None);
        assert_eq!(captures.get(9), None);
        let expanded = regex.expand(&BytesTemplate::parse(b"\x00$first|$2|${3}\xff$"), &captures);
        assert_eq!(expanded, b"\x00\xf0||\xe9t\xe9\xff$");
    }

    proptest! {
        #[test]
        fn what_was_found_stands_in_the_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let regex = regex("(?s)^(.*?)([^a-z].)(.*)$");
            if let Some(captures) = regex.captures(&bytes) {
                let groups = (1..=3).map(|group| captures.get(group).expect("it took part"));
                prop_assert_eq!(groups.collect::<Vec<_>>().concat(), bytes);
            }
        }

        #[test]
        fn text_is_matched_as_text(text in "\\PC{0,20}", pattern in "[a-c.é^$*|]{0,6}") {
            if let Ok(regex) = GoRegex::new(&pattern) {
                let bytes = GoBytesRegex::new(&pattern).expect("it is the same");
                let expected = regex.captures(&text).and_then(|it| it.get(0)).map(|it| it.as_str().as_bytes());
                prop_assert_eq!(bytes.captures(text.as_bytes()).and_then(|it| it.get(0)), expected);
            }
        }
    }
}
