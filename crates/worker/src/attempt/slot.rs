//! The slot that a job takes before its intent is written.

use std::time::Duration;

use job::{Disposition, Record, Resource, RetryDelay, Timestamp};
use ports::{Limits, Permit, PermitReturn, Permitted};

use super::{Attempt, Attempted};
use crate::error::Error;
use crate::intake::PauseReason;

/// The day's limit may be raised meanwhile.
const LONGEST_DAY_PAUSE: Duration = Duration::from_secs(60);

impl Attempt<'_> {
    /// Takes a slot; else how the attempt ends.
    pub(super) async fn take_slot(&self, record: &Record) -> Result<Result<(), Attempted>, Error> {
        let permit = self.permit(record);
        let resource = self.decoded.job.operation.resource();
        let limits = resource.map(|r| self.shared.settings.limits(r)).unwrap_or_default();
        let permitted = self.shared.ledger.take_permit(&self.fence, &permit, &limits).await;
        Ok(match permitted.map_err(Error::Untouched)? {
            Permitted::Granted => self.granted(resource).await.map_err(Attempted::Done),
            Permitted::AtLimit { used } => {
                self.pause_full(used, &limits);
                Err(Attempted::NoSlot { need: permit.weight })
            }
            Permitted::DayOver { until } => {
                self.pause_for_the_day(until);
                Err(Disposition::unrecorded(RetryDelay::ThirtySeconds).into())
            }
        })
    }

    fn permit(&self, record: &Record) -> Permit {
        Permit {
            pool: self.pool(),
            key: record.key.clone(),
            round: record.round,
            weight: record.slots.max(self.decoded.slots()),
            revision: record.revision,
        }
    }

    /// The slot is kept if the job may not be sent yet: others would take it meanwhile, and another
    /// delivery of the job may be sending with it.
    async fn granted(&self, resource: Option<Resource>) -> Result<(), Disposition> {
        self.slot.granted();
        self.intake.slot_granted();
        match resource {
            Some(resource) if !self.may_send_first(resource).await => {
                Err(Disposition::unrecorded(RetryDelay::OneSecond))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn pause_full(&self, used: u32, limits: &Limits) {
        let why = format!("{used} of {} slots are taken", limits.concurrency);
        self.intake.pause(why, PauseReason::PoolFull);
    }

    fn pause_for_the_day(&self, until: Timestamp) {
        let left = until.since(self.shared.clock.now()).min(LONGEST_DAY_PAUSE);
        let why = format!("the day's submissions are used up until {until}");
        self.intake.pause(why, PauseReason::Backoff(left));
    }

    fn pool(&self) -> String {
        let account = &self.shared.settings.account;
        let resource = self.decoded.job.operation.resource();
        resource.map(|resource| Permit::pool_of(account, resource)).unwrap_or_default()
    }

    /// A permit was taken for a job that turned out to be known: its own stays.
    pub(super) async fn give_back_surplus(&self, known: &Record) -> Result<(), Error> {
        if known.keeps_first_slot() {
            return Ok(());
        }
        // Only a permit that was taken without a record, as this one was.
        let (pool, key) = (self.pool(), known.key.clone());
        let surplus = PermitReturn { pool, key, round: 1, revision: 1, since: None, unspent: true };
        Ok(self.shared.ledger.give_permits(&self.fence, &[surplus]).await?)
    }
}
