//! From a type to its schema.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value};

/// The dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    Draft2020,
    /// What AsyncAPI's own tools read.
    Draft07,
}

/// What is written by a type, with its id and title.
pub(crate) fn written<T: JsonSchema>(draft: Draft, name: &str, title: &str) -> Value {
    let settings = match draft {
        Draft::Draft2020 => SchemaSettings::draft2020_12(),
        Draft::Draft07 => SchemaSettings::draft07(),
    };
    let settings = settings
        .for_serialize()
        .with_transform(NeverNull)
        .with_transform(NoFormats)
        .with_transform(Prose);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    schema["title"] = title.into();
    // An id is also a base for references: inside another document it would be in the way.
    if draft == Draft::Draft2020 {
        schema["$id"] = format!("https://reelwork.dev/schemas/{name}").into();
    }
    schema
}

/// An optional field is absent when there is nothing to say, and never null.
#[derive(Clone, Debug)]
struct NeverNull;

impl Transform for NeverNull {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        if let Some(object) = schema.as_object_mut() {
            without_null(object);
        }
        transform_subschemas(self, schema);
    }
}

fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}

/// `uint32` and `int64` are words of this generator: the bounds say the same to everybody.
#[derive(Clone, Debug)]
struct NoFormats;

impl Transform for NoFormats {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        let format = schema.get("format").and_then(Value::as_str);
        if format.is_some_and(|format| format.contains("int")) {
            schema.remove("format");
        }
        transform_subschemas(self, schema);
    }
}

/// Lines are broken for the source, not for who reads the document.
#[derive(Clone, Debug)]
struct Prose;

impl Transform for Prose {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            let paragraphs: Vec<String> =
                text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
            *text = paragraphs.join("\n\n");
        }
        transform_subschemas(self, schema);
    }
}

/// What the type cannot say about one of its properties.
pub(crate) fn refine<const N: usize>(schema: &mut Value, property: &str, more: [(&str, Value); N]) {
    let described = &mut schema["properties"][property];
    assert!(described.is_object(), "no property {property}");
    for (keyword, value) in more {
        described[keyword] = value;
    }
}
