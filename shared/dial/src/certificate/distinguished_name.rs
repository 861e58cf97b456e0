//! Distinguished names as Go prints them (`crypto/x509/pkix`, `Name.String`): the labels `subject` and `issuer`.
//!
//! Nine kinds of attributes have a place of their own and a short name, in an order that has nothing to do with that of the
//! certificate; values of one kind are joined by `+`. All others follow in their order, as number and hex of DER.

use std::fmt::Write as _;

use super::der::{Element, Reader, tag};

/// The kinds with a place of their own, in the order in which they are printed: the last byte of `2.5.4.x`, and the name.
const PLACES: [(u8, &str); 9] = [
    (5, "SERIALNUMBER"),
    (3, "CN"),
    (11, "OU"),
    (10, "O"),
    (17, "POSTALCODE"),
    (9, "STREET"),
    (7, "L"),
    (8, "ST"),
    (6, "C"),
];

const SERIAL_NUMBER: u8 = 5;
const COMMON_NAME: u8 = 3;
const ORGANIZATION: u8 = 10;

/// One attribute: the content of its object identifier, and its value as text.
struct Attribute<'a> {
    kind: &'a [u8],
    value: String,
}

/// The text of the content of a `Name`. What is broken in it is left out.
pub(crate) fn to_text(name: &[u8]) -> String {
    let attributes = attributes(name);
    let mut parts: Vec<String> = Vec::new();
    for (place, label) in PLACES {
        let mut values: Vec<&str> = values(&attributes, place).collect();
        if matches!(place, SERIAL_NUMBER | COMMON_NAME) {
            // Go has room for one: the last. And an empty one counts as none.
            values = values.pop().filter(|value| !value.is_empty()).into_iter().collect();
        }
        let values: Vec<_> =
            values.into_iter().map(|value| format!("{label}={}", escape(value))).collect();
        if !values.is_empty() {
            parts.push(values.join("+"));
        }
    }
    // Go puts them first and then turns the whole around.
    let others = attributes.iter().rev().filter(|attribute| place(attribute.kind).is_none());
    parts.extend(others.map(Attribute::in_hex));
    parts.join(",")
}

/// What a person would call the bearer of a name: its common name, else its organization.
pub(crate) fn name_of(name: &[u8]) -> Option<String> {
    let attributes = attributes(name);
    let common = values(&attributes, COMMON_NAME).last().filter(|name| !name.is_empty());
    common.or_else(|| values(&attributes, ORGANIZATION).next()).map(str::to_owned)
}

fn values<'a>(attributes: &'a [Attribute<'_>], wanted: u8) -> impl Iterator<Item = &'a str> {
    let of_place = move |attribute: &&Attribute<'_>| place(attribute.kind) == Some(wanted);
    attributes.iter().filter(of_place).map(|attribute| attribute.value.as_str())
}

fn place(kind: &[u8]) -> Option<u8> {
    match kind {
        [0x55, 0x04, last] => PLACES.iter().map(|(place, _)| *place).find(|place| place == last),
        _ => None,
    }
}

fn attributes(name: &[u8]) -> Vec<Attribute<'_>> {
    let mut attributes = Vec::new();
    let mut sets = Reader::new(name);
    while let Some(mut set) = sets.inside(tag::SET) {
        while let Some(attribute) = set.inside(tag::SEQUENCE).and_then(Attribute::parse) {
            attributes.push(attribute);
        }
    }
    attributes
}

impl<'a> Attribute<'a> {
    fn parse(mut reader: Reader<'a>) -> Option<Self> {
        let kind = reader.expect(tag::OBJECT_ID)?;
        let value = text(reader.element()?);
        Some(Self { kind, value })
    }

    /// Go writes the text anew, and chooses the type of it by what stands in it.
    fn in_hex(&self) -> String {
        let Self { kind, value } = self;
        let is_printable = value.bytes().all(is_printable);
        let tag = if is_printable { tag::PRINTABLE_STRING } else { tag::UTF8_STRING };
        let mut text = format!("{}=#{tag:02x}", object_id(kind));
        push_hex(&mut text, &length(value.len()));
        push_hex(&mut text, value.as_bytes());
        text
    }
}

/// What may stand in a `PrintableString`.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

fn text(value: Element<'_>) -> String {
    match value.tag {
        tag::T61_STRING => value.content.iter().map(|byte| char::from(*byte)).collect(),
        tag::BMP_STRING => {
            let (units, _) = value.content.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            // Some end with a zero, as texts in C do.
            String::from_utf16_lossy(units.strip_suffix(&[0]).unwrap_or(&units))
        }
        _ => String::from_utf8_lossy(value.content).into_owned(),
    }
}

fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for (at, character) in value.char_indices() {
        let is_at_an_end = at == 0 || at + 1 == value.len();
        let needs_it = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => is_at_an_end,
            '#' => at == 0,
            _ => false,
        };
        if needs_it {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The dotted form of an object identifier's content.
fn object_id(content: &[u8]) -> String {
    let mut arcs: Vec<u128> = Vec::new();
    let mut arc: u128 = 0;
    for byte in content {
        arc = arc.saturating_mul(128).saturating_add(u128::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    arcs.iter().map(u128::to_string).collect::<Vec<_>>().join(".")
}

fn length(length: usize) -> Vec<u8> {
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros.min(bytes.len() - 1)..];
    if length < 0x80 { digits.to_vec() } else { [&[0x80 | digits.len() as u8], digits].concat() }
}

/// Lower-case hex.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(text, "{byte:02x}").ok();
    }
}
