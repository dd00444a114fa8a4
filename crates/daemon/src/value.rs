//! A value that was read, before it has its place in the configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::choice::{ContentMode, DoubtPolicy, HeaderPrefix, LogFormat, LookUp, TraceMode};
use crate::duration;
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::sources::Source;

/// What stands for a secret wherever a value is shown.
const REDACTED: &str = "***";

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Unset,
    Bool(bool),
    Count(u64),
    Factor(f64),
    Text(String),
    Word(&'static str),
    Duration(Duration),
    Url(Url),
    Endpoint(Endpoint),
    Address(SocketAddr),
    Path(PathBuf),
    Texts(Vec<String>),
    Secret(SecretString),
    Secrets(Vec<SecretString>),
}

impl Value {
    /// For eyes, without secrets; `None` when unset.
    pub(crate) fn shown(&self) -> Option<String> {
        Some(match self {
            Self::Unset => return None,
            Self::Bool(value) => value.to_string(),
            Self::Count(value) => value.to_string(),
            Self::Factor(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::Word(value) => (*value).to_owned(),
            Self::Duration(value) => duration::shown(*value),
            Self::Url(value) => value.to_string(),
            Self::Endpoint(value) => value.to_string(),
            Self::Address(value) => value.to_string(),
            Self::Path(value) => value.display().to_string(),
            Self::Texts(values) => values.join(", "),
            Self::Secret(_) => REDACTED.into(),
            Self::Secrets(values) => vec![REDACTED; values.len()].join(", "),
        })
    }
}

/// The values by key.
#[derive(Debug, Default)]
pub(crate) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    pub(crate) fn insert(&mut self, name: &'static str, value: Value) {
        self.0.insert(name, value);
    }

    /// For eyes, as [`Value::shown`].
    pub(crate) fn shown(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::shown)
    }

    /// The value of a key as the type of its field; absent when it was not read.
    pub(crate) fn get<T: FromValue>(&self, name: &str) -> Option<T> {
        self.0.get(name).and_then(T::from_value)
    }

    /// As [`get`](Self::get); a disagreement between table and field is a problem, not a panic.
    pub(crate) fn take<T: FromValue>(&self, name: &str) -> Result<T, Problem> {
        self.get(name).ok_or_else(|| {
            Problem::of_key(
                name,
                Source::Default,
                "this program describes the key otherwise than it reads it",
            )
        })
    }
}

/// A type that a field of the configuration may have.
pub(crate) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! held_as {
    ($($variant:ident => $type:ty),+ $(,)?) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::$variant(held) => Some(<$type>::clone(held)),
                    _ => None,
                }
            }
        }
    )+};
}

held_as! {
    Bool => bool,
    Count => u64,
    Factor => f64,
    Text => String,
    Duration => Duration,
    Url => Url,
    Endpoint => Endpoint,
    Address => SocketAddr,
    Path => PathBuf,
    Texts => Vec<String>,
    Secret => SecretString,
    Secrets => Vec<SecretString>,
}

macro_rules! narrowed {
    ($($type:ty),+) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                u64::from_value(value)?.try_into().ok()
            }
        }
    )+};
}

narrowed!(u16, u32);

macro_rules! worded {
    ($($type:ty),+) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Word(word) => <$type>::from_word(word),
                    _ => None,
                }
            }
        }
    )+};
}

worded!(LookUp, DoubtPolicy, LogFormat, TraceMode, ContentMode, HeaderPrefix);

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Unset => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
