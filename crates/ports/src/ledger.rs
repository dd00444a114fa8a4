//! The ledger, in thirteen parts by purpose.

mod acceptances;
mod accounts;
mod activity;
mod allowances;
mod due;
mod error;
mod lists;
mod manual_pauses;
mod members;
mod outbox;
mod permits;
mod records;
mod slot_limits;
mod spending;
mod waiting;
mod walk;

use async_trait::async_trait;

pub use self::acceptances::Acceptances;
pub use self::accounts::{AccountTask, Accounts, MOST_PROPOSALS, NamedPause, Pause, TASK_SLACK};
pub use self::activity::{Activity, ENDED_KEPT, ENDED_SLOT, Ended};
pub use self::allowances::Allowances;
pub use self::due::{Claimed, Due};
pub use self::error::LedgerError;
pub use self::lists::{Cursor, ListFilter, Page};
pub use self::manual_pauses::{MOST_MANUAL_PAUSES, ManualPauses};
pub use self::members::{Fence, Following, Generation, Members, Standing};
pub use self::outbox::{OutboxEntry, OutboxId};
pub use self::permits::Permits;
pub use self::records::{Created, Records, Stored, Swapped, Write};
pub use self::slot_limits::{PoolSlots, SlotLimits};
pub use self::spending::{MOST_SPENDERS, SPENDING_DAYS, SPENDING_MONTH_DAYS, Spending};
pub use self::waiting::WaitingRoom;
pub use self::walk::Walk;

/// Stores only compare and write; they decide nothing.
///
/// Times are by the store's clock. Every write checks the fence's generation and that its owner's
/// lease is alive, atomically with the write itself.
#[async_trait]
pub trait Ledger:
    Members
    + Records
    + Due
    + Permits
    + SlotLimits
    + WaitingRoom
    + Accounts
    + ManualPauses
    + Spending
    + Acceptances
    + Allowances
    + Activity
{
    /// Checks that the store is reached, logged in to, and set up not to drop data while it runs.
    async fn check(&self) -> Result<(), LedgerError>;

    /// What the store's set-up would lose in a crash, one sentence each. No errors: the ledger is
    /// then rebuilt from the journal.
    async fn warnings(&self) -> Result<Vec<String>, LedgerError> {
        Ok(Vec::new())
    }
}
