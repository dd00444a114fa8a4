use job::{Fact, JobKey, Record, State};
use recorder::{Applied, Wrote};

use crate::{Error, Operator};

/// What became of a wish to cancel.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// It is cancelled, or, in a ledger that lost its memory, will be once its message shows that
    /// it was not sent.
    Job(Box<Record>),
    /// No worker has seen it: should it come, it is cancelled.
    Unseen,
    /// It was submitted or has ended. The provider cannot stop a task.
    TooLate(Box<Record>),
}

impl Operator {
    /// Cancels what has not been submitted.
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
            // A tombstone is settled by the delivery that meets it, with the job's own words.
            if matches!(present.record.state, State::Tombstone) {
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
