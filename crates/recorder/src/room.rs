//! The waiting room follows the records.

use job::{Effect, Record, State};
use ports::{Fence, LedgerError, Permit, Waiter};

use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::writer::Writer;

impl Writer {
    /// Has the job of a record that waits in the waiting room; others are left alone. A repeat
    /// changes nothing.
    pub async fn enter(&self, fence: &Fence, record: &Record) -> Result<(), LedgerError> {
        let waits = matches!(record.state, State::Waiting { .. });
        match Waiter::of(record).filter(|_| waits) {
            Some(waiter) => self.ledger.enter(fence, &[waiter]).await,
            None => Ok(()),
        }
    }

    async fn withdraw(&self, fence: &Fence, record: &Record) -> Result<(), LedgerError> {
        match Permit::of(record) {
            Some(permit) => self.ledger.withdraw(fence, &[permit]).await,
            None => Ok(()),
        }
    }
}

impl Recorder {
    /// A place that is left behind costs nothing but a grant in vain.
    pub(crate) async fn follow_in_room(&self, plan: &Plan) -> Result<(), LedgerError> {
        let fence = self.session.fence();
        for effect in &plan.step.effects {
            match effect {
                Effect::Wait => self.writer.enter(&fence, plan.record()).await?,
                Effect::Withdraw => {
                    if let Err(error) = self.writer.withdraw(&fence, plan.record()).await {
                        tracing::debug!(%error, "its place in the waiting room is left behind");
                    }
                }
                Effect::Announce(_)
                | Effect::ReleasePermit { .. }
                | Effect::SettleReservation { .. }
                | Effect::Requeue { .. } => {}
            }
        }
        Ok(())
    }
}
