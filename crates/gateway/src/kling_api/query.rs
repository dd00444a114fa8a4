//! A GET with an id: the state of a task, from the ledger alone.

use job::{JobId, JobKey, Operation, ProviderTask};

use super::submit::ID;
use crate::callers::Caller;
use crate::jobs::{Jobs, Known};
use crate::refusal::Refusal;

/// By our id of the task, which is the client's `external_task_id` if it gave one.
pub(super) async fn query(
    jobs: &Jobs,
    caller: Caller,
    operation: &Operation,
    id: JobId,
) -> Result<ProviderTask, Refusal> {
    let key = JobKey::new(caller.tenant, id);
    Ok(match jobs.find(&key, Some(operation), ID).await? {
        Known::Record(record) => ProviderTask::of_record(&record),
        Known::Accepted(awaited) => ProviderTask::of_acceptance(&awaited.key, &awaited.acceptance),
    })
}
