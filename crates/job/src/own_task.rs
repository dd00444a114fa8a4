//! Whether a task at the provider can be the one that a POST in doubt created.

use std::time::Duration;

use crate::{Record, Timestamp};

/// How much the provider's clock and ours may differ.
const CLOCKS: Duration = Duration::from_secs(120);

/// What the provider reports about a task's origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    pub external_id: Option<&'a str>,
    pub created_at: Option<Timestamp>,
}

impl Record {
    /// Why the task cannot be ours; `None` if nothing contradicts.
    pub fn contradiction(&self, origin: Origin<'_>) -> Option<String> {
        if origin.external_id.is_some_and(|id| id != self.external_id.as_str()) {
            return Some("it carries another external id".to_owned());
        }
        let (created, began) = (origin.created_at?, self.round_began());
        (created + CLOCKS < began)
            .then(|| format!("it was created at {created}, before the round began at {began}"))
    }

    /// Why a task that only a callback named is not attached: something contradicts, or neither its
    /// external id nor its time of creation is known.
    pub fn refutes(&self, origin: Origin<'_>) -> Option<String> {
        let silent = || "the answer tells neither its external id nor when it was created";
        self.contradiction(origin)
            .or_else(|| (origin == Origin::default()).then(|| silent().to_owned()))
    }

    /// Unix milliseconds; no task of this round was created earlier, by either clock.
    pub fn no_task_before_ms(&self) -> i64 {
        let margin = i64::try_from(CLOCKS.as_millis()).unwrap_or(i64::MAX);
        self.round_began().as_millis().saturating_sub(margin)
    }

    /// No POST of this round was sent earlier. A first round may be older than its record, if the
    /// ledger lost an older one.
    fn round_began(&self) -> Timestamp {
        let earlier = self.history.iter().rev().find(|entry| entry.round < self.round);
        earlier.map_or(self.came_at(), |entry| entry.at)
    }
}

#[cfg(test)]
mod tests;
