//! The question: one query, without EDNS, as blackbox_exporter asks it.

use super::wire::{Malformed, Reader};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// The transaction, by which an answer is known.
    pub(super) id: u16,
    pub(super) kind: u16,
    pub(super) class: u16,
    pub(super) recursion_desired: bool,
    /// The name's labels, each behind its length, and the root.
    name: Vec<u8>,
}

/// Why a name cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadName(pub(super) &'static str);

const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 255;

impl Query {
    /// A query for a name in zone file form, with or without the last dot.
    pub(super) fn new(
        id: u16,
        name: &str,
        (kind, class): (u16, u16),
        recursion_desired: bool,
    ) -> Result<Self, BadName> {
        let name = packed(internationalized(name).as_bytes())?;
        Ok(Self { id, kind, class, recursion_desired, name })
    }

    /// The message.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        const RECURSION_DESIRED: u16 = 0x100;
        let Self { id, kind, class, recursion_desired, name } = self;
        let flags = if *recursion_desired { RECURSION_DESIRED } else { 0 };
        let header = [*id, flags, 1, 0, 0, 0].map(u16::to_be_bytes);
        let question = [*kind, *class].map(u16::to_be_bytes);
        [header.as_flattened(), name, question.as_flattened()].concat()
    }

    /// Whether an answer repeats this question, letters of either case.
    pub(super) fn is_asked_in(&self, question: &Question) -> bool {
        let Ok(own) = Reader::new(&self.name, 0).name() else { return false };
        question.name.eq_ignore_ascii_case(&own)
            && (question.kind, question.class) == (self.kind, self.class)
    }
}

/// A question, as an answer repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) kind: u16,
    pub(super) class: u16,
}

impl Question {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { name: reader.name()?, kind: reader.u16()?, class: reader.u16()? })
    }
}

/// A name with other letters than ASCII in Punycode; as it is where that cannot be done.
fn internationalized(name: &str) -> String {
    if name.is_ascii() {
        return name.to_owned();
    }
    let ascii = url::quirks::domain_to_ascii(name);
    if ascii.is_empty() { name.to_owned() } else { ascii }
}

/// Labels behind their lengths. `\.` is a dot inside of a label, `\065` an octet.
fn packed(name: &[u8]) -> Result<Vec<u8>, BadName> {
    let mut packed = Vec::with_capacity(name.len() + 2);
    let mut label = Vec::new();
    let mut rest = if name == b"." { &[][..] } else { name };
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'.', after) => {
                end_label(&mut label, &mut packed)?;
                after
            }
            (b'\\', [a, b, c, after @ ..]) if [a, b, c].iter().all(|it| it.is_ascii_digit()) => {
                let digit = |octet: &u8| u16::from(octet - b'0');
                let octet = u8::try_from(digit(a) * 100 + digit(b) * 10 + digit(c));
                label.push(octet.map_err(|_| BadName("an escaped octet is larger than 255"))?);
                after
            }
            (b'\\', [escaped, after @ ..]) => {
                label.push(*escaped);
                after
            }
            (b'\\', []) => return Err(BadName("it ends in the middle of an escape")),
            (octet, after) => {
                label.push(*octet);
                after
            }
        };
    }
    if !label.is_empty() {
        end_label(&mut label, &mut packed)?;
    }
    packed.push(0);
    if packed.len() > LONGEST_NAME {
        return Err(BadName("it is longer than 255 octets"));
    }
    Ok(packed)
}

fn end_label(label: &mut Vec<u8>, packed: &mut Vec<u8>) -> Result<(), BadName> {
    let length = u8::try_from(label.len()).ok().filter(|it| usize::from(*it) <= LONGEST_LABEL);
    let length = length.ok_or(BadName("a label is longer than 63 octets"))?;
    if length == 0 {
        return Err(BadName("a label is empty"));
    }
    packed.push(length);
    packed.append(label);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str) -> Result<Query, BadName> {
        Query::new(0x1234, name, (28, 1), true)
    }

    #[test]
    fn a_query_is_a_header_and_a_question() {
        let bytes = query("www.Example.com").expect("a name").to_bytes();
        let expected =
            b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x03www\x07Example\x03com\0\0\x1c\0\x01";
        assert_eq!(bytes, expected);
        let without = Query::new(1, ".", (6, 3), false).expect("the root").to_bytes();
        assert_eq!(without, b"\0\x01\0\0\0\x01\0\0\0\0\0\0\0\0\x06\0\x03");
    }

    #[test]
    fn names_are_read_as_zone_files_have_them() {
        for (name, expected) in [
            ("a.b", &b"\x01a\x01b\0"[..]),
            ("a.b.", b"\x01a\x01b\0"),
            (".", b"\0"),
            (r"a\.b.c", b"\x03a.b\x01c\0"),
            (r"\065\255.c", b"\x02A\xff\x01c\0"),
            (r"\06.c", b"\x0206\x01c\0"),
            ("*._tcp.x", b"\x01*\x04_tcp\x01x\0"),
            ("bücher.example", b"\x0dxn--bcher-kva\x07example\0"),
        ] {
            assert_eq!(query(name).expect(name).name, expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long_label = "a".repeat(64);
        let long_name = "abcdefg.".repeat(32);
        for (name, expected) in [
            ("a..b", "a label is empty"),
            (".a", "a label is empty"),
            ("..", "a label is empty"),
            ("a\\", "it ends in the middle of an escape"),
            (r"\256", "an escaped octet is larger than 255"),
            (long_label.as_str(), "a label is longer than 63 octets"),
            (&long_name, "it is longer than 255 octets"),
        ] {
            assert_eq!(query(name), Err(BadName(expected)), "{name}");
        }
        assert!(query(&"a".repeat(63)).is_ok());
        assert!(query(&long_name[..253]).is_ok());
    }

    #[test]
    fn an_answer_may_repeat_the_question_in_other_letters() {
        let query = query("www.Example.com").expect("a name");
        let question = |name: &str, kind, class| Question { name: name.to_owned(), kind, class };
        assert!(query.is_asked_in(&question("WWW.example.COM.", 28, 1)));
        assert!(!query.is_asked_in(&question("www.example.org.", 28, 1)));
        assert!(!query.is_asked_in(&question("www.example.com.", 1, 1)));
        assert!(!query.is_asked_in(&question("www.example.com.", 28, 3)));
    }
}
