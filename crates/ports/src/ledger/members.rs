//! Who writes, and how far the ledger's memory is compared with the journal.

use std::time::Duration;

use async_trait::async_trait;
use job::Timestamp;
use serde::{Deserialize, Serialize};

use super::LedgerError;

/// One life of the ledger's memory. Emptied or restored, it begins another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    pub id: String,
    /// Jobs enqueued before this may have been known to an earlier generation.
    pub began_at: Timestamp,
}

/// How far the present generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The store's own time.
    pub now: Timestamp,
    /// Nothing may be submitted before; `None` while the journal has not been compared.
    pub opens_at: Option<Timestamp>,
}

/// Who writes: checked in every write, so that a late voice is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub generation: Generation,
    /// Random per joining; alive while its lease is renewed.
    pub owner: String,
}

/// Where to go on comparing the journal with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Following {
    /// The first line that was not compared; `None` when none ever was.
    pub next: Option<u64>,
    /// Something was found missing in this generation, by whichever owner.
    pub lost: bool,
}

/// Owners with leases, and the generation that they write in.
#[async_trait]
pub trait Members: Send + Sync + 'static {
    /// Joins as a new owner with a lease. A ledger without a generation gets one that began at
    /// `began_at`; concurrent joins agree on one. One that began at the epoch has nothing to
    /// remember and is open from the start; any other is opened by [`open`](Self::open).
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError>;

    /// Extends the owner's lease from now; `Fenced` when it had already ended.
    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError>;

    /// Ends the owner's lease at once, so that nobody waits for it.
    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError>;

    /// The present generation, `None` in an empty ledger.
    async fn generation(&self) -> Result<Option<Generation>, LedgerError>;

    /// When the present generation opens; `None` where it has not been compared with the journal,
    /// or there is none: what is not found may be known to the journal.
    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError>;

    /// Ends the generation and forgets how far the journal was compared, so that all of it will
    /// be: for an operator who does not trust what the ledger holds. Records stay.
    async fn distrust(&self) -> Result<(), LedgerError>;

    /// Becomes, or stays, the only owner that compares the journal with the ledger, while its
    /// lease is alive. `None` when another one is.
    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError>;

    /// All lines before this one have been compared. Kept beside the records, so that a
    /// snapshot that loses records loses this with them; outlives the generation.
    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError>;

    /// Something is missing: remembered as long as the generation, since whoever leads next finds
    /// nothing missing any more.
    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError>;

    /// The ledger holds what the journal knows: from this moment on jobs may be submitted. Said
    /// once for a generation; later calls change nothing.
    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError>;
}
