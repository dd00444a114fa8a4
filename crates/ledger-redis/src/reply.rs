use std::vec::IntoIter;

use ports::LedgerError;
use redis::{FromRedisValue, Value};

/// A script's reply: a status word, then its values in order.
pub(crate) struct Reply {
    script: &'static str,
    pub(crate) status: String,
    values: IntoIter<Value>,
}

impl Reply {
    /// A write that the fence refused is an error, for every script.
    pub(crate) fn read(script: &'static str, value: Value) -> Result<Self, LedgerError> {
        let Value::Array(values) = value else {
            return Err(unreadable(script, "the answer is not a list"));
        };
        let mut reply = Self { script, status: String::new(), values: values.into_iter() };
        reply.status = reply.next()?;
        match reply.status.as_str() {
            "fenced" => Err(LedgerError::Fenced),
            "generation" => Err(LedgerError::GenerationChanged),
            _ => Ok(reply),
        }
    }

    pub(crate) fn next<T: FromRedisValue>(&mut self) -> Result<T, LedgerError> {
        let value =
            self.values.next().ok_or_else(|| unreadable(self.script, "the answer is too short"))?;
        T::from_redis_value(value).map_err(|error| unreadable(self.script, &error.to_string()))
    }

    /// The next value, a list, as one reply for each item.
    pub(crate) fn items(&mut self) -> Result<Vec<Self>, LedgerError> {
        let items: Vec<Vec<Value>> = self.next()?;
        Ok(items.into_iter().map(|values| self.item(values)).collect())
    }

    fn item(&self, values: Vec<Value>) -> Self {
        Self { script: self.script, status: String::new(), values: values.into_iter() }
    }

    /// The error for a status that the script never returns.
    pub(crate) fn unexpected(&self) -> LedgerError {
        unreadable(self.script, &format!("unexpected status {:?}", self.status))
    }
}

fn unreadable(script: &str, cause: &str) -> LedgerError {
    LedgerError::Corrupt { key: format!("script {script}"), cause: cause.to_owned() }
}
