//! Pauses by hand. Automatic ones are kept elsewhere ([`Accounts`](super::Accounts)), so that the end
//! of one never ends the other.

use async_trait::async_trait;
use job::{ManualPause, PauseScope};

use super::LedgerError;

/// Pauses by hand that an account may have at a time.
pub const MOST_MANUAL_PAUSES: usize = 1_000;

/// What operators have stopped in an account. Any process may write: no member of the ledger owns a
/// pause. They are lost with the data of the ledger.
#[async_trait]
pub trait ManualPauses: Send + Sync + 'static {
    /// Stores a pause, in place of one of the same scope. `false`: the account has
    /// [`MOST_MANUAL_PAUSES`] others, and nothing was changed.
    async fn pause_by_hand(&self, account: &str, pause: &ManualPause) -> Result<bool, LedgerError>;

    /// `false` if nothing of this scope was paused.
    async fn resume_by_hand(&self, account: &str, scope: &PauseScope) -> Result<bool, LedgerError>;

    /// Those that have not ended, ordered by scope, in one cheap read. The others are removed in time.
    async fn paused_by_hand(&self, account: &str) -> Result<Vec<ManualPause>, LedgerError>;
}
