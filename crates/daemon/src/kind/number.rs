//! Numbers, durations, and true or false.

use std::fmt::{Debug, Display};
use std::ops::RangeInclusive;
use std::time::Duration;

use ::config::ValueKind;

use super::Kind;
use super::raw::{is_and_not, is_not, out_of_range};
use crate::duration;

#[derive(Debug)]
pub(crate) struct Bool;

impl Kind for Bool {
    type Value = bool;

    fn wanted(&self) -> String {
        "true or false".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<bool, String> {
        match raw {
            ValueKind::Boolean(value) => Ok(*value),
            ValueKind::String(text) => text.parse().map_err(|_| is_not(text, "true or false")),
            other => Err(is_and_not(other, "true or false")),
        }
    }

    fn shown(&self, value: &bool) -> String {
        value.to_string()
    }

    fn toml(&self, default: &str) -> String {
        default.into()
    }

    fn placeholder(&self) -> String {
        "true".to_owned()
    }
}

#[derive(Debug)]
pub(crate) struct Count<T>(pub(crate) RangeInclusive<T>);

impl<T> Kind for Count<T>
where
    T: Copy + PartialOrd + TryFrom<i128> + Display + Debug + Sync,
{
    type Value = T;

    fn wanted(&self) -> String {
        format!("a whole number from {} to {}", self.0.start(), self.0.end())
    }

    fn read(&self, raw: &ValueKind) -> Result<T, String> {
        let number: i128 = match raw {
            ValueKind::I64(number) => (*number).into(),
            ValueKind::String(text) => text.parse().map_err(|_| is_not(text, "a whole number"))?,
            other => return Err(is_and_not(other, "a whole number")),
        };
        let fitting = T::try_from(number).ok().filter(|number| self.0.contains(number));
        fitting.ok_or_else(|| out_of_range(number))
    }

    fn shown(&self, value: &T) -> String {
        value.to_string()
    }

    fn placeholder(&self) -> String {
        self.0.start().to_string()
    }

    fn toml(&self, default: &str) -> String {
        default.into()
    }
}

#[derive(Debug)]
pub(crate) struct Factor(pub(crate) RangeInclusive<f64>);

impl Kind for Factor {
    type Value = f64;

    fn wanted(&self) -> String {
        format!("a number from {} to {}", self.0.start(), self.0.end())
    }

    fn read(&self, raw: &ValueKind) -> Result<f64, String> {
        let number: f64 = match raw {
            ValueKind::Float(number) => *number,
            // Range limits are far below 2^53: a whole number beyond it is refused either way.
            ValueKind::I64(number) => *number as f64,
            ValueKind::String(text) => text.parse().map_err(|_| is_not(text, "a number"))?,
            other => return Err(is_and_not(other, "a number")),
        };
        self.0.contains(&number).then_some(number).ok_or_else(|| out_of_range(number))
    }

    fn shown(&self, value: &f64) -> String {
        value.to_string()
    }

    fn toml(&self, default: &str) -> String {
        default.into()
    }
}

/// A length of time.
#[derive(Debug)]
pub(crate) struct Span(pub(crate) RangeInclusive<Duration>);

impl Kind for Span {
    type Value = Duration;

    fn wanted(&self) -> String {
        let [least, most] = [self.0.start(), self.0.end()].map(|limit| duration::shown(*limit));
        format!("a duration from {least} to {most} (units ms, s, m, h, d)")
    }

    fn read(&self, raw: &ValueKind) -> Result<Duration, String> {
        let ValueKind::String(text) = raw else {
            return Err(is_and_not(raw, "a duration in quotes"));
        };
        let span = duration::parse(text.trim()).ok_or_else(|| is_not(text, "a duration"))?;
        self.0.contains(&span).then_some(span).ok_or_else(|| out_of_range(self.shown(&span)))
    }

    fn shown(&self, value: &Duration) -> String {
        duration::shown(*value)
    }
}
