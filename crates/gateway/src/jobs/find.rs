//! The state of one job, from the ledger alone.

use job::{Acceptance, JobKey, Operation, Record, Timestamp};

use super::{Jobs, Known};
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
        let record = record.filter(|record| record.was_a_job() && is_of(&record.operation));
        match record {
            Some(record) if record.has_begun() => Ok(Known::Record(record.into())),
            record => {
                let since = record.as_ref().map_or(Timestamp::EPOCH, Record::accepted_since);
                let kept = self.ask(self.ledger.acceptance(key)).await?;
                let kept = kept.filter(|kept| is_of(&kept.operation) && kept.accepted_at >= since);
                self.unrecorded(key, kept, record, name)
            }
        }
    }

    /// For a job that no worker has recorded, or not yet again.
    fn unrecorded(
        &self,
        key: &JobKey,
        kept: Option<Acceptance>,
        record: Option<Record>,
        name: &'static str,
    ) -> Result<Known, Refusal> {
        match (kept, record) {
            (Some(kept), _) if kept.published => Ok(Known::Accepted(key.clone(), kept)),
            (Some(_), _) => Err(Refusal::Unknown { name, id: key.id.clone() }),
            (None, Some(record)) => Ok(Known::Record(record.into())),
            (None, None) => {
                self.is_complete()?;
                Err(Refusal::UnknownTask(key.id.to_string()))
            }
        }
    }
}
