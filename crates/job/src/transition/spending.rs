//! What is reserved for a round, and what becomes of it when a fact changes the record.

use super::{Effect, Step};
use crate::{Fact, Record, Settled};

/// A reservation before the fact.
pub(super) struct Reserved {
    round: u32,
    /// What becomes of it if the fact begins another round.
    ended: Settled,
}

impl Reserved {
    pub(super) fn of(record: &Record, fact: &Fact) -> Option<Self> {
        record.estimate.filter(|estimate| estimate.reserved)?;
        Some(Self { round: record.round, ended: record.settles_with(fact) })
    }

    /// Once: the record does not show the reservation any more.
    pub(super) fn settle(self, step: &mut Step) {
        let same = step.record.round == self.round;
        let settled = if same { step.record.settles() } else { Some(self.ended) };
        let Some(settled) = settled else { return };
        step.effects.push(Effect::SettleReservation { round: self.round, settled });
        if let Some(estimate) = step.record.estimate.as_mut().filter(|_| same) {
            estimate.reserved = false;
        }
    }
}
