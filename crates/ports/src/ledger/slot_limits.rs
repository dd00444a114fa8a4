//! How many slots of a pool are used, as found from what the provider refuses.

use async_trait::async_trait;
use job::{SlotLimit, Timestamp};

use super::{Fence, LedgerError};

/// What is known of the slots of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSlots {
    /// `None`: nothing is stored, so [`Limits`](crate::Limits) alone apply.
    pub limit: Option<SlotLimit>,
    /// Increases by 1 with each change; 0 before the first.
    pub version: u64,
    /// Slots in use.
    pub used: u32,
    /// The time of the store.
    pub now: Timestamp,
}

/// One value per pool, for all workers. The calls that grant slots apply it. It is lost with the data of
/// the ledger, and then found anew.
#[async_trait]
pub trait SlotLimits: Send + Sync + 'static {
    async fn pool_slots(&self, pool: &str) -> Result<PoolSlots, LedgerError>;

    /// Replaces the limit of this version. `false`: there is another version, and nothing was changed.
    /// Wakes those that wait for slots if there may be more.
    async fn change_slot_limit(
        &self,
        fence: &Fence,
        pool: &str,
        limit: &SlotLimit,
        version: u64,
    ) -> Result<bool, LedgerError>;
}
