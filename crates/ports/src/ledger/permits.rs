//! Slots at the provider, and who takes jobs for those that are free.

use std::time::Duration;

use async_trait::async_trait;

use super::{Fence, LedgerError};
use crate::{HeldPermit, Limits, Permit, PermitReturn, Permitted};

/// Counted for all workers of an account.
#[async_trait]
pub trait Permits: Send + Sync + 'static {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError>;

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError>;

    /// Becomes, or stays, the only owner that has the turn of this name, for so long at most: to take
    /// jobs for a full pool, to be the next that does, to try a lane after trouble. `false` while
    /// another one has it.
    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError>;

    /// Lets another owner take its turn at once; another's turn goes on.
    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError>;

    /// Slots in use in a pool.
    async fn used(&self, pool: &str) -> Result<u32, LedgerError>;

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError>;
}
