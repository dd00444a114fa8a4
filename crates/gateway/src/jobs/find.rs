//! The state of one job, from the ledger alone.

use job::{Acceptance, JobKey, Operation, Record, Timestamp};

use super::{Awaited, Jobs, Known};
use crate::refusal::Refusal;

impl Jobs {
    /// By its key and, if one is given, its operation. `name`: what the API calls an id.
    pub(crate) async fn find(
        &self,
        key: &JobKey,
        operation: Option<&Operation>,
        name: &'static str,
    ) -> Result<Known, Refusal> {
        let is_of = |other: &Operation| operation.is_none_or(|operation| operation == other);
        let record = self.ask(self.ledger.load(key)).await?.map(|stored| stored.record);
        let behind = record.as_ref().map(|record| record.revision);
        match record {
            Some(record) if record.has_begun() && is_of(&record.operation) => {
                Ok(Known::Record(record.into()))
            }
            record => {
                let record = record.filter(|record| record.was_a_job() && is_of(&record.operation));
                let since = record.as_ref().map_or(Timestamp::EPOCH, Record::accepted_since);
                let kept = self.ask(self.ledger.acceptance(key)).await?;
                let kept = kept.filter(|kept| is_of(&kept.operation) && kept.accepted_at >= since);
                match kept.filter(|kept| self.may_wait(kept)) {
                    Some(acceptance) if acceptance.published => {
                        Ok(Known::Accepted(Awaited { key: key.clone(), acceptance, behind }))
                    }
                    Some(_) => Err(Refusal::Unknown { name, id: key.id.clone() }),
                    None => self.unaccepted(key, record),
                }
            }
        }
    }

    /// A record is kept for longer than that: a job that was accepted earlier may have ended.
    fn may_wait(&self, kept: &Acceptance) -> bool {
        self.clock.now().since(kept.accepted_at) <= self.settings.retention
    }

    fn unaccepted(&self, key: &JobKey, record: Option<Record>) -> Result<Known, Refusal> {
        match record {
            Some(record) => Ok(Known::Record(record.into())),
            None => {
                self.is_complete()?;
                Err(Refusal::UnknownTask(key.id.to_string()))
            }
        }
    }
}
