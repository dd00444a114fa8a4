//! The slot that a job takes before its intent is written.

use std::borrow::Cow;
use std::time::Duration;

use job::{Disposition, Problem, Record, Resource, RetryDelay, Timestamp, WaitingCount};
use ports::{Permit, PermitReturn, Permitted};

use super::Attempt;
use crate::error::Error;
use crate::intake::PauseReason;

/// The day's limit may be raised meanwhile.
const LONGEST_DAY_PAUSE: Duration = Duration::from_secs(60);

/// Why nothing is sent for a delivery now.
pub(super) enum NotSent {
    /// The job waits for a slot, for this reason. `waiting`: the jobs that waited when it was asked
    /// for one.
    Waits { why: String, waiting: Option<WaitingCount> },
    /// It is rejected.
    Refused(Problem),
    /// Its delivery returns. Nothing was recorded.
    Returns(Disposition),
}

impl Attempt<'_> {
    pub(super) async fn take_slot(&self, record: &Record) -> Result<Result<(), NotSent>, Error> {
        let resource = self.submission.decoded.job.operation.resource();
        let terms = resource.and_then(|resource| self.shared.terms.get(&resource));
        let terms = terms.map_or_else(Cow::default, Cow::Borrowed);
        let (ledger, fence) = (&self.shared.ledger, &self.submission.fence);
        let permitted = ledger.take_permit(fence, &self.permit(record), &terms).await;
        Ok(match permitted.map_err(Error::Untouched)? {
            Permitted::Granted => self.granted(resource).await,
            Permitted::AtLimit { used, slots, waiting } => {
                self.intake.admitted();
                let why = no_slot(used, slots, waiting.of_pool);
                Err(NotSent::Waits { why, waiting: Some(waiting) })
            }
            Permitted::DayOver { until } => Err(self.pause_for_the_day(until)),
        })
    }

    fn permit(&self, record: &Record) -> Permit {
        Permit {
            pool: self.pool(),
            key: record.key.clone(),
            round: record.round,
            weight: record.slots.max(self.submission.decoded.slots()),
            revision: record.revision,
        }
    }

    /// The slot is kept if the job may not be sent yet: others would take it meanwhile, and another
    /// delivery of the job may be sending with it.
    async fn granted(&self, resource: Option<Resource>) -> Result<(), NotSent> {
        self.intake.admitted();
        match resource {
            Some(resource) if !self.submission.may_send_first(resource).await => {
                Err(NotSent::Returns(Disposition::unrecorded(RetryDelay::OneSecond)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn pause_for_the_day(&self, until: Timestamp) -> NotSent {
        let left = until.since(self.shared.clock.now()).min(LONGEST_DAY_PAUSE);
        let why = format!("the day's submissions are used up until {until}");
        self.intake.pause(why.clone(), PauseReason::Backoff(left));
        NotSent::Waits { why, waiting: None }
    }

    pub(super) fn pool(&self) -> String {
        let account = &self.shared.settings.account;
        let resource = self.submission.decoded.job.operation.resource();
        resource.map(|resource| Permit::pool_of(account, resource)).unwrap_or_default()
    }

    /// A permit was taken for a job that turned out to be known: its own stays.
    pub(super) async fn give_back_surplus(&self, known: &Record) -> Result<(), Error> {
        let may_be_here = known.may_be_with(&self.shared.settings.account);
        if may_be_here && known.keeps_first_slot() {
            return Ok(());
        }
        // Only a permit that was taken without a record, as this one was.
        let (pool, key) = (self.pool(), known.key.clone());
        let surplus = PermitReturn { pool, key, round: 1, revision: 1, since: None, unspent: true };
        Ok(self.shared.ledger.give_permits(&self.submission.fence, &[surplus]).await?)
    }
}

/// Why a job gets no slot.
fn no_slot(used: u32, slots: u32, waiting: u32) -> String {
    match (waiting, slots > used) {
        (0, true) => {
            "its tenant uses all of its slots, or the provider asks for a pause".to_owned()
        }
        (waiting, true) => format!("{waiting} jobs wait for slots before it"),
        (_, false) => format!("{used} of {slots} slots are taken"),
    }
}
