//! JSON that is passed on: numbers keep all their digits.

mod fit;
mod number;
mod tree;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use fit::Room;
use tree::Tree;

/// A JSON object as it was written. [`fields`](Self::fields) rounds a number that a double cannot
/// hold; serialized, it has all its digits. Clones share memory.
#[derive(Clone)]
pub struct JsonObject(Arc<Parts>);

/// At least one is set. Without a text the fields are exact.
struct Parts {
    fields: OnceLock<Map<String, Value>>,
    text: OnceLock<Box<RawValue>>,
}

impl JsonObject {
    pub fn new(fields: Map<String, Value>) -> Self {
        Self(Arc::new(Parts { fields: fields.into(), text: OnceLock::new() }))
    }

    /// Reads an object. If a name comes twice, the last counts, also in the text that is passed on.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        match number::all_are_held(text) {
            true => Ok(Self::new(serde_json::from_str(text)?)),
            false => Tree::read(text).and_then(|tree| Self::of_tree(&tree)),
        }
    }

    fn of_tree(tree: &Tree) -> Result<Self, serde_json::Error> {
        let Value::Object(fields) = tree.near() else {
            return Err(de::Error::custom("expected a JSON object"));
        };
        let text = RawValue::from_string(tree.text())?;
        Ok(Self(Arc::new(Parts { fields: fields.into(), text: text.into() })))
    }

    /// Does not parse the text unless it has line breaks.
    pub(crate) fn of_text(text: Box<RawValue>) -> Result<Self, serde_json::Error> {
        if !text.get().starts_with('{') {
            return Err(de::Error::custom("expected a JSON object"));
        }
        // Formats with one document per line need a text without line breaks.
        if text.get().contains(['\n', '\r']) {
            return Self::read(text.get());
        }
        Ok(Self(Arc::new(Parts { fields: OnceLock::new(), text: text.into() })))
    }

    /// For checks and look-ups. Empty if the text cannot be read.
    pub fn fields(&self) -> &Map<String, Value> {
        self.0.fields.get_or_init(|| {
            let text = self.0.text.get().map_or("{}", |text| text.get());
            match number::all_are_held(text) {
                true => serde_json::from_str(text).unwrap_or_default(),
                false => match Tree::read(text).map(|tree| tree.near()) {
                    Ok(Value::Object(fields)) => fields,
                    _ => Map::new(),
                },
            }
        })
    }

    /// The text, if the fields are not exact.
    fn exact(&self) -> Option<&str> {
        self.0.text.get().map(|text| text.get()).filter(|text| !number::all_are_held(text))
    }

    /// The same with one more field, or another value of it.
    #[must_use]
    pub fn with(&self, name: &str, value: Value) -> Self {
        let mut fields = self.fields().clone();
        fields.insert(name.to_owned(), value.clone());
        let Some(mut tree) = self.exact().and_then(|text| Tree::read(text).ok()) else {
            return Self::new(fields);
        };
        tree.insert(name, value);
        Self::of_tree(&tree).unwrap_or_else(|_| Self::new(fields))
    }

    /// The same without a field.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut fields = self.fields().clone();
        if fields.remove(name).is_none() {
            return self.clone();
        }
        let Some(mut tree) = self.exact().and_then(|text| Tree::read(text).ok()) else {
            return Self::new(fields);
        };
        tree.remove(name);
        Self::of_tree(&tree).unwrap_or_else(|_| Self::new(fields))
    }

    /// The same with the numbers at these places (RFC 6901) as text.
    #[must_use]
    pub fn with_text_at(&self, places: &[String]) -> Self {
        if places.is_empty() {
            return self.clone();
        }
        let text = serde_json::to_string(self).unwrap_or_default();
        let Ok(mut tree) = Tree::read(&text) else { return self.clone() };
        places.iter().for_each(|place| tree.number_to_text(place));
        Self::read(&tree.text()).unwrap_or_else(|_| self.clone())
    }

    /// The same with each string changed, and whether something was left out so that it has at most
    /// so many bytes as text.
    pub(crate) fn fit(&self, bytes: usize, change: fn(&str) -> Cow<'_, str>) -> (Self, bool) {
        let mut room = Room::new(bytes);
        let text = serde_json::to_string(self).unwrap_or_default();
        let fitted = Tree::read(&text).ok().and_then(|tree| room.fit(&tree, change));
        let object = fitted.and_then(|tree| Self::of_tree(&tree).ok());
        let cut = room.cut || object.is_none();
        (object.unwrap_or_default(), cut)
    }

    /// Equal for equal objects, whatever the order of names and the spelling of numbers.
    pub(crate) fn canonical(&self) -> String {
        match self.exact().and_then(|text| Tree::read(text).ok()) {
            Some(tree) => tree.canonical(),
            None => canonical(self.fields()),
        }
    }
}

