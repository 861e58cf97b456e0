//! What holds for any bytes that come back from a name server: they are refused, or they are records whose texts together
//! are not out of proportion, each with the four tabs between its five parts.
//!
//! Input: a type in two bytes, then a message; and, since few inputs get through to a type's data, the message once more as
//! the data of one record of that type.

use probe::fuzzing::dns_answer;

/// A message has at most 64 KiB.
const MOST_TEXT: usize = 1 << 20;

pub(crate) fn check(input: &[u8]) {
    let (kind, message) = input.split_at(input.len().min(2));
    read(message);
    if let (&[high, low], Ok(length)) = (kind, u16::try_from(message.len())) {
        let header = b"\0\0\x80\0\0\0\0\x01\0\0\0\0\x01a\0";
        let class_and_ttl = [0, 1, 0, 0, 0, 0];
        let length = length.to_be_bytes();
        read(&[&header[..], &[high, low], &class_and_ttl, &length, message].concat());
    }
}

fn read(message: &[u8]) {
    let Some(texts) = dns_answer(message) else { return };
    assert!(texts.iter().map(String::len).sum::<usize>() <= MOST_TEXT);
    for text in &texts {
        // An OPT record is none.
        let is_record = text.matches('\t').count() >= 4 || text.starts_with("\n;; OPT");
        assert!(is_record, "{text:?}");
    }
    assert_eq!(dns_answer(message).as_ref(), Some(&texts), "reading twice finds the same");
}
