use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Longer reasons are cut.
const MOST_REASON: usize = 300;

/// What polling a round's task has shown besides its status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// Since when the provider reports success without a readable file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_since: Option<Timestamp>,
    /// Since when the provider denies the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "is_zero")]
    pub denials: u32,
    /// It was announced as overdue: a later outcome is late.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// The slot was given back although the task's end is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub slot_returned: bool,
    /// The last look that failed or was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_look: Option<FailedLook>,
}

/// A look that failed or was denied, and why.
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
