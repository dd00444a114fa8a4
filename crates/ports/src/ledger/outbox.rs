use job::JobKey;
use serde::{Deserialize, Serialize};

use crate::{Destination, Message};

/// A message that must go out because of a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Deterministic: writing the same entry twice leaves one.
    pub id: String,
    pub key: JobKey,
    pub to: Destination,
    pub message: Message,
    /// Once published, the record's retention begins.
    pub closes: bool,
    /// Failed publishes so far.
    pub tries: u32,
}

/// An entry's id and its job, which determines the shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxId {
    pub key: JobKey,
    pub id: String,
}

impl OutboxEntry {
    pub fn outbox_id(&self) -> OutboxId {
        OutboxId { key: self.key.clone(), id: self.id.clone() }
    }
}
