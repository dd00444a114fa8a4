//! Work that is due: records to look at, and messages to publish.

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

/// A record or an entry has one claimer at a time, until the claim ends.
#[async_trait]
pub trait Due: Send + Sync + 'static {
    /// Records that are due, each kept from other claimers for `lease`, or until the lease of its
    /// living owner ends, if that is sooner: it may then be an orphan. Versions do not change.
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError>;

    /// Makes a record due at once (a callback's hint); does nothing if it is not in the due set.
    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError>;

    /// Outbox entries without a claimer, each kept from others for `lease`.
    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError>;

    /// After publishing: removes the entries; the records they close expire after the ledger's
    /// retention. A record that is no longer settled does not expire.
    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError>;

    /// After a failed publish: the entry is tried again after the wait, and its tries are raised.
    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError>;
}
