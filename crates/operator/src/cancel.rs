use job::{Fact, JobKey, Record, State};
use recorder::{Applied, Wrote};

use crate::{Error, Operator};

/// The result of a cancellation.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// It is cancelled, or, in a ledger that lost data, will be once its message shows that it was
    /// not sent.
    Job(Box<Record>),
    /// No worker has seen it: it is cancelled when it is delivered.
    Unseen,
    /// It was submitted or has ended. The provider cannot stop a task.
    TooLate(Box<Record>),
}

impl Operator {
    /// Cancels a job that was not submitted.
    pub async fn cancel(&self, key: &JobKey) -> Result<Cancelled, Error> {
        loop {
            let fence = self.session.fence();
            let (tombstone, wrote) =
                self.recorder.writer().write_tombstone(&fence, key.clone()).await?;
            let present = match wrote {
                Wrote::Done(_) => {
                    self.recorder.journal(tombstone.record()).await?;
                    return Ok(Cancelled::Unseen);
                }
                Wrote::Changed(Some(present)) => *present,
                Wrote::Changed(None) => continue,
            };
            // The delivery that finds the tombstone settles it, with the job's own data.
            if matches!(present.record.state, State::Tombstone) {
                // Whoever wrote it may have failed to journal it.
                self.recorder.journal(&present.record).await?;
                return Ok(Cancelled::Unseen);
            }
            let was = present.record.clone();
            match self.recorder.apply(&fence, present, Fact::CancelRequested).await? {
                Applied::Done(record) => return Ok(Cancelled::Job(record)),
                Applied::Changed(_) => {}
                Applied::Illegal(_) => return Ok(Cancelled::TooLate(Box::new(was))),
            }
        }
    }
}
