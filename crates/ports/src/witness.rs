use std::time::Duration;

use job::{ExternalId, Operation, Timestamp};
use serde::{Deserialize, Serialize};

/// A task that the provider is known to have: look-ups by external id are tested with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    pub operation: Operation,
    pub task_id: String,
    /// The external id that it was created with.
    pub external_id: ExternalId,
    pub seen_at: Timestamp,
}

impl Witness {
    /// Every provider keeps its tasks for longer than this.
    const KNOWN_FOR: Duration = Duration::from_secs(24 * 3600);

    /// Whether it still proves anything: a provider may have deleted an older task.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) < Self::KNOWN_FOR
    }
}
