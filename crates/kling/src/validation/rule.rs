//! The form of one field, as data, and the check against it.

use serde_json::{Map, Value};

use super::Validation;
use super::media::{self, Medium};

/// One field of a body.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// What a field's value may be. Lengths are in characters, ranges include their ends.
pub(super) enum Kind {
    /// Over `max` is an error, over `warn` a warning (a limit only CometAPI's pages name).
    Text {
        max: usize,
        warn: usize,
    },
    /// A closed set.
    OneOf(&'static [&'static str]),
    /// A set that sources dispute or releases extend: another value only warns.
    Usually(&'static [&'static str]),
    Number {
        min: f64,
        max: f64,
    },
    Integer {
        min: i64,
        max: i64,
    },
    Flag,
    /// Whole seconds as text; another value than these warns, and none listed means any.
    Seconds(&'static [&'static str]),
    /// Milliseconds, as number or (CometAPI's example) as text.
    Milliseconds,
    /// URL or bare Base64.
    File(Medium),
    /// An http(s) address.
    Link,
    List {
        min: usize,
        max: usize,
        item: &'static Kind,
    },
    Object(&'static [Field]),
}

/// A string of any length.
pub(super) const WORD: Kind = Kind::Text { max: usize::MAX, warn: usize::MAX };

pub(super) const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

pub(super) const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// Check each listed field of an object; `prefix` is the object's own path with its dot.
pub(super) fn check(
    fields: &[Field],
    object: &Map<String, Value>,
    prefix: &str,
    found: &mut Validation,
) {
    for field in fields {
        let path = format!("{prefix}{}", field.name);
        match object.get(field.name) {
            None | Some(Value::Null) if field.required => found.error(path, "is required: add it"),
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if field.required && text.trim().is_empty() => {
                found.error(path, "is required and must not be empty");
            }
            Some(value) => field.kind.check(value, &path, found),
        }
    }
}

/// Unknown names that are compared with known ones.
const MOST_COMPARED: usize = 50;

/// Warn of each field that is not listed and nearly has the name of one that is missing.
pub(super) fn unknown(fields: &[Field], object: &Map<String, Value>, found: &mut Validation) {
    let unknown = object.keys().filter(|name| fields.iter().all(|field| field.name != **name));
    for name in unknown.take(MOST_COMPARED) {
        let missing = fields.iter().map(|field| field.name);
        let missing = missing.filter(|known| !object.contains_key(*known));
        if let Some(known) = nearest(name, missing) {
            let message = format!("is not known: did you mean {known}? It is passed on");
            found.warn(name.clone(), message);
        }
    }
}

/// The known name that is at most two edits away. Comparing long names would take long.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const EDITS: usize = 2;
    let similar =
        known.filter(|known| known.len() > 4 && known.len().abs_diff(name.len()) <= EDITS);
    let edits = |known| strsim::damerau_levenshtein(&name.to_lowercase(), known);
    let nearest = similar.map(|known| (edits(known), known)).min();
    nearest.filter(|(edits, _)| *edits <= EDITS).map(|(_, known)| known)
}

impl Kind {
    fn check(&self, value: &Value, path: &str, found: &mut Validation) {
        match (self, value) {
            (Self::Text { max, warn }, Value::String(text)) => {
                length(text, *max, *warn, path, found)
            }
            (Self::OneOf(set), Value::String(word)) => one_of(word, set, path, found),
            (Self::Usually(set), Value::String(word)) => usually(word, set, path, found),
            (Self::Number { min, max }, Value::Number(_)) => number(value, *min, *max, path, found),
            (Self::Integer { min, max }, Value::Number(_)) => {
                integer(value, *min, *max, path, found)
            }
            (Self::Flag, Value::Bool(_)) => {}
            (Self::Seconds(known), Value::String(text)) => seconds(text, known, path, found),
            (Self::Seconds(_), Value::Number(given)) => found
                .error(path, format!("must be a string, is the number {given}: write \"{given}\"")),
            (Self::Milliseconds, _) => milliseconds(value, path, found),
            (Self::File(medium), Value::String(text)) => media::file(*medium, text, path, found),
            (Self::Link, Value::String(text)) => media::link(text, path, found),
            (Self::List { min, max, item }, Value::Array(list)) => {
                size(list, *min, *max, path, found);
                for (place, value) in list.iter().enumerate() {
                    item.check(value, &format!("{path}[{place}]"), found);
                }
            }
            (Self::Object(fields), Value::Object(object)) => {
                check(fields, object, &format!("{path}."), found);
            }
            _ => found.error(path, format!("must be {}, is {}", self.name(), type_of(value))),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } | Self::OneOf(_) | Self::Usually(_) => "a string",
            Self::Seconds(_) => "a string of whole seconds such as \"5\"",
            Self::File(_) => "a string (URL or Base64)",
            Self::Link => "a string (URL)",
            Self::Number { .. } => "a number",
            Self::Integer { .. } | Self::Milliseconds => "an integer",
            Self::Flag => "true or false",
            Self::List { .. } => "an array",
            Self::Object(_) => "an object",
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn length(text: &str, max: usize, warn: usize, path: &str, found: &mut Validation) {
    let length = text.chars().count();
    if length > max {
        found.error(path, format!("has {length} characters, the limit is {max}: shorten it"));
    } else if length > warn {
        let message = format!("has {length} characters: CometAPI's pages limit it to {warn}");
        found.warn(path, format!("{message}, Kling's to {max}"));
    }
}

fn one_of(word: &str, set: &[&str], path: &str, found: &mut Validation) {
    if !set.contains(&word) {
        found.error(path, format!("is {:?}: use one of {}", media::shown(word), set.join(", ")));
    }
}

fn usually(word: &str, set: &[&str], path: &str, found: &mut Validation) {
    if !set.contains(&word) {
        let set = set.join(", ");
        found.warn(path, format!("is {:?}: the known values are {set}", media::shown(word)));
    }
}

fn number(value: &Value, min: f64, max: f64, path: &str, found: &mut Validation) {
    if !value.as_f64().is_some_and(|number| (min..=max).contains(&number)) {
        found.error(path, format!("is {value}: it must lie in [{min}, {max}]"));
    }
}

fn integer(value: &Value, min: i64, max: i64, path: &str, found: &mut Validation) {
    let whole = value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX));
    match whole {
        Some(whole) if (min..=max).contains(&whole) => {}
        Some(_) if max == i64::MAX => found.error(path, format!("is {value}: at least {min}")),
        Some(_) => found.error(path, format!("is {value}: it must lie in [{min}, {max}]")),
        None => found.error(path, format!("must be an integer, is {value}")),
    }
}

fn seconds(text: &str, known: &[&str], path: &str, found: &mut Validation) {
    if !text.parse::<u16>().is_ok_and(|seconds| seconds > 0) {
        let text = media::shown(text);
        found.error(path, format!("is {text:?}: write whole seconds such as \"5\""));
    } else if !known.is_empty() {
        usually(text, known, path, found);
    }
}

fn milliseconds(value: &Value, path: &str, found: &mut Validation) {
    let given = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    if given.is_none() {
        found.error(path, format!("must be whole milliseconds, is {}", type_of(value)));
    }
}

fn size(list: &[Value], min: usize, max: usize, path: &str, found: &mut Validation) {
    let size = list.len();
    if size < min || size > max {
        found.error(path, format!("has {size} entries: it must have {min} to {max}"));
    }
}
