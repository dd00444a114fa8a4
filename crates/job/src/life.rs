//! Distinguishes two records of one id, when the first expired before the id was used again.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One life of a job's record, from its first message until it expires: part of the external id
/// and of event ids. Compared only, never read as a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Life(String);

impl Life {
    /// From the publish time in its message, plausible or not, so that a ledger that lost the
    /// record derives the same life again.
    pub fn of_message(published: Timestamp) -> Self {
        Self(format!("m{}", published.as_millis()))
    }

    /// For a message without a publish time: known only from the record or its journal line.
    pub fn begun(now: Timestamp) -> Self {
        Self(format!("r{}", now.as_millis()))
    }

    /// From the header of a message that is published again for its record.
    pub fn parse(text: &str) -> Option<Self> {
        const MOST: usize = 32;
        let fits = (1..=MOST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the record is from a version without lives.
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }

    /// Its part of a derived id; `None` for a record from a version without lives.
    pub(crate) fn part(&self) -> Option<&str> {
        (!self.is_unknown()).then_some(self.as_str())
    }
}
