//! The journal deletes old lines, but a parked job waits for an operator without a time limit, and a
//! job may wait long for a slot.

use std::sync::Arc;
use std::time::Duration;

use job::{Record, StateKind, Timestamp};
use ports::ListFilter;
use tokio::time::Instant;

use crate::error::Error;
use crate::shared::{MOST, Shared};

/// A new leader first has more urgent work.
const SETTLING_IN: Duration = Duration::from_secs(600);

/// Writes the lines of such jobs again before the journal deletes them.
pub(crate) struct LongWaits {
    shared: Arc<Shared>,
    next: Instant,
}

impl LongWaits {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let wait = SETTLING_IN.min(shared.settings.journaled_again);
        Self { shared, next: Instant::now() + wait }
    }

    /// Does nothing until the next turn is due.
    pub(crate) async fn keep(&mut self) -> Result<(), Error> {
        if Instant::now() < self.next {
            return Ok(());
        }
        let (now, again) = (self.shared.session.store_now(), self.shared.settings.journaled_again);
        self.next = Instant::now() + again;
        let waits = ListFilter::of_states(&[StateKind::Parked, StateKind::Waiting], MOST);
        let mut old = Vec::new();
        let mut keep = |record: &Record| {
            if is_old(record.last_change(), now, again) {
                old.push(record.key.clone());
            }
        };
        self.shared.ledger.visit(&waits, &mut keep).await?;
        let written = old.len();
        for key in old {
            let Some(stored) = self.shared.ledger.load_whole(&key).await? else { continue };
            // Without its event: after a loss it is announced once more, rather than never.
            self.shared.recorder.journal(&stored.record).await?;
        }
        tracing::debug!(written, "jobs that wait long are in the journal anew");
        Ok(())
    }
}

/// The line of a younger record will still be in the journal at the next turn.
fn is_old(written: Timestamp, now: Timestamp, again: Duration) -> bool {
    now.since(written) >= again
}
