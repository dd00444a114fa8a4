use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The provider's own body, passed on as the producer wrote it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Request(Map<String, Value>);

impl Request {
    pub fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    pub fn fields(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn into_fields(self) -> Map<String, Value> {
        self.0
    }

    pub fn model(&self) -> Option<&str> {
        self.0.get("model_name").and_then(Value::as_str)
    }

    /// Equal for equal requests, whatever the order of keys.
    pub fn hash(&self) -> RequestHash {
        let mut canonical = String::new();
        write_object(&self.0, &mut canonical);
        RequestHash::of_bytes(canonical.as_bytes())
    }
}

/// Keys sorted at every depth: another crate may switch `serde_json` to insertion order.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => write_object(fields, out),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn write_object(fields: &Map<String, Value>, out: &mut String) {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    out.push('{');
    for (name, value) in sorted {
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        write_canonical(value, out);
        out.push(',');
    }
    out.push('}');
}

/// 128 bits of SHA-256 over the canonical request, in hex: tells a repeat from a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestHash(String);

impl RequestHash {
    /// The hash of bytes as they are, also for what could not be read as a request.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        Self(digest[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Request {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_hash_ignores_order_and_space_but_not_values() {
        let one = request(r#"{"prompt":"a cat","input":{"x":1,"y":2}}"#).hash();
        let two = request(r#"{ "input":{"y":2,"x":1}, "prompt":"a cat" }"#).hash();
        let other = request(r#"{"prompt":"a cat","input":{"x":1,"y":3}}"#).hash();
        assert_eq!(one, two);
        assert_ne!(one, other);
    }
}