/// Names sorted at every depth: another crate may switch `serde_json` to insertion order.
fn canonical(fields: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_object(fields, &mut out);
    out
}

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
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            out.push_str(&scalar.to_string())
        }
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

impl Deref for JsonObject {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        self.fields()
    }
}

impl Default for JsonObject {
    fn default() -> Self {
        Self::new(Map::new())
    }
}

impl From<Map<String, Value>> for JsonObject {
    fn from(fields: Map<String, Value>) -> Self {
        Self::new(fields)
    }
}

impl PartialEq for JsonObject {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.fields() == other.fields() && self.exact() == other.exact())
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.text.get(), self.0.fields.get()) {
            (Some(text), _) => text.serialize(serializer),
            (None, Some(fields)) => fields.serialize(serializer),
            (None, None) => Err(ser::Error::custom("an object without parts")),
        }
    }
}

/// Kept as text and not parsed: most readers of a record never need the request.
impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of_text(Box::<RawValue>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: &str =
        r#"{"a":12345678901234567890123,"b":[1.10,{"c":1e400}],"d":"12.50","e":5,"f":-1E400}"#;

    fn text(object: &JsonObject) -> String {
        serde_json::to_string(object).unwrap()
    }

    #[test]
    fn numbers_keep_their_digits() {
        let object = JsonObject::read(EXACT).unwrap();
        assert_eq!(text(&object), EXACT);
        let read: JsonObject = serde_json::from_str(EXACT).unwrap();
        assert_eq!((text(&read), &read), (EXACT.to_owned(), &object));
        assert_eq!(object["b"][1]["c"], f64::MAX, "near");
        assert_eq!((&object["f"], &object["e"]), (&Value::from(-f64::MAX), &Value::from(5)));
    }

    #[test]
    fn what_is_sent_is_what_was_checked() {
        let twice = JsonObject::read(r#"{ "o" : {"x":1.10, "x":2.20}, "p":"a\u0062" }"#).unwrap();
        assert_eq!(text(&twice), r#"{"o":{"x":2.20},"p":"ab"}"#);
        let lines: JsonObject = serde_json::from_str("{\"o\":\n{\"x\":1.10\n}}").unwrap();
        assert_eq!(text(&lines), r#"{"o":{"x":1.10}}"#);
    }

    #[test]
    fn a_field_is_removed_without_touching_the_others() {
        let object = JsonObject::read(EXACT).unwrap();
        assert_eq!(text(&object.without("e")), EXACT.replace(r#""e":5,"#, ""));
        assert_eq!(text(&object.without("x")), EXACT);
        let plain = JsonObject::read(r#"{"a":1,"b":{"a":2}}"#).unwrap().without("a");
        assert_eq!(text(&plain), r#"{"b":{"a":2}}"#);
    }

    #[test]
    fn a_field_is_added_without_touching_the_others() {
        let more = JsonObject::read(EXACT).unwrap().with("id", Value::from("x"));
        assert_eq!(text(&more), EXACT.replace("-1E400}", "-1E400,\"id\":\"x\"}"));
        let plain = JsonObject::read(r#"{"a":1}"#).unwrap().with("a", Value::from(2));
        assert_eq!(text(&plain), r#"{"a":2}"#);
    }

    #[test]
    fn numbers_become_text_where_text_is_wanted() {
        let places = ["/a", "/b/1/c", "/e", "/d", "/none", "/b/7"].map(str::to_owned);
        let object = JsonObject::read(EXACT).unwrap().with_text_at(&places);
        let expected = r#"{"a":"12345678901234567890123","b":[1.10,{"c":"1e400"}],"d":"12.50","e":"5","f":-1E400}"#;
        assert_eq!(text(&object), expected);
        let whole = JsonObject::read(r#"{"a~/b":5.0}"#).unwrap();
        assert_eq!(text(&whole.with_text_at(&["/a~0~1b".to_owned()])), r#"{"a~/b":"5"}"#);
    }

    #[test]
    fn only_objects_are_read() {
        for bad in ["[1.10]", "1e400", "\"x\"", "{\"a\":1.10", "null"] {
            assert!(JsonObject::read(bad).is_err(), "{bad}");
            assert!(serde_json::from_str::<JsonObject>(bad).is_err(), "{bad}");
        }
        let deep = format!("{{\"a\":1.10,\"b\":{}{}}}", "[".repeat(500), "]".repeat(500));
        assert!(JsonObject::read(&deep).is_err(), "nobody could read it after us");
    }
}
