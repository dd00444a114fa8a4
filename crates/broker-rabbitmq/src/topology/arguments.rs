use std::collections::BTreeMap;
use std::fmt;

use lapin::types::{AMQPValue, FieldTable};

/// The optional arguments of an exchange or a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(BTreeMap<&'static str, Argument>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    Text(String),
    Int(i64),
}

impl Arguments {
    pub(crate) fn quorum() -> Self {
        Self::default().text("x-queue-type", "quorum")
    }

    #[must_use]
    pub(crate) fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.insert(name, Argument::Text(value.into()));
        self
    }

    #[must_use]
    pub(crate) fn int(mut self, name: &'static str, value: i64) -> Self {
        self.0.insert(name, Argument::Int(value));
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    pub fn get(&self, name: &str) -> Option<&Argument> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Argument)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    pub(crate) fn table(&self) -> FieldTable {
        let mut table = FieldTable::default();
        for (name, value) in &self.0 {
            let value = match value {
                Argument::Text(text) => AMQPValue::LongString(text.as_str().into()),
                Argument::Int(number) => AMQPValue::LongLongInt(*number),
            };
            table.insert((*name).into(), value);
        }
        table
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => write!(f, "{number}"),
        }
    }
}

impl fmt::Display for Arguments {
    /// `x-queue-type=quorum x-max-length=1000`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}
