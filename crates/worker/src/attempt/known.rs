//! Deliveries of a job that the ledger knows, or has lost, and that lead to no POST.

use job::{Disposition, Fact, Outcome, Reason, Record, State, record_lost};
use ports::Stored;

use super::Attempt;
use crate::error::Error;

impl Attempt<'_> {
    /// A known job that cannot be done here: it ends, or waits for an operator.
    pub(super) async fn unfit(
        &self,
        stored: Stored,
        reason: &Reason,
    ) -> Result<Disposition, Error> {
        Ok(parked(self.conclude(stored, reason.fact()).await?, reason))
    }

    /// The worker that recorded it may have died before it took its place in the waiting room.
    pub(super) async fn waits(&self, stored: Stored) -> Result<Disposition, Error> {
        self.shared.recorder.writer().enter(&self.submission.fence, &stored.record).await?;
        self.shared.duplicate(&stored.record).await
    }

    /// The worker that rejected it may have died before it parked the message.
    pub(super) async fn duplicate(&self, stored: Stored) -> Result<Disposition, Error> {
        let done = self.shared.duplicate(&stored.record).await?;
        let rejected =
            matches!(stored.record.state, State::Settled { outcome: Outcome::Rejected { .. }, .. });
        match &self.submission.decoded.fit {
            Err(reason) if rejected && reason.is_rejection() => Ok(parked(done, reason)),
            _ => Ok(done),
        }
    }

    /// The tombstone is filled with the job's own data, so that its event names what was cancelled.
    pub(super) async fn cancelled(&self, stored: Stored) -> Result<Disposition, Error> {
        let record = self.record().cancelled_ahead(&stored.record);
        self.conclude(Stored { record, ..stored }, Fact::CancelRequested).await
    }

    pub(super) async fn withdrawn(&self, mut stored: Stored) -> Result<Disposition, Error> {
        stored.record.restored = false;
        self.conclude(stored, Fact::CancelRequested).await
    }

    /// Its message returns at once and finds the new round.
    pub(super) async fn begins_again(&self, stored: Stored) -> Result<Disposition, Error> {
        let why = "published again after it was given up".to_owned();
        self.conclude(stored, Fact::Again { why }).await
    }

    pub(super) async fn unsent_before(&self, stored: Stored) -> Result<Disposition, Error> {
        let why = "the intent was written and put back unsent".to_owned();
        self.conclude(stored, Fact::PutOff { why }).await
    }

    /// Its other message may have a task.
    pub(super) async fn sent_beside(
        &self,
        mut stored: Stored,
        cause: &str,
    ) -> Result<Disposition, Error> {
        stored.record = stored.record.left_behind(&self.possible_accounts);
        self.shared.recorder.writer().hold(&self.submission.fence, &stored.record).await?;
        self.conclude(stored, Fact::Repeated { cause: cause.to_owned() }).await
    }

    /// `forgot`: the ledger does not show that a worker was submitting it.
    pub(super) async fn orphaned(
        &self,
        mut stored: Stored,
        forgot: bool,
    ) -> Result<Disposition, Error> {
        let cause = "the worker that was submitting it is gone".to_owned();
        let mut fact = Fact::OwnerLost { cause: cause.clone() };
        if forgot {
            // It may have been sent with another account since.
            let record = stored.record.left_behind(&self.possible_accounts);
            fact = record_lost(cause, Some(&record.life), &record.all_possible_accounts());
            stored.record = self.suppose_sent(record).await?;
        }
        self.conclude(stored, fact).await
    }

    /// `record`: a new one; `there`: stands in its place, and says nothing about the job.
    pub(super) async fn record_lost(
        &self,
        record: Record,
        there: Option<Stored>,
    ) -> Result<Disposition, Error> {
        let record = record.sent_with_one_of(&self.possible_accounts);
        let record = self.suppose_sent(record).await?;
        let cause = "seen before, and the ledger has since lost its memory".to_owned();
        let fact = record_lost(cause, self.origin.life.as_ref(), &self.possible_accounts);
        match there {
            Some(stored) => self.conclude(Stored { record, ..stored }, fact).await,
            None => self.begin(record, fact).await,
        }
    }

    /// Holds a slot for a task that may exist.
    async fn suppose_sent(&self, record: Record) -> Result<Record, Error> {
        let post_deadline = self.shared.clock.now() + self.shared.settings.post_timeout;
        let record = record.supposed_sent(post_deadline);
        self.shared.recorder.writer().hold(&self.submission.fence, &record).await?;
        Ok(record)
    }
}

/// A job that ended because of its message: the message is parked with that reason.
pub(super) fn parked(done: Disposition, reason: &Reason) -> Disposition {
    match done {
        Disposition::Ack | Disposition::Park(_) => Disposition::Park(reason.clone()),
        elsewhere @ (Disposition::Later(..) | Disposition::Overflow(_)) => elsewhere,
    }
}
