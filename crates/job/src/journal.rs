use serde::{Deserialize, Serialize};

use crate::{CloudEvent, Record, Timestamp};

/// One line of the journal: a record after a transition, enough to recreate it in an empty ledger,
/// and the outcome's event, so that late consumers can read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub version: u32,
    /// The ledger generation in which it was written.
    pub generation: String,
    pub at: Timestamp,
    pub record: Record,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<CloudEvent>,
}

impl JournalEntry {
    /// Raised by a change that readers of the present form cannot read.
    pub const VERSION: u32 = 1;
}
