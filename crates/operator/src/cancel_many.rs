use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, stream};
use job::{JobKey, StateKind, Timestamp};
use ports::LedgerError;

use crate::{Cancelled, Error, Operator, Selection};

const UNSUBMITTED: [StateKind; 2] = [StateKind::Queued, StateKind::Waiting];

/// Cancellations at once.
const TOGETHER: usize = 64;

/// The results of many cancellations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub cancelled: u64,
    /// No worker has recorded them: they are cancelled when they are delivered.
    pub unseen: u64,
    /// Submitted or ended meanwhile.
    pub too_late: u64,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.cancelled += other.cancelled;
        self.unseen += other.unseen;
        self.too_late += other.too_late;
    }

    fn count(&mut self, done: &Cancelled) {
        match done {
            Cancelled::Job(_) => self.cancelled += 1,
            Cancelled::Unseen => self.unseen += 1,
            Cancelled::TooLate(_) => self.too_late += 1,
        }
    }
}

impl Operator {
    /// Cancels each of these. After one fails, whose cause is probably that of all, no more are begun;
    /// the others are finished, since a cancellation is written and then journaled.
    pub async fn cancel_many(&self, keys: Vec<JobKey>) -> Result<Tally, Error> {
        let (mut tally, mut failed) = (Tally::default(), None);
        let stop = &AtomicBool::new(false);
        let keys = keys.into_iter().take_while(|_| !stop.load(Ordering::Relaxed));
        let all = stream::iter(keys).map(|key| async move { self.cancel(&key).await });
        let mut all = all.buffer_unordered(TOGETHER);
        while let Some(done) = all.next().await {
            match done {
                Ok(done) => tally.count(&done),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(tally), Err)
    }

    /// The selected jobs that were published until then, and are not submitted: of the selected states,
    /// those in which a job is not.
    pub async fn unsubmitted(
        &self,
        selection: &Selection,
        until: Timestamp,
    ) -> Result<Vec<JobKey>, LedgerError> {
        let mut waiting = selection.clone();
        waiting.filter.states =
            UNSUBMITTED.into_iter().filter(|state| selection.filter.wants(Some(*state))).collect();
        // No states would be all states.
        if waiting.filter.states.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys = Vec::new();
        let ledger = self.ledger.as_ref();
        waiting
            .each(ledger, None, |record| {
                if record.came_at() <= until {
                    keys.push(record.key.clone());
                }
            })
            .await?;
        Ok(keys)
    }
}
