//! Compares two schemas: does a reader of one accept everything that a writer of the other may
//! write?

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// A value that may be written and is not expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Such as `/data/round`.
    pub at: String,
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.why)
    }
}

/// Values that a writer by `writer` may write and a reader by `reader` refuses. Knows the keywords
/// of this project's schemas; a difference in any other keyword counts as a refusal.
pub fn refusals(writer: &Value, reader: &Value) -> Vec<Refusal> {
    let mut found = Vec::new();
    Pair { roots: (writer, reader), at: String::new() }.compare(writer, reader, &mut found);
    found
}

/// Properties that `now` no longer has: readers may have relied on them, required or not.
pub fn vanished(before: &Value, now: &Value) -> Vec<Refusal> {
    let (before, now) = (places(before), places(now));
    let gone = before.difference(&now).cloned();
    gone.map(|at| Refusal { at, why: "is no longer there".to_owned() }).collect()
}

/// Every property with its path.
fn places(root: &Value) -> BTreeSet<String> {
    fn walk(root: &Value, schema: &Value, at: &str, found: &mut BTreeSet<String>) {
        let schema = resolve(root, schema);
        for (name, property) in members(schema, "properties") {
            let at = format!("{at}/{name}");
            found.insert(at.clone());
            walk(root, property, &at, found);
        }
        if let Some(items) = schema.get("items") {
            walk(root, items, &format!("{at}/*"), found);
        }
        for choices in CHOICES.iter().filter_map(|keyword| schema.get(*keyword)?.as_array()) {
            choices.iter().for_each(|choice| walk(root, choice, at, found));
        }
    }
    let mut found = BTreeSet::new();
    walk(root, root, "", &mut found);
    found
}

/// Keywords that are documentation only, or that are compared by name below.
const KNOWN: [&str; 16] = [
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
];

/// Compared if they list values; otherwise they must be equal.
const CHOICES: [&str; 2] = ["oneOf", "anyOf"];

/// Keywords for which a greater value accepts more.
const AT_MOST: [&str; 3] = ["maxLength", "maximum", "maxItems"];
const AT_LEAST: [&str; 3] = ["minLength", "minimum", "minItems"];

struct Pair<'a> {
    roots: (&'a Value, &'a Value),
    at: String,
}

impl<'a> Pair<'a> {
    fn compare(&self, writer: &'a Value, reader: &'a Value, found: &mut Vec<Refusal>) {
        let writer = resolve(self.roots.0, writer);
        let reader = resolve(self.roots.1, reader);
        self.types(writer, reader, found);
        self.values(writer, reader, found);
        self.bounds(writer, reader, found);
        self.properties(writer, reader, found);
        match (writer.get("items"), reader.get("items")) {
            (Some(writer), Some(reader)) => self.below("*").compare(writer, reader, found),
            (None, Some(_)) => self.refuse("items of any kind may come", found),
            (_, None) => {}
        }
        self.others(writer, reader, found);
    }

    fn below(&self, name: &str) -> Self {
        Self { roots: self.roots, at: format!("{}/{name}", self.at) }
    }

    fn refuse(&self, why: impl Into<String>, found: &mut Vec<Refusal>) {
        found.push(Refusal { at: self.at.clone(), why: why.into() });
    }

    fn types(&self, writer: &Value, reader: &Value, found: &mut Vec<Refusal>) {
        let (writes, reads) = (words(writer.get("type")), words(reader.get("type")));
        let takes =
            |kind: &String| reads.contains(kind) || (kind == "integer" && reads.contains("number"));
        match (writes.is_empty(), reads.is_empty()) {
            (_, true) => {}
            // The types of an enumeration are those of its values.
            (true, false) => match values(writer) {
                Some(values) => {
                    for value in values.iter().filter(|value| !takes(&kind(value).to_owned())) {
                        self.refuse(format!("{value} may come"), found);
                    }
                }
                None => self.refuse("any type may come", found),
            },
            (false, false) => {
                for kind in writes.iter().filter(|kind| !takes(kind)) {
                    self.refuse(format!("{kind} may come"), found);
                }
            }
        }
    }

    fn values(&self, writer: &Value, reader: &Value, found: &mut Vec<Refusal>) {
        let Some(reads) = values(reader) else { return };
        let Some(writes) = values(writer) else {
            return self.refuse("values that are not listed may come", found);
        };
        for value in writes.iter().filter(|value| !reads.contains(value)) {
            self.refuse(format!("{value} may come"), found);
        }
    }

    fn bounds(&self, writer: &Value, reader: &Value, found: &mut Vec<Refusal>) {
        for (keywords, sign) in [(AT_MOST, 1.0), (AT_LEAST, -1.0)] {
            for keyword in keywords {
                let bound = |schema: &Value| schema.get(keyword).and_then(Value::as_f64);
                let Some(reads) = bound(reader) else { continue };
                if bound(writer).is_none_or(|writes| writes * sign > reads * sign) {
                    self.refuse(format!("{keyword} is {reads} for who reads"), found);
                }
            }
        }
    }

    fn properties(&self, writer: &'a Value, reader: &'a Value, found: &mut Vec<Refusal>) {
        let writes = members(writer, "properties").map(|(name, _)| name).collect::<BTreeSet<_>>();
        let always = words(writer.get("required"));
        for name in words(reader.get("required")) {
            if !always.contains(&name) {
                self.below(&name).refuse("may be missing", found);
            }
        }
        for (name, read) in members(reader, "properties") {
            if let Some(written) = writer["properties"].get(name) {
                self.below(name).compare(written, read, found);
            }
        }
        if reader.get("additionalProperties") == Some(&Value::Bool(false)) {
            for name in
                writes.iter().filter(|name| reader["properties"].get(name.as_str()).is_none())
            {
                self.below(name).refuse("may come and is unknown", found);
            }
        }
        self.additional(writer, reader, found);
    }

