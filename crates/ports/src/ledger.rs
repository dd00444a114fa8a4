//! What we remember while the other side works, in five parts by purpose.

mod accounts;
mod due;
mod error;
mod members;
mod outbox;
mod permits;
mod records;

use async_trait::async_trait;

pub use self::accounts::{AccountTask, Accounts, MOST_PROPOSALS, NamedPause, Pause, TASK_SLACK};
pub use self::due::{Claimed, Due};
pub use self::error::LedgerError;
pub use self::members::{Fence, Following, Generation, Members, Standing};
pub use self::outbox::{OutboxEntry, OutboxId};
pub use self::permits::Permits;
pub use self::records::{Created, ListFilter, Records, Stored, Swapped, Write};

/// Stores decide nothing: they compare and write.
///
/// Time is the store's. Every write checks the fence's generation and that its owner's lease
/// is alive, atomically with the write itself.
#[async_trait]
pub trait Ledger: Members + Records + Due + Permits + Accounts {
    /// Reached, logged in, and nothing is dropped while it runs.
    async fn check(&self) -> Result<(), LedgerError>;

    /// What the store's own set-up would lose with a crash: the program works all the same,
    /// because the ledger is rebuilt from the journal. One sentence each.
    async fn warnings(&self) -> Result<Vec<String>, LedgerError> {
        Ok(Vec::new())
    }
}
