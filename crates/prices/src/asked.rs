//! What a request asks for, as far as its price depends on it.

use std::collections::BTreeMap;

use job::{Operation, Request};
use serde_json::{Map, Value};

/// What the provider does where a request of an operation says nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Usual {
    pub(crate) model: Option<String>,
    pub(crate) mode: String,
    pub(crate) seconds: u64,
}

pub(crate) type Defaults = BTreeMap<String, Usual>;

impl Default for Usual {
    fn default() -> Self {
        Self { model: None, mode: "std".to_owned(), seconds: 5 }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) model: Option<String>,
    pub(crate) mode: String,
    pub(crate) sound: bool,
    pub(crate) voices: bool,
    pub(crate) image: bool,
    pub(crate) video: bool,
    /// Begun seconds.
    pub(crate) seconds: u64,
    pub(crate) pictures: u64,
}

/// More of either is refused by the provider, and must not overflow here.
const MOST_SECONDS: f64 = 3600.0;
const MOST_PICTURES: u64 = 100;

impl Asked {
    /// Kling writes some fields of effects inside `input`, and durations as text or as numbers (API
    /// reference of Kling, 2026).
    pub(crate) fn of(operation: &Operation, request: &Request, defaults: &Defaults) -> Self {
        let default = defaults.get(operation.as_str()).cloned().unwrap_or_default();
        let fields = Fields(request.fields());
        Self {
            operation: operation.to_string(),
            model: fields.text("model_name").map(str::to_owned).or(default.model),
            mode: fields.text("mode").map_or(default.mode, str::to_owned),
            sound: fields.text("sound") == Some("on"),
            voices: fields.has_some("voice_list"),
            image: fields.has_some("image"),
            video: fields.has_some("video_list"),
            seconds: fields.seconds().unwrap_or(default.seconds),
            pictures: fields.pictures(),
        }
    }
}

struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let inner = || self.0.get("input").and_then(|input| input.get(name));
        self.0.get(name).or_else(inner).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn has_some(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| match value {
            Value::Array(items) => !items.is_empty(),
            Value::String(text) => !text.is_empty(),
            _ => true,
        })
    }

    fn seconds(&self) -> Option<u64> {
        let length = match self.get("duration")? {
            Value::String(text) => text.trim().parse::<f64>().ok()?,
            value => value.as_f64()?,
        };
        let fits = length.is_finite() && length > 0.0;
        // A whole number between 1 and the limit.
        fits.then(|| length.min(MOST_SECONDS).ceil() as u64)
    }

    fn pictures(&self) -> u64 {
        let count = self.get("n").and_then(|n| match n {
            Value::String(text) => text.trim().parse().ok(),
            n => n.as_u64(),
        });
        count.unwrap_or(1).clamp(1, MOST_PICTURES)
    }
}
