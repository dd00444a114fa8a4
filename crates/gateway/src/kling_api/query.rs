//! A GET with an id: the state of a task, from the ledger alone.

use job::{Acceptance, JobId, JobKey, Operation, Record, Timestamp};

use super::KlingApi;
use super::refusal::Refusal;
use super::task::{Task, is_task};

/// By our id of the task, which is the client's `external_task_id` if it gave one.
pub(super) async fn query(
    api: &KlingApi,
    operation: Operation,
    id: JobId,
) -> Result<Task, Refusal> {
    let key = JobKey::new(api.settings.tenant.clone(), id);
    let record = api.ask(api.ledger.load(&key)).await?.map(|stored| stored.record);
    let record = record.filter(|record| record.was_a_job() && record.operation == operation);
    match record {
        Some(record) if is_task(&record) => Ok(Task::of_record(&record)),
        record => accepted(api, &key, &operation, record.as_ref()).await,
    }
}

/// For a job that no worker has recorded, or not yet again.
async fn accepted(
    api: &KlingApi,
    key: &JobKey,
    operation: &Operation,
    record: Option<&Record>,
) -> Result<Task, Refusal> {
    let since = record.map_or(Timestamp::EPOCH, Record::accepted_since);
    let counts = |kept: &Acceptance| kept.operation == *operation && kept.accepted_at >= since;
    match (api.ask(api.ledger.acceptance(key)).await?.filter(counts), record) {
        (Some(kept), _) if kept.published => Ok(Task::of_acceptance(key, &kept)),
        (Some(_), _) => Err(Refusal::Unknown(key.id.clone())),
        (None, Some(record)) => Ok(Task::of_record(record)),
        (None, None) => {
            api.is_complete()?;
            Err(Refusal::UnknownTask(key.id.to_string()))
        }
    }
}
