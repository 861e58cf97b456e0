//! awsJson bodies: timestamps are plain numbers, so that only a member's name tells them from
//! others.

use serde_json::{Map, Number, Value};

use super::node::Node;

/// The timestamps in the requests of the services that speak JSON here.
const TIMES: [&str; 3] = ["StartTime", "EndTime", "Timestamp"];

/// Reads a request body. An empty body is a request without members.
pub(super) fn decode(body: &[u8]) -> Result<Node, String> {
    if body.is_empty() {
        return Ok(Node::Map(Vec::new()));
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(node(value, ""))
}

/// Writes a response body.
pub(super) fn encode(node: &Node) -> Vec<u8> {
    value(node).to_string().into_bytes()
}

fn node(value: Value, name: &str) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(value),
        Value::Number(number) if TIMES.contains(&name) => {
            Node::Time(number.as_f64().unwrap_or_default())
        }
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| Node::Number(number.as_f64().unwrap_or_default()), Node::Integer),
        Value::String(text) => Node::Text(text),
        Value::Array(items) => Node::List(items.into_iter().map(|item| node(item, name)).collect()),
        Value::Object(members) => Node::Map(
            members
                .into_iter()
                .map(|(name, value)| {
                    let node = node(value, &name);
                    (name, node)
                })
                .collect(),
        ),
    }
}

fn value(node: &Node) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(*value),
        Node::Integer(value) => Value::Number((*value).into()),
        Node::Number(value) | Node::Time(value) => {
            Number::from_f64(*value).map_or(Value::Null, Value::Number)
        }
        Node::Text(text) => Value::String(text.clone()),
        Node::List(items) => Value::Array(items.iter().map(value).collect()),
        Node::Map(members) => Value::Object(
            members.iter().map(|(name, node)| (name.clone(), value(node))).collect::<Map<_, _>>(),
        ),
    }
}
