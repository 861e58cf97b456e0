//! XML documents out of a [`Node`].

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::node::Node;

/// A document with this root element.
pub(crate) fn document(root: &str, namespace: Option<&str>, node: &Node) -> Vec<u8> {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let attribute = namespace.map(|uri| format!(" xmlns=\"{uri}\"")).unwrap_or_default();
    text.push_str(&format!("<{root}{attribute}>"));
    content(node, &mut text);
    text.push_str(&format!("</{root}>"));
    text.into_bytes()
}

fn content(node: &Node, text: &mut String) {
    match node {
        Node::Null => {}
        Node::Bool(value) => text.push_str(&value.to_string()),
        Node::Integer(value) => text.push_str(&value.to_string()),
        Node::Number(value) => text.push_str(&value.to_string()),
        Node::Time(seconds) => text.push_str(&timestamp(*seconds)),
        Node::Text(value) => escape(value, text),
        Node::List(items) => items.iter().for_each(|item| element("member", item, text)),
        Node::Map(members) => members.iter().for_each(|(name, node)| element(name, node, text)),
    }
}

fn element(name: &str, node: &Node, text: &mut String) {
    text.push_str(&format!("<{name}>"));
    content(node, text);
    text.push_str(&format!("</{name}>"));
}

fn escape(value: &str, text: &mut String) {
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\r' => text.push_str("&#13;"),
            other => text.push(other),
        }
    }
}

/// RFC 3339 in UTC, with milliseconds only where there are some.
pub(crate) fn timestamp(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of times that tests use")]
    let milliseconds = (seconds * 1000.0).round() as i128;
    OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000)
        .ok()
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .expect("a time of this era")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::protocol::node::{map, time};

    #[test]
    fn writes_escaped_nested_elements() {
        let node = map([
            ("Comment", "a<b & c".into()),
            ("At", time(0)),
            ("Items", ["x"].into_iter().collect()),
        ]);
        let text = String::from_utf8(document("R", None, &node)).expect("UTF-8");
        let expected = "<R><Comment>a&lt;b &amp; c</Comment><At>1970-01-01T00:00:00Z</At>\
                        <Items><member>x</member></Items></R>";
        assert_eq!(text.lines().last(), Some(expected));
    }
}
