use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::JsonObject;

/// The provider's own body, passed on as the producer wrote it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Request(JsonObject);

impl Request {
    pub fn new(fields: impl Into<JsonObject>) -> Self {
        Self(fields.into())
    }

    pub fn fields(&self) -> &Map<String, Value> {
        self.0.fields()
    }

    pub(crate) fn json(&self) -> &JsonObject {
        &self.0
    }

    pub fn model(&self) -> Option<&str> {
        self.fields().get("model_name").and_then(Value::as_str)
    }

    /// The same with one more field, or another value of it.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<Value>) -> Self {
        Self(self.0.with(name, value.into()))
    }

    /// The same with the numbers at these places (RFC 6901) as text.
    #[must_use]
    pub fn with_text_at(&self, places: &[String]) -> Self {
        Self(self.0.with_text_at(places))
    }

    /// Equal for equal requests, whatever the order of keys.
    pub fn hash(&self) -> RequestHash {
        RequestHash(digest(self.0.canonical().as_bytes()))
    }
}

/// 128 bits of SHA-256 over the canonical request, in hex: distinguishes a repeat from a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHash(String);

/// The hash that a record keeps: of a request, or of the bytes of a message that was not a job.
/// Only the record knows which, so only it compares ([`Record::is_of`](crate::Record::is_of),
/// [`Record::is_of_message`](crate::Record::is_of_message)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredHash(String);

impl StoredHash {
    pub(crate) fn of_request(hash: &RequestHash) -> Self {
        Self(hash.0.clone())
    }

    /// Of the bytes as they came.
    pub fn of_message(bytes: &[u8]) -> Self {
        Self(digest(bytes))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl RequestHash {
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
