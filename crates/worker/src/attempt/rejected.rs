//! A message that cannot be done. By its id and its request it may belong to a job that is known.

use std::sync::Arc;

use job::{BadJob, Disposition, Job, Priority, Record, StoredHash};
use ports::{Delivery, Fence, Stored};

use super::Attempt;
use crate::decode::Decoded;
use crate::error::Error;
use crate::intake::Intake;
use crate::parking::{self, Rejection};
use crate::queue_kind::QueueKind;
use crate::shared::Shared;

/// Recorded and announced as rejected, unless its id belongs to a job, which stays as it is.
/// `possible_accounts`: those that the job may have been sent with; empty: only this one.
pub(crate) async fn reject(
    shared: &Shared,
    intake: &Intake,
    delivery: &Delivery,
    queue: QueueKind,
    fence: Arc<Fence>,
    bad: BadJob,
    possible_accounts: Vec<String>,
) -> Result<Disposition, Error> {
    let (known, bad) = match parking::reject(shared, &fence, delivery, bad).await? {
        Rejection::Done(done) => return Ok(done),
        Rejection::KnownJob(stored, bad) => (*stored, bad),
    };
    match of_job(&known, bad) {
        Ok(decoded) => {
            // It cannot be done here, so it asks for no slot.
            let possible = possible_accounts;
            let attempt = Attempt::new(shared, intake, delivery, queue, fence, decoded, possible);
            Box::pin(attempt.run()).await
        }
        Err(bad) => {
            let hash = StoredHash::of_message(&delivery.message.body);
            parking::conflict(shared, &fence, known, hash.as_str(), bad.reason).await
        }
    }
}

/// Pure. By its request the message is that job's own, and is decided as that job.
fn of_job(known: &Stored, bad: Box<BadJob>) -> Result<Decoded, Box<BadJob>> {
    let same = bad.request.as_ref().filter(|request| known.record.is_of(&request.hash()));
    match same {
        Some(request) => {
            let job = job_of(&known.record, request.clone());
            Ok(Decoded { job, fit: Err(bad.reason) })
        }
        None => Err(bad),
    }
}

fn job_of(record: &Record, request: job::Request) -> Job {
    Job {
        key: record.key.clone(),
        operation: record.operation.clone(),
        request,
        priority: Priority::default(),
        deadline: record.deadline,
        metadata: record.metadata.clone(),
        retries: record.retries,
        account: record.bound.then(|| record.account.clone()),
        webhook: record.webhook.clone(),
    }
}
