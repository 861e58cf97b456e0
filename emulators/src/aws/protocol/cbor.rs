//! Smithy RPC v2 CBOR bodies: doubles are floats, timestamps carry tag 1.

use ciborium::Value;

use super::node::Node;

const EPOCH_SECONDS: u64 = 1;

/// Reads a request body. An empty body is a request without members.
pub(super) fn decode(body: &[u8]) -> Result<Node, String> {
    if body.is_empty() {
        return Ok(Node::Map(Vec::new()));
    }
    let value: Value = ciborium::from_reader(body).map_err(|error| error.to_string())?;
    node(value)
}

/// Writes a response body.
pub(super) fn encode(node: &Node) -> Vec<u8> {
    let mut body = Vec::new();
    ciborium::into_writer(&value(node), &mut body).expect("memory takes everything");
    body
}

fn node(value: Value) -> Result<Node, String> {
    Ok(match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(value),
        Value::Integer(value) => {
            Node::Integer(value.try_into().map_err(|_| "integer out of range".to_owned())?)
        }
        Value::Float(value) => Node::Number(value),
        Value::Text(text) => Node::Text(text),
        Value::Tag(EPOCH_SECONDS, seconds) => {
            Node::Time(node(*seconds)?.as_number().ok_or("a timestamp must be a number")?)
        }
        Value::Array(items) => Node::List(items.into_iter().map(node).collect::<Result<_, _>>()?),
        Value::Map(members) => Node::Map(
            members
                .into_iter()
                .map(|(name, value)| match name {
                    Value::Text(name) => Ok((name, node(value)?)),
                    other => Err(format!("a member's name must be text, not {other:?}")),
                })
                .collect::<Result<_, _>>()?,
        ),
        other => return Err(format!("no request has a {other:?}")),
    })
}

fn value(node: &Node) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(*value),
        Node::Integer(value) => Value::Integer((*value).into()),
        Node::Number(value) => Value::Float(*value),
        Node::Time(seconds) => Value::Tag(EPOCH_SECONDS, Box::new(Value::Float(*seconds))),
        Node::Text(text) => Value::Text(text.clone()),
        Node::List(items) => Value::Array(items.iter().map(value).collect()),
        Node::Map(members) => Value::Map(
            members.iter().map(|(name, node)| (Value::Text(name.clone()), value(node))).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_carry_tag_1_and_come_back() {
        let sent = Node::Map(vec![
            ("StartTime".to_owned(), Node::Time(1_795_165_200.0)),
            ("Values".to_owned(), Node::List(vec![Node::Number(0.5), Node::Number(2.0)])),
        ]);
        let bytes = encode(&sent);
        assert!(bytes.contains(&0xc1), "{bytes:02x?}");
        assert_eq!(decode(&bytes), Ok(sent));
    }

    #[test]
    fn a_number_without_the_tag_is_no_timestamp() {
        // {"StartTime": 1}
        let request = decode(b"\xa1\x69StartTime\x01").expect("CBOR");
        assert!(request.seconds("StartTime").is_err());
    }
}
