//! Lanes that an operator has paused.

use super::{Intake, IntakeState, PauseReason, lock};

impl Intake {
    /// `None`: they are not paused by hand, and the automatic state shows.
    pub(crate) fn set_manual_pause(&self, why: Option<String>) {
        let before = std::mem::replace(&mut *lock(&self.by_hand), why.clone());
        if before != why {
            self.changed.notify_waiters();
        }
    }

    pub(super) fn paused_by_hand(&self) -> Option<IntakeState> {
        let why = lock(&self.by_hand).clone()?;
        Some(IntakeState::Paused { reason: PauseReason::ByHand, why })
    }
}
