//! Slots at the provider, and which worker probes it.

use std::time::Duration;

use async_trait::async_trait;

use super::{Fence, LedgerError};
use crate::{GrantTerms, HeldPermit, Permit, PermitReturn, Permitted, Usage};

/// Counted for all workers of an account.
#[async_trait]
pub trait Permits: Send + Sync + 'static {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Result<Permitted, LedgerError>;

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError>;

    /// Becomes, or stays, the only owner of the turn of this name, for at most `lasts`: to
    /// probe a lane after a failure. `false` while another owner has it.
    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError>;

    /// Gives up its turn, so that another owner can take it; never ends another's turn.
    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError>;

    async fn usage(&self, pool: &str) -> Result<Usage, LedgerError>;

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError>;
}