    /// Properties that the schema does not name.
    fn additional(&self, writer: &'a Value, reader: &'a Value, found: &mut Vec<Refusal>) {
        let open = &Value::Bool(true);
        let of = |schema: &'a Value| schema.get("additionalProperties").unwrap_or(open);
        match (of(writer), of(reader)) {
            (_, Value::Bool(true)) | (Value::Bool(false), _) => {}
            (Value::Bool(true), _) | (_, Value::Bool(false)) => {
                self.refuse("other properties may come", found);
            }
            (writer, reader) => self.below("*").compare(writer, reader, found),
        }
    }

    /// Keywords that are not known here must be equal.
    fn others(&self, writer: &Value, reader: &Value, found: &mut Vec<Refusal>) {
        let Some(reads) = reader.as_object() else { return };
        for (keyword, value) in reads {
            let listed = CHOICES.contains(&keyword.as_str()) && values(reader).is_some();
            let compared = listed
                || KNOWN.contains(&keyword.as_str())
                || AT_MOST.contains(&keyword.as_str())
                || AT_LEAST.contains(&keyword.as_str());
            if !compared && writer.get(keyword) != Some(value) {
                self.refuse(format!("{keyword} is {value} for who reads"), found);
            }
        }
    }
}

/// The schema itself, or the one in the same document that it refers to.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
    pointer.and_then(|pointer| root.pointer(pointer)).map_or(schema, |meant| resolve(root, meant))
}

/// The values that are listed, as `enum`, `const`, or choices of constants.
fn values(schema: &Value) -> Option<Vec<Value>> {
    if let Some(value) = schema.get("const") {
        return Some(vec![value.clone()]);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return Some(values.clone());
    }
    let choices = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    let each: Option<Vec<Vec<Value>>> = choices.iter().map(values).collect();
    each.map(|each| each.concat())
}

/// The name of a value's type in JSON Schema.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn words(value: Option<&Value>) -> BTreeSet<String> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(word).collect(),
        Some(value) => word(value).into_iter().collect(),
        None => BTreeSet::new(),
    }
}

fn members<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    schema.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(writer: Value, reader: Value) -> Vec<String> {
        refusals(&writer, &reader).iter().map(Refusal::to_string).collect()
    }

    #[test]
    fn the_same_schema_refuses_nothing() {
        for document in crate::documents() {
            assert_eq!(refusals(&document.content, &document.content), [], "{}", document.name);
        }
    }

    #[test]
    fn what_breaks_a_reader_is_named() {
        let text = json!({"type": "string"});
        let only = |schema: &Value| json!({"type": "object", "properties": {"a": schema}});
        for (writer, reader, why) in [
            (only(&json!({"type": "integer"})), only(&text), "/a: integer may come"),
            (only(&json!({})), only(&text), "/a: any type may come"),
            (
                only(&json!({"enum": ["x", "y"]})),
                only(&json!({"enum": ["x"]})),
                "/a: \"y\" may come",
            ),
            (only(&text), only(&json!({"const": "x"})), "/a: values that are not listed may come"),
            (
                only(&json!({"type": "string", "maxLength": 9})),
                only(&json!({"maxLength": 8})),
                "/a: maxLength is 8 for who reads",
            ),
            (only(&text), only(&json!({"minLength": 1})), "/a: minLength is 1 for who reads"),
            (only(&text), only(&json!({"pattern": "x"})), "/a: pattern is \"x\" for who reads"),
            (only(&text), json!({"required": ["a"]}), "/a: may be missing"),
            (
                json!({"additionalProperties": false, "properties": {"a": text}}),
                json!({"additionalProperties": false}),
                "/a: may come and is unknown",
            ),
            (json!({}), json!({"additionalProperties": false}), ": other properties may come"),
            (
                json!({"additionalProperties": {"type": "null"}}),
                json!({"additionalProperties": {"type": "string"}}),
                "/*: null may come",
            ),
            (only(&json!({"enum": ["x", 1]})), only(&text), "/a: 1 may come"),
            (
                only(&text),
                only(&json!({"anyOf": [{"type": "string"}, {"minLength": 1}]})),
                "/a: anyOf is [{\"type\":\"string\"},{\"minLength\":1}] for who reads",
            ),
            (
                json!({"items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "number"}}}),
                json!({"items": {"type": "integer"}}),
                "/*: number may come",
            ),
        ] {
            assert_eq!(told(writer, reader), [why]);
        }
    }

    #[test]
    fn a_reader_that_takes_more_is_content() {
        let (whole, any) = (json!({"type": "integer", "minimum": 1}), json!({"type": "number"}));
        assert_eq!(told(whole, any), [""; 0]);
        let more = json!({"required": ["a", "b"], "properties": {"b": {"type": "null"}}});
        assert_eq!(told(more, json!({"required": ["a"]})), [""; 0]);
        let choices = json!({"oneOf": [{"const": "x"}, {"enum": ["y"]}]});
        assert_eq!(told(json!({"enum": ["y", "x"]}), choices), [""; 0]);
    }

    #[test]
    fn what_is_gone_is_named_with_its_place() {
        let before = json!({"properties": {"a": {"items": {"properties": {"b": {}}}}}});
        let gone = vanished(&before, &json!({"properties": {"a": {}}}));
        assert_eq!(gone.iter().map(|gone| gone.at.as_str()).collect::<Vec<_>>(), ["/a/*/b"]);
    }
}
