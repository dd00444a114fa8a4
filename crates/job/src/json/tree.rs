//! A JSON value whose numbers are text. Slow, as each level is scanned again: used only for numbers
//! that cannot be held or have to change.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde_json::Value;
use serde_json::value::RawValue;

use super::number;

/// As deep as `serde_json` reads: no reader could parse more.
const DEEPEST: usize = 127;

pub(super) enum Tree {
    /// Null, a boolean or a string.
    Scalar(Value),
    Number(String),
    Array(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
}

impl Tree {
    pub(super) fn read(text: &str) -> Result<Self, serde_json::Error> {
        Self::read_at(text, 0)
    }

    fn read_at(text: &str, depth: usize) -> Result<Self, serde_json::Error> {
        if depth > DEEPEST {
            return Err(serde_json::Error::custom("nested too deeply"));
        }
        Ok(match text.trim_start().as_bytes().first() {
            Some(b'{') => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
                let read =
                    |(name, raw): (_, &RawValue)| Ok((name, Self::read_at(raw.get(), depth + 1)?));
                Self::Object(fields.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let read = |raw: &RawValue| Self::read_at(raw.get(), depth + 1);
                Self::Array(items.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'-' | b'0'..=b'9') => {
                let raw: &RawValue = serde_json::from_str(text)?;
                Self::Number(raw.get().to_owned())
            }
            _ => Self::Scalar(serde_json::from_str(text)?),
        })
    }

    fn of(value: Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(number.to_string()),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::of).collect()),
            Value::Object(fields) => {
                Self::Object(fields.into_iter().map(|(name, v)| (name, Self::of(v))).collect())
            }
            scalar @ (Value::Null | Value::Bool(_) | Value::String(_)) => Self::Scalar(scalar),
        }
    }

    pub(super) fn insert(&mut self, name: &str, value: Value) {
        if let Self::Object(fields) = self {
            fields.insert(name.to_owned(), Self::of(value));
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Self::Object(fields) = self {
            fields.remove(name);
        }
    }

    /// The value with each number rounded to the nearest that a double holds.
    pub(super) fn near(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::Number(number) => Value::Number(number::near(number)),
            Self::Array(items) => items.iter().map(Self::near).collect(),
            Self::Object(fields) => {
                fields.iter().map(|(name, tree)| (name.clone(), tree.near())).collect()
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, "", |number| number.to_owned());
        out
    }

    /// The form that is hashed: a comma after every entry.
    pub(super) fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, ",", number::canonical);
        out
    }

    /// `last`: what follows the last entry.
    fn write(&self, out: &mut String, last: &str, number: fn(&str) -> String) {
        match self {
            Self::Scalar(value) => out.push_str(&value.to_string()),
            Self::Number(text) => out.push_str(&number(text)),
            Self::Array(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    item.write(out, last, number);
                    out.push_str(if place + 1 < items.len() { "," } else { last });
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (place, (name, tree)) in fields.iter().enumerate() {
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    tree.write(out, last, number);
                    out.push_str(if place + 1 < fields.len() { "," } else { last });
                }
                out.push('}');
            }
        }
    }

    /// A whole number is written without its fraction. Without a number there, nothing changes.
    pub(super) fn number_to_text(&mut self, place: &str) {
        let Some(Self::Number(number)) = self.at(place) else { return };
        let text = number.strip_suffix(".0").unwrap_or(number).to_owned();
        if let Some(there) = self.at(place) {
            *there = Self::Scalar(Value::from(text));
        }
    }

    fn at(&mut self, place: &str) -> Option<&mut Self> {
        let mut there = self;
        for part in place.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            there = match there {
                Self::Object(fields) => fields.get_mut(&name)?,
                Self::Array(items) => items.get_mut(name.parse::<usize>().ok()?)?,
                Self::Scalar(_) | Self::Number(_) => return None,
            };
        }
        Some(there)
    }
}
