//! The bodies of DeleteObjects.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::aws::error::ServiceError;
use crate::aws::protocol::node::{Node, map, repeated};

/// The keys in `<Delete><Object><Key>…`.
pub(super) fn keys(body: &[u8]) -> Result<Vec<String>, ServiceError> {
    let malformed = |reason: String| ServiceError::sender("MalformedXML", reason);
    let mut reader = Reader::from_reader(body);
    let mut keys = Vec::new();
    let mut key: Option<String> = None;
    loop {
        match reader.read_event().map_err(|error| malformed(error.to_string()))? {
            Event::Start(element) if element.name().as_ref() == "Key" => key = Some(String::new()),
            Event::End(element) if element.name().as_ref() == "Key" => keys.extend(key.take()),
            Event::Text(text) => {
                if let Some(key) = &mut key {
                    key.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                let resolved =
                    resolve(&reference).ok_or_else(|| malformed("unknown entity".into()))?;
                if let Some(key) = &mut key {
                    key.push(resolved);
                }
            }
            Event::Eof => return Ok(keys),
            _ => {}
        }
    }
}

/// `&amp;` and its like, and character references.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    match reference.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// `<Deleted><Key>…` for each key: deleting what is not there is a success.
pub(super) fn result(keys: &[String]) -> Node {
    repeated("Deleted", keys.iter().map(|key| map([("Key", key.as_str().into())])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_with_entities() {
        let body = b"<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                     <Object><Key>a &amp; b</Key></Object><Object><Key>c/d</Key></Object></Delete>";
        assert_eq!(keys(body), Ok(vec!["a & b".to_owned(), "c/d".to_owned()]));
        assert!(keys(b"<Delete><Object></Delete>").is_err());
    }
}
