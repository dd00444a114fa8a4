//! Moves of a job that waits for a slot.

use std::time::Duration;

use super::{Effect, Move, Moved, Step};
use crate::{Fact, Record, RetryDelay, State, Timestamp};

/// Between two looks of pollers. A place is lost only when a process dies before it is taken.
const LOOK: Duration = Duration::from_secs(300);

impl Record {
    /// Whether another account may be used for it. Not while an amount is reserved: that is the
    /// account's.
    pub fn may_move(&self) -> bool {
        let is_reserved = self.estimate.is_some_and(|estimate| estimate.reserved);
        !is_reserved && !self.stays_with_its_account()
    }
}

impl Move<'_> {
    pub(super) fn of_waiting(self, since: Timestamp, fact: Fact) -> Moved {
        Ok(match fact {
            // The slot that it was granted is free again.
            Fact::NoSlot { why } => self.release(true).wait(why, since),
            Fact::StillWaits => self.still_waits(),
            Fact::Moved { account } if self.record.may_move() => self.move_to(account, since),
            Fact::Deferred { why, after } => self.defer(why, after),
            fact @ Fact::Taken { .. } => return self.of_queued(fact),
            fact => return self.leaves_room(fact),
        })
    }

    /// It waits for a slot; its message need not be kept.
    pub(super) fn wait(mut self, why: String, since: Timestamp) -> Step {
        self.record.acknowledged = true;
        let what = format!("waits: {why}");
        let next_look = self.next_look();
        self.effect(Effect::Wait).to(State::Waiting { why, since, next_look }, what)
    }

    /// No history line: nothing happened.
    fn still_waits(mut self) -> Step {
        let next = self.next_look();
        if let State::Waiting { next_look, .. } = &mut self.record.state {
            *next_look = next;
        }
        let mv = self.effect(Effect::Wait);
        Step { record: mv.record, effects: mv.effects }
    }

    /// Whoever moves it takes it out of the room of the account before.
    fn move_to(mut self, account: String, since: Timestamp) -> Step {
        let (why, next_look) = (format!("account {account} has free slots"), self.next_look());
        let what = format!("moved from account {} to {account}", self.record.account);
        self.record.account = account;
        self.effect(Effect::Wait).to(State::Waiting { why, since, next_look }, what)
    }

    fn next_look(&self) -> Timestamp {
        self.at.now + LOOK.mul_f64(self.rules.pace * (0.8 + 0.4 * self.at.jitter))
    }

    fn defer(self, why: String, after: RetryDelay) -> Step {
        let what = format!("queued again in {}: {why}", after.as_str());
        let mv = self
            .release(true)
            .effect(Effect::Withdraw)
            .effect(Effect::Requeue { after: Some(after) });
        mv.to(State::Queued { why: Some(why) }, what)
    }

    /// As from the queue. A slot that it was granted meanwhile is not used.
    fn leaves_room(self, fact: Fact) -> Moved {
        let round = self.record.round;
        let mut step = self.effect(Effect::Withdraw).of_queued(fact)?;
        let release = Effect::ReleasePermit { round, unspent: true };
        if !step.record.may_be_running() && !step.effects.contains(&release) {
            step.effects.push(release);
        }
        Ok(step)
    }
}
