//! Jobs that hold a slot while they wait in a lane: those that are to be sent again keep their slot.
//! If they hold the slots that are missing, only taking them can free one.

use std::collections::BTreeSet;

use job::{Priority, State};
use ports::{LedgerError, Stored};

use super::{FullPool, MOST};
use crate::slot_request::{IfFull, SlotRequest};
use crate::take::Taken;

/// Rounds of a full pool between two looks at who holds its slots.
const LOOK_EVERY: u32 = 20;

#[derive(Default)]
pub(super) struct Holders {
    rounds: u32,
    /// How many jobs are taken to find one that holds a slot: doubled each time in vain.
    window: u32,
}

impl FullPool {
    /// Also for a wide job, which can lack slots although some are free.
    pub(super) async fn look_at_holders(&mut self) -> Result<(), LedgerError> {
        self.holders.rounds += 1;
        // One worker of all looks: every record of the pool is read for it.
        if !self.holders.rounds.is_multiple_of(LOOK_EVERY) || !self.take_turn().await? {
            return Ok(());
        }
        let waiting = self.waiting_holders().await?;
        if waiting.is_empty() {
            self.holders.window = 0;
            return self.end_turn_if_idle().await;
        }
        self.holders.window = self.holders.window.saturating_mul(2).clamp(1, MOST);
        self.look_through(&waiting).await;
        self.turn.end().await
    }

    /// Each lane on its own: a long one of a higher priority would keep the others for ever. Jobs in
    /// hand keep their places.
    async fn look_through(&self, waiting: &BTreeSet<Priority>) {
        for handler in self.handlers.iter().filter(|h| waiting.contains(&h.lane.priority)) {
            let mut started = Vec::new();
            while (started.len() as u32) < self.holders.window {
                let (slot, outcome) = SlotRequest::watched(IfFull::PutBack);
                match self.taker.take(handler, slot).await {
                    Taken::One => started.push(outcome),
                    Taken::Nothing | Taken::NotNow => break,
                }
            }
            self.any_refused(started).await;
        }
    }

    /// In which lanes jobs wait that hold slots.
    async fn waiting_holders(&self) -> Result<BTreeSet<Priority>, LedgerError> {
        let mut priorities = BTreeSet::new();
        for held in self.shared.ledger.permits(&self.pool).await? {
            let stored = self.shared.ledger.load(&held.permit.key).await?;
            let waits = |stored: &Stored| matches!(stored.record.state, State::Queued { .. });
            priorities.extend(stored.filter(waits).map(|stored| stored.record.priority));
        }
        Ok(priorities)
    }
}
