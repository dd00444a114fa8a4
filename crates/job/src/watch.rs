use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Longer reasons are cut.
const MOST_REASON: usize = 300;

/// What following a round's task has shown besides its status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// The provider has reported success since, and no file could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_since: Option<Timestamp>,
    /// The provider has denied the task at every look since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "is_zero")]
    pub denials: u32,
    /// It was announced as overdue: whatever follows comes late.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// The slot was given back although the task's end is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub slot_returned: bool,
    /// The last look that told nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_look: Option<FailedLook>,
}

/// A look that told nothing about the task, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedLook {
    pub at: Timestamp,
    pub why: String,
}

impl Watch {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn failed(&mut self, at: Timestamp, why: &str) {
        self.failed_look = Some(FailedLook { at, why: why.chars().take(MOST_REASON).collect() });
    }

    /// The provider shows the task: earlier denials were wrong.
    pub(crate) fn shown(&mut self) {
        (self.denied_since, self.denials, self.failed_look) = (None, 0, None);
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
