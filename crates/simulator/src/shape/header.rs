//! The header that changes the shape of one answer: `query=triple, errors=comet`.

use serde_json::{Map, Value};

use super::Shape;

pub(crate) const HEADER: &str = "x-simulator-shape";

impl Shape {
    /// This shape with the parts that `header` names, or what is wrong with the header.
    pub(crate) fn changed_by(self, header: &str) -> Result<Shape, String> {
        let mut fields = match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        for part in header.split(',') {
            let (name, word) = part.split_once('=').ok_or("expected part=word")?;
            fields.insert(name.trim().to_owned(), Value::from(word.trim()));
        }
        serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ErrorShape, QueryShape};
    use super::*;

    #[test]
    fn named_parts_change_and_others_stay() {
        let shape = Shape { errors: ErrorShape::Comet, ..Shape::default() };
        let changed = shape.changed_by("query=triple").unwrap();
        assert_eq!((changed.query, changed.errors), (QueryShape::Triple, ErrorShape::Comet));
        assert!(shape.changed_by("query=quadruple").is_err());
        assert!(shape.changed_by("colour=red").is_err());
        assert!(shape.changed_by("triple").is_err());
    }
}
