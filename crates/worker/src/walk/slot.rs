//! The slot that a job asks for before its intent is written.

use std::time::Duration;

use job::{Record, RetryDelay};
use ports::{Permit, PermitReturn, Permitted};

use super::Walk;
use crate::ending::{Ending, Trouble};
use crate::gate::Reopen;

impl Walk<'_> {
    /// `None` when granted; else what the delivery must do.
    pub(super) async fn permit(&self, record: &Record) -> Result<Option<Ending>, Trouble> {
        let permit = Permit {
            pool: self.pool(),
            key: record.key.clone(),
            round: record.round,
            weight: record.slots.max(self.accepted.slots()),
            revision: record.revision,
        };
        let resource = self.accepted.job.operation.resource();
        let limits = resource.map(|r| self.shared.settings.limits(r)).unwrap_or_default();
        let permitted = self.shared.ledger.take_permit(&self.fence, &permit, &limits).await;
        match permitted.map_err(Trouble::Untouched)? {
            Permitted::Granted => {
                self.leave.granted();
                self.gate.granted();
                match resource {
                    // With its slot in hand, which others would take meanwhile. It is not given
                    // back: another delivery of the job may be sending with it.
                    Some(resource) if !self.begins(resource).await => {
                        Ok(Some(Ending::bounce(RetryDelay::OneSecond)))
                    }
                    Some(_) | None => Ok(None),
                }
            }
            Permitted::AtLimit { used } => {
                let why = format!("{used} of {} slots are taken", limits.concurrency);
                self.gate.close(why, Reopen::WhenFree);
                Ok(Some(Ending::Full { need: permit.weight }))
            }
            Permitted::DayOver { until } => {
                let rest = until.since(self.shared.clock.now());
                let why = format!("the day's submissions are used up until {until}");
                self.gate.close(why, Reopen::After(rest.min(Duration::from_secs(60))));
                Ok(Some(Ending::bounce(RetryDelay::ThirtySeconds)))
            }
        }
    }

    fn pool(&self) -> String {
        let account = &self.shared.settings.account;
        let resource = self.accepted.job.operation.resource();
        resource.map(|resource| Permit::pool_of(account, resource)).unwrap_or_default()
    }

    /// A permit was taken for a job that turned out to be known: its own stays.
    pub(super) async fn give_back_surplus(&self, known: &Record) -> Result<(), Trouble> {
        if known.keeps_first_slot() {
            return Ok(());
        }
        // Only what was asked for without a record, as we did.
        let (pool, key) = (self.pool(), known.key.clone());
        let surplus = PermitReturn { pool, key, round: 1, revision: 1, since: None, unspent: true };
        Ok(self.shared.ledger.give_permits(&self.fence, &[surplus]).await?)
    }
}
