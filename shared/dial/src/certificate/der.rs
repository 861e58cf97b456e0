//! A reader of DER, as far as certificates use it: definite lengths, shortest form, one byte of tag. Whatever else comes is
//! `None`: nothing here panics, and nothing is copied.

/// Universal tags, and those that certificates give a meaning of their own.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OBJECT_ID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const T61_STRING: u8 = 0x14;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// A context-specific tag of something primitive.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// A context-specific tag of something constructed.
    pub(crate) const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// One element: its tag, its content, and both with the length between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// Reads elements one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the next element has this tag.
    pub(crate) fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next element.
    pub(crate) fn element(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        // More than one byte of tag is nothing that stands in a certificate.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        Some(Element { tag, content, whole })
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// The content of the next element if it has this tag. The outer `None`: it is broken.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.is_next(tag) { self.expect(tag).map(Some) } else { Some(None) }
    }

    /// The elements within the next one, which must have this tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(Self)
    }

    /// Says that nothing follows.
    pub(crate) fn end(&self) -> Option<()> {
        self.is_empty().then_some(())
    }
}

/// The length that stands at the beginning, in the shortest form, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let is_shortest = digits.first().is_some_and(|digit| *digit != 0) && digits.len() <= 4;
    let length = digits.iter().fold(0_u64, |length, digit| (length << 8) | u64::from(*digit));
    (is_shortest && length >= 0x80).then_some(())?;
    Some((usize::try_from(length).ok()?, rest))
}

/// The only element of a text.
pub(crate) fn single(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let content = reader.expect(tag)?;
    reader.end()?;
    Some(content)
}

/// A truth: one byte, all ones or all zeros.
pub(crate) fn boolean(content: &[u8]) -> Option<bool> {
    match content {
        [0x00] => Some(false),
        [0xff] => Some(true),
        _ => None,
    }
}

/// The bits of a bit string, first bit first, with those that do not count as zeros.
pub(crate) fn bits(content: &[u8]) -> Option<&[u8]> {
    let (&unused, bits) = content.split_first()?;
    let last = bits.last().copied().unwrap_or(0);
    let is_padded = unused < 8
        && (unused == 0 || !bits.is_empty())
        && last & ((1_u8 << unused.min(7)) - 1) == 0;
    is_padded.then_some(bits)
}

/// The bits of a bit string that holds whole bytes: a key, a signature.
pub(crate) fn whole_bytes(content: &[u8]) -> Option<&[u8]> {
    content.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bytes)| bytes)
}

/// An integer's content: there, and in the shortest form.
pub(crate) fn integer(content: &[u8]) -> Option<&[u8]> {
    let is_shortest = match content {
        [] => false,
        [0x00, second, ..] => second & 0x80 != 0,
        [0xff, second, ..] => second & 0x80 == 0,
        _ => true,
    };
    is_shortest.then_some(content)
}

/// The magnitude of an integer, without leading zero bytes.
pub(crate) fn magnitude(content: &[u8]) -> Vec<u8> {
    let is_negative = content.first().is_some_and(|first| first & 0x80 != 0);
    let mut bytes = content.to_vec();
    if is_negative {
        // Two's complement: all bits turned, and one added.
        let mut carry = true;
        for byte in bytes.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.split_off(zeros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_form_of_a_length_counts() {
        let long = [&[0x04, 0x81, 0x80][..], &[7; 0x80]].concat();
        let cases: [(&str, &[u8], Option<usize>); 9] = [
            ("a short one", &[0x04, 0x02, 1, 2], Some(2)),
            ("nothing inside", &[0x04, 0x00], Some(0)),
            ("a long one", &long, Some(0x80)),
            ("a long one that could be short", &[0x04, 0x81, 0x02, 1, 2], None),
            ("zeros before", &[0x04, 0x82, 0x00, 0x80], None),
            ("an indefinite one", &[0x30, 0x80, 0x00, 0x00], None),
            ("more than there is", &[0x04, 0x03, 1, 2], None),
            ("more than there could be", &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], None),
            ("a tag of several bytes", &[0x1f, 0x81, 0x00, 0x00], None),
        ];
        for (name, bytes, expected) in cases {
            let element = Reader::new(bytes).element();
            assert_eq!(element.map(|element| element.content.len()), expected, "{name}");
            if let Some(element) = element {
                assert_eq!(element.whole, bytes, "{name}");
            }
        }
    }

    #[test]
    fn magnitudes_are_without_sign_and_leading_zeros() {
        let cases: [(&[u8], &[u8]); 7] = [
            (&[0x0b, 0xff], &[0x0b, 0xff]),
            (&[0x00, 0xbb], &[0xbb]),
            (&[0x00], &[]),
            (&[0xff], &[0x01]),
            (&[0x80], &[0x80]),
            (&[0xff, 0x00], &[0x01, 0x00]),
            (&[], &[]),
        ];
        for (content, expected) in cases {
            assert_eq!(magnitude(content), expected, "{content:?}");
        }
    }

    #[test]
    fn bit_strings_are_padded_with_zeros() {
        let cases: [(&[u8], Option<&[u8]>); 6] = [
            (&[0x01, 0x06], Some(&[0x06])),
            (&[0x07, 0x80], Some(&[0x80])),
            (&[0x00], Some(&[])),
            (&[0x01, 0x07], None),
            (&[0x08, 0x00], None),
            (&[0x01], None),
        ];
        for (content, expected) in cases {
            assert_eq!(bits(content), expected, "{content:?}");
        }
    }
}
