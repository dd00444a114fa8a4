//! Tells two records of one id apart, where the first expired before its id was used again.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One life of a job's record, from its first message until it expires: part of the external id
/// and of event ids. Compared only, never read as a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Life(String);

impl Life {
    /// As the message tells, so that a ledger that lost the record finds the same life again.
    /// `told`: the publish time that the message carries, whatever it is worth as a time.
    pub fn of_message(told: Timestamp) -> Self {
        Self(format!("m{}", told.as_millis()))
    }

    /// For a message that tells nothing: known only while the record or its journal line is.
    pub fn begun(now: Timestamp) -> Self {
        Self(format!("r{}", now.as_millis()))
    }

    /// As it travels in a message that is published again for its record.
    pub fn parse(text: &str) -> Option<Self> {
        const MOST: usize = 32;
        let fits = (1..=MOST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A record that was written before there were lives.
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }

    /// What it adds to a derived id; nothing for a record from before lives.
    pub(crate) fn part(&self) -> Option<&str> {
        (!self.is_unknown()).then_some(self.as_str())
    }
}
