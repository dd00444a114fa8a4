//! One table of the file: each key is taken once, and what is left is unknown.

use jiff::civil::Date;
use job::Money;
use toml::{Table, Value};

pub(crate) struct Section<'a> {
    place: String,
    fields: Table,
    problems: &'a mut Vec<String>,
}

impl<'a> Section<'a> {
    /// `value`: what stands in this place.
    pub(crate) fn new(place: String, value: Value, problems: &'a mut Vec<String>) -> Self {
        let mut section = Self { place, fields: Table::new(), problems };
        match value {
            Value::Table(fields) => section.fields = fields,
            _ => section.problem("is not a table"),
        }
        section
    }

    pub(crate) fn problem(&mut self, what: impl AsRef<str>) {
        self.problems.push(format!("{}: {}", self.place, what.as_ref()));
    }

    fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.fields.remove(key)?;
        let read = read(&value);
        if read.is_none() {
            self.problem(format!("{key} is not {wanted}"));
        }
        read
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        let filled =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.take(key, "a text", filled)
    }

    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        self.take(key, "true or false", Value::as_bool)
    }

    /// At least one text; empty if the key is missing.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        let texts = |value: &Value| {
            let items = value.as_array().filter(|items| !items.is_empty())?;
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        };
        self.take(key, "a list of texts", texts).unwrap_or_default()
    }

    pub(crate) fn amount(&mut self, key: &str) -> Option<Money> {
        let wanted = "an amount in quotes such as \"0.14\"";
        self.take(key, wanted, |value| Money::parse(value.as_str()?))
    }

    pub(crate) fn seconds(&mut self, key: &str) -> Option<u64> {
        let fitting = |value: &Value| u64::try_from(value.as_integer()?).ok();
        self.take(key, "a number from 1 to 3600", |value| {
            fitting(value).filter(|seconds| (1..=3600).contains(seconds))
        })
    }

    /// As a date of TOML or in quotes.
    pub(crate) fn day(&mut self, key: &str) -> Option<Date> {
        self.take(key, "a date such as 2026-12-01", |value| match value {
            Value::Datetime(day) => day.to_string().parse().ok(),
            Value::String(day) if day.len() == 10 => day.parse().ok(),
            _ => None,
        })
    }

    pub(crate) fn end(mut self) {
        let unknown: Vec<_> = self.fields.keys().cloned().collect();
        for key in unknown {
            self.problem(format!("{key} is not known"));
        }
    }
}
