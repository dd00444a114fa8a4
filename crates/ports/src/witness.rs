use std::time::Duration;

use job::{ExternalId, Operation, Timestamp};
use serde::{Deserialize, Serialize};

/// A task that the provider was seen to have: look-ups by external id are tested with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    pub operation: Operation,
    pub task_id: String,
    /// That it was created with.
    pub external_id: ExternalId,
    pub seen_at: Timestamp,
}

impl Witness {
    /// A provider that forgets its tasks keeps them for longer.
    const KNOWN_FOR: Duration = Duration::from_secs(24 * 3600);

    /// An older one proves nothing.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) < Self::KNOWN_FOR
    }
}
