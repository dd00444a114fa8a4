//! Schemas inside another document.

use serde_json::{Map, Value};

/// Replaces every reference by its definition, because references would be to the other document. No
/// type contains itself.
pub(crate) fn inlined(schema: Value) -> Value {
    let mut schema = schema;
    let Some(object) = schema.as_object_mut() else { return schema };
    object.remove("$schema");
    object.remove("$id");
    let definitions = object.remove("definitions").or_else(|| object.remove("$defs"));
    match definitions {
        Some(definitions) => replaced(&schema, &definitions),
        None => schema,
    }
}

fn replaced(schema: &Value, definitions: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let name = object.get("$ref").and_then(Value::as_str);
            let meant = name.and_then(definition).and_then(|name| definitions.get(name));
            let mut whole = match meant {
                Some(Value::Object(meant)) => meant.clone(),
                _ => Map::new(),
            };
            // Keywords beside the reference have precedence over the definition.
            whole.extend(object.clone());
            whole.remove("$ref");
            whole.into_iter().map(|(name, part)| (name, replaced(&part, definitions))).collect()
        }
        Value::Array(parts) => parts.iter().map(|part| replaced(part, definitions)).collect(),
        other => other.clone(),
    }
}

/// As the drafts of JSON Schema call them.
fn definition(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/definitions/").or_else(|| reference.strip_prefix("#/$defs/"))
}
