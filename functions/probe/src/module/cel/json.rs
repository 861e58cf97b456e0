//! A JSON body as a value of CEL. Every number is a double, as it is where Go reads JSON.

use std::collections::HashMap;

use cel::Value;
use serde_json::Value as Json;

/// The value of a body, which must be one JSON text as a whole. Stray bytes in it are U+FFFD, as they are in Go.
pub(super) fn value(body: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8_lossy(body);
    let json: Json = serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))?;
    Ok(converted(json))
}

/// The parser has bounded the depth.
fn converted(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::from(items.into_iter().map(converted).collect::<Vec<_>>()),
        Json::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, converted(value)));
            Value::from(members.collect::<HashMap<String, Value>>())
        }
    }
}
