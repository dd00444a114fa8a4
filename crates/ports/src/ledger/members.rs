//! The owners that may write, and how far the ledger was compared with the journal.

use std::time::Duration;

use async_trait::async_trait;
use job::Timestamp;
use serde::{Deserialize, Serialize};

use super::LedgerError;

/// A period in which the ledger lost no data. Emptied or restored, it begins another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    pub id: String,
    /// Jobs enqueued before this may have been known to an earlier generation.
    pub began_at: Timestamp,
}

/// The state of the present generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The store's own time.
    pub now: Timestamp,
    /// Nothing may be submitted before; `None` until the journal has been compared.
    pub opens_at: Option<Timestamp>,
}

/// The writer: checked in every write, so that a late write is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub generation: Generation,
    /// Random for each join; alive while its lease is renewed.
    pub owner: String,
}

/// Where the comparison of the journal with the ledger continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Following {
    /// The first line that was not compared; `None` if none was.
    pub next: Option<u64>,
    /// An owner found a record missing in this generation.
    pub lost: bool,
}

/// Owners with leases, and the generation that they write in.
#[async_trait]
pub trait Members: Send + Sync + 'static {
    /// Joins as a new owner with a lease. A ledger without a generation gets one that began at
    /// `began_at`; concurrent joins agree on one. One that began at the epoch is open from the
    /// start, as no earlier one exists; any other is opened by [`open`](Self::open).
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError>;

    /// Extends the owner's lease from now; `Fenced` if it had already ended.
    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError>;

    /// Ends the owner's lease at once, so that no process waits for it.
    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError>;

    /// Whether any owner's lease is alive: of a role, or of a command that writes. It is not known of
    /// which, so only `false` tells something: no worker is alive.
    async fn any_alive(&self) -> Result<bool, LedgerError>;

    /// The present generation, `None` in an empty ledger.
    async fn generation(&self) -> Result<Option<Generation>, LedgerError>;

    /// When the present generation opens; `None` if there is none or it has not been compared with
    /// the journal: a missing record may then be in the journal.
    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError>;

    /// Ends the generation and forgets how far the journal was compared, so that all of it will be:
    /// for an operator who does not trust the ledger's data. Records stay.
    async fn distrust(&self) -> Result<(), LedgerError>;

    /// Becomes, or stays, the only owner that compares the journal with the ledger, while its lease
    /// is alive. `None` if another owner is.
    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError>;

    /// All lines before this one have been compared. Stored with the records, so that a snapshot
    /// that loses records loses this too; outlives the generation.
    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError>;

    /// Something is missing. Stored for the whole generation, since the next leader finds nothing
    /// missing any more.
    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError>;

    /// The ledger has all that the journal has: jobs may be submitted from this moment on. Later
    /// calls in the same generation change nothing.
    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError>;
}
