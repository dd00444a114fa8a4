//! Takes over jobs that wait for another account: as many as there are free slots while no job waits
//! here, and those of a paused account also while jobs wait here.

use std::time::Duration;

use ports::{Fence, LedgerError, Usage};
use tokio::time::Instant;

use super::Grants;
use crate::account::AccountLane;
use crate::error::Error;

/// Between two looks, unless the one before has filled free slots.
const AGAIN: Duration = Duration::from_secs(1);
/// A worker that dies keeps the others from it for so long.
const TURN: Duration = Duration::from_secs(2);

/// What one look has taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenOver {
    Nothing,
    /// There are slots for them.
    ForFreeSlots,
    /// They wait behind others.
    ToWait,
}

impl Grants {
    pub(super) async fn take_over(&self) -> TakenOver {
        let may_send = !self.stop.is_cancelled() && !self.intake.forbids_sending();
        if !self.accounts.are_several() || !may_send || !self.moves.is_due() {
            return TakenOver::Nothing;
        }
        let taken = self.take_over_in_turn().await.unwrap_or_else(|error| {
            tracing::debug!(%error, pool = %self.pool, "no jobs of other accounts are taken over");
            TakenOver::Nothing
        });
        if taken != TakenOver::ForFreeSlots {
            self.moves.look_again(Instant::now() + AGAIN);
        }
        taken
    }

    /// One worker at a time: several would take over more than there are slots.
    async fn take_over_in_turn(&self) -> Result<TakenOver, Error> {
        let Some(fence) = self.fence_if_open() else { return Ok(TakenOver::Nothing) };
        let turn = format!("{}:take-over", self.pool);
        if !self.others_wait().await || !self.shared.ledger.take_turn(&fence, &turn, TURN).await? {
            return Ok(TakenOver::Nothing);
        }
        let taken = self.take_over_some(&fence).await;
        self.shared.ledger.end_turn(&fence, &turn).await?;
        taken
    }

    async fn others_wait(&self) -> bool {
        for lane in self.others() {
            if lane.usage(self.resource).await.waiting > 0 {
                return true;
            }
        }
        false
    }

    fn others(&self) -> impl Iterator<Item = &AccountLane> {
        self.accounts.all().filter(|lane| lane.name() != self.own_name())
    }

    async fn take_over_some(&self, fence: &Fence) -> Result<TakenOver, Error> {
        let usage = self.shared.ledger.usage(&self.pool).await?;
        let free = self.free_slots(usage).await?;
        for lane in self.others() {
            let (slots, done) = match free {
                0 if lane.is_paused_for_long() => (None, TakenOver::ToWait),
                0 => continue,
                free => (Some(free), TakenOver::ForFreeSlots),
            };
            if self.take_over_from(fence, lane, slots).await? > 0 {
                return Ok(done);
            }
        }
        Ok(TakenOver::Nothing)
    }

    /// None while jobs wait here: they may be those of tenants at their limits.
    async fn free_slots(&self, usage: Usage) -> Result<u32, LedgerError> {
        match (usage.waiting, self.terms.limits.concurrency) {
            (1.., _) => Ok(0),
            (0, 0) => Ok(u32::MAX),
            (0, _) => {
                let found = self.shared.ledger.pool_slots(&self.pool).await?;
                let slots = self.terms.limits.now(found.limit.as_ref());
                Ok(slots.saturating_sub(found.used))
            }
        }
    }

    pub(super) fn own_name(&self) -> &str {
        &self.shared.settings.account
    }
}
