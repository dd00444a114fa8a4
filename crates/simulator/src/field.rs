//! One field of a request body and what may stand in it.

use serde_json::Value;

/// What a field may hold. Lengths are in characters, as the documents count them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A string of at most this many characters.
    Text(usize),
    /// A url, a Base64 text or an id: any non-empty string.
    Source,
    Choice(&'static [&'static str]),
    Number(f64, f64),
    Integer(i64, i64),
    Flag,
    Object,
    /// An array of so many to so many items.
    List(usize, usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// A dot leads into an object: `input.image`.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

pub(crate) const fn need(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

pub(crate) const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

/// The value under a dotted name; null counts as absent.
pub(crate) fn get<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    name.split('.').try_fold(body, |value, part| value.get(part)).filter(|value| !value.is_null())
}

pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    get(body, name).and_then(Value::as_str)
}

impl Field {
    /// The error of this field of `body`, as text.
    pub(crate) fn problem(&self, body: &Value) -> Option<String> {
        let Some(value) = get(body, self.name) else {
            return self.required.then(|| format!("{} is required", self.name));
        };
        let wrong = |what: &str| Some(format!("{} {what}", self.name));
        match (self.kind, value) {
            (Kind::Text(_) | Kind::Source, Value::String(text)) if text.is_empty() => {
                self.required.then(|| format!("{} must not be empty", self.name))
            }
            (Kind::Text(most), Value::String(text)) if text.chars().count() > most => {
                wrong(&format!("is longer than {most} characters"))
            }
            (Kind::Choice(words), Value::String(text)) if !words.contains(&text.as_str()) => {
                wrong(&format!("value '{text}' is invalid"))
            }
            (Kind::Text(_) | Kind::Source | Kind::Choice(_), Value::String(_)) => None,
            (Kind::Text(_) | Kind::Source | Kind::Choice(_), _) => wrong("must be a string"),
            (Kind::Number(low, high), Value::Number(number)) => {
                let inside = number.as_f64().is_some_and(|n| (low..=high).contains(&n));
                if inside { None } else { wrong(&format!("must be from {low} to {high}")) }
            }
            (Kind::Integer(low, high), Value::Number(number)) => {
                let inside = number.as_i64().is_some_and(|n| (low..=high).contains(&n));
                if inside {
                    None
                } else {
                    wrong(&format!("must be an integer from {low} to {high}"))
                }
            }
            (Kind::Number(..) | Kind::Integer(..), _) => wrong("must be a number"),
            (Kind::Flag, Value::Bool(_)) | (Kind::Object, Value::Object(_)) => None,
            (Kind::Flag, _) => wrong("must be a boolean"),
            (Kind::Object, _) => wrong("must be an object"),
            (Kind::List(least, most), Value::Array(items)) => {
                let inside = (least..=most).contains(&items.len());
                if inside { None } else { wrong(&format!("must have {least} to {most} items")) }
            }
            (Kind::List(..), _) => wrong("must be an array"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_knows_its_own() {
        let cases = [
            (need("a", Kind::Text(3)), json!({}), Some("a is required")),
            (need("a", Kind::Text(3)), json!({"a": null}), Some("a is required")),
            (need("a", Kind::Text(3)), json!({"a": ""}), Some("a must not be empty")),
            (need("a", Kind::Text(3)), json!({"a": "äöü"}), None),
            (need("a", Kind::Text(3)), json!({"a": "abcd"}), Some("a is longer than 3 characters")),
            (may("a", Kind::Text(3)), json!({"a": 5}), Some("a must be a string")),
            (may("a.b", Kind::Source), json!({"a": {"b": 5}}), Some("a.b must be a string")),
            (may("a", Kind::Choice(&["x"])), json!({"a": "y"}), Some("a value 'y' is invalid")),
            (may("a", Kind::Number(0.0, 1.0)), json!({"a": 1.5}), Some("a must be from 0 to 1")),
            (may("a", Kind::Number(0.0, 1.0)), json!({"a": "1"}), Some("a must be a number")),
            (may("a", Kind::Integer(1, 9)), json!({"a": 9}), None),
            (
                may("a", Kind::Integer(1, 9)),
                json!({"a": 2.5}),
                Some("a must be an integer from 1 to 9"),
            ),
            (may("a", Kind::Flag), json!({"a": "on"}), Some("a must be a boolean")),
            (may("a", Kind::List(1, 2)), json!({"a": []}), Some("a must have 1 to 2 items")),
        ];
        for (field, body, problem) in cases {
            assert_eq!(field.problem(&body).as_deref(), problem, "{field:?} {body}");
        }
    }
}
