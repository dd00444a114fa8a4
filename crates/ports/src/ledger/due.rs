//! What must be done by now: records to look at, and messages to publish.

use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Timestamp};

use super::{Fence, LedgerError, OutboxEntry, OutboxId, Stored};

#[derive(Clone, Debug, PartialEq)]
pub struct Claimed<T> {
    pub items: Vec<T>,
    /// The store's own time.
    pub now: Timestamp,
    /// The earliest moment at which something not claimed here becomes due.
    pub next: Option<Timestamp>,
}

/// One claimer at a time has a record or an entry, until its claim ends.
#[async_trait]
pub trait Due: Send + Sync + 'static {
    /// Records that are due, each kept from other claimers for `lease`, or until the lease of its
    /// living owner ends, if that is sooner: it may be an orphan by then. Versions stay.
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError>;

    /// Makes a record due at once (a callback's hint); nothing happens when it is not in the
    /// due set.
    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError>;

    /// Outbox entries that nobody is publishing, each kept from others for `lease`.
    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError>;

    /// Published: the entries go, and the records they close expire after the ledger's
    /// retention. A record that has moved on (a new round) since keeps no expiry.
    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError>;

    /// Could not be published: try again after the wait. Raises the entry's tries.
    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError>;
}
