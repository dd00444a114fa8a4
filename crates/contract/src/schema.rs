//! Generates the schema of a type.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value};

/// The version of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    Draft2020,
    /// The version that AsyncAPI's own tools read.
    Draft07,
}

/// The schema of a type as it is serialized, with id and title.
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
    // An id is also the base of references, which would be wrong inside another document.
    if draft == Draft::Draft2020 {
        schema["$id"] = format!("https://reelwork.dev/schemas/{name}").into();
    }
    schema
}

/// An optional field without a value is absent, never null.
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

/// `uint32` and `int64` are formats of this generator only; the bounds mean the same to every
/// reader.
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

/// Joins lines: they are broken for the source file, not for readers of the document.
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

/// Adds keywords to a property that its type cannot express.
pub(crate) fn refine<const N: usize>(schema: &mut Value, property: &str, more: [(&str, Value); N]) {
    let described = &mut schema["properties"][property];
    assert!(described.is_object(), "no property {property}");
    for (keyword, value) in more {
        described[keyword] = value;
    }
}
