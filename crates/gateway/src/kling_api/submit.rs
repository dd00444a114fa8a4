//! A POST: accepts a job and publishes it.

use std::sync::Arc;

use axum::body::Body;
use job::{
    Acceptance, Asked, Job, JobId, JsonObject, MAX_MESSAGE_BYTES, Operation, Reason, Record,
    Standing, Timestamp, asked_again,
};
use ports::PublishError;
use producer::{ProduceError, Producer};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use super::parent::is_the_providers;
use super::refusal::Refusal;
use super::task::Task;
use super::{KlingApi, path};
use crate::body::whole;

/// Returns once the broker has the job. The same request again, under its `external_task_id`, is
/// answered with the state of the job.
pub(super) async fn submit(api: &Arc<KlingApi>, path: &str, body: Body) -> Result<Task, Refusal> {
    let operation = path::operation(path)?;
    let room = api.room.take(&body)?;
    let body = whole(body, MAX_MESSAGE_BYTES, api.settings.body_timeout).await?;
    let job = job(api, operation, &body)?;
    let record = api.ask(api.ledger.load(&job.key)).await?.map(|stored| stored.record);
    match asked_again(record.as_ref(), &job) {
        Asked::New => {}
        Asked::Known(record) => return Ok(Task::of_record(record)),
        Asked::Conflict => return Err(Refusal::Conflict(job.key.id)),
    }
    api.is_complete()?;
    is_the_providers(api, &job).await?;
    let since = record.as_ref().map_or(Timestamp::EPOCH, Record::accepted_since);
    match api.broker.takes_messages() {
        true => accept(api.clone(), job, since, room).await,
        false => without_broker(api, &job, since).await,
    }
}

/// The answer while nothing can be published.
async fn without_broker(api: &KlingApi, job: &Job, since: Timestamp) -> Result<Task, Refusal> {
    let kept = api.ask(api.ledger.acceptance(&job.key)).await?;
    let Some(kept) = kept.filter(|kept| kept.accepted_at >= since) else {
        return Err(Refusal::Closed);
    };
    match kept.standing(job) {
        Standing::Other => Err(Refusal::Conflict(job.key.id.clone())),
        Standing::Published => Ok(Task::created(&job.key, &kept)),
        Standing::Unconfirmed => Err(Refusal::Unknown(job.key.id.clone())),
    }
}

/// In a task of its own: a client that goes away leaves nothing half done, and its job keeps its room.
async fn accept(
    api: Arc<KlingApi>,
    job: Job,
    since: Timestamp,
    room: OwnedSemaphorePermit,
) -> Result<Task, Refusal> {
    let id = job.key.id.clone();
    let accepting = async move {
        let _room = room;
        accept_now(&api, &job, since).await
    };
    let done = tokio::spawn(accepting.in_current_span()).await;
    done.unwrap_or(Err(Refusal::Unknown(id)))
}

async fn accept_now(api: &KlingApi, job: &Job, since: Timestamp) -> Result<Task, Refusal> {
    let attempt = api.clock.fresh_id().to_string();
    let own = Acceptance::of(job, api.clock.now(), attempt);
    let keep_for = api.settings.keep_for;
    let kept = api.ask(api.ledger.accept(&job.key, &own, since, keep_for)).await?;
    match kept.standing(job) {
        Standing::Other => return Err(Refusal::Conflict(job.key.id.clone())),
        Standing::Published => return Ok(Task::created(&job.key, &kept)),
        Standing::Unconfirmed => {}
    }
    match api.producer.publish_again(job, kept.accepted_at).await {
        Ok(_) => {
            mark_published(api, job, &kept).await;
            Ok(Task::created(&job.key, &kept))
        }
        Err(error) => Err(refusal(error, job, kept == own)),
    }
}

/// If this fails, a repeated request publishes a second message of the same job.
async fn mark_published(api: &KlingApi, job: &Job, kept: &Acceptance) {
    if let Err(why) = api.ask(api.ledger.mark_published(&job.key, kept)).await {
        tracing::warn!(job = %job.key, %why, "a published job is not noted as such");
    }
}

/// `first`: no earlier request can have published it.
fn refusal(error: ProduceError, job: &Job, first: bool) -> Refusal {
    match error {
        ProduceError::Invalid(invalid) => Refusal::Invalid(invalid.reason),
        ProduceError::Refused { cause: PublishError::TooLarge { bytes, .. }, .. } => {
            Refusal::Invalid(Reason::TooLarge { bytes })
        }
        ProduceError::Refused { cause, .. } if first => {
            tracing::warn!(job = %job.key, %cause, "a client's job was not published");
            Refusal::Closed
        }
        ProduceError::Refused { cause, .. } | ProduceError::Unknown { cause, .. } => {
            tracing::warn!(job = %job.key, %cause, "a client's job may be published");
            Refusal::Unknown(job.key.id.clone())
        }
    }
}

/// A client's request as a job message: it is read and checked like any other.
#[derive(Serialize)]
struct Message<'a> {
    id: &'a JobId,
    tenant: &'a str,
    operation: &'a Operation,
    request: &'a JsonObject,
}

fn job(api: &KlingApi, operation: Operation, body: &[u8]) -> Result<Job, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| Refusal::NotJson(error.to_string()))?;
    let request = JsonObject::read(text).map_err(|error| Refusal::NotJson(error.to_string()))?;
    let id = own_id(&request)?;
    refuse_callback(&request)?;
    let request = request.without("external_task_id").without("callback_url");
    let tenant = api.settings.tenant.as_str();
    let message = Message { id: &id, tenant, operation: &operation, request: &request };
    let message =
        serde_json::to_vec(&message).map_err(|error| Refusal::NotJson(error.to_string()))?;
    Producer::read(&message, api.settings.slots).map_err(|invalid| Refusal::Invalid(invalid.reason))
}

/// A client's own id is the job's, and so its idempotency key.
fn own_id(request: &JsonObject) -> Result<JobId, Refusal> {
    match given(request, "external_task_id") {
        None => Ok(JobId::generate()),
        Some(Value::String(id)) => JobId::new(id.as_str())
            .map_err(|error| Refusal::Field(format!("external_task_id: {error}"))),
        Some(_) => Err(Refusal::Field("external_task_id: a string is needed".to_owned())),
    }
}

/// A callback that never comes would be worse than a refusal.
fn refuse_callback(request: &JsonObject) -> Result<(), Refusal> {
    match given(request, "callback_url") {
        None => Ok(()),
        Some(_) => Err(Refusal::Field(
            "callback_url: clients are not called back; ask for the task, or consume its event"
                .to_owned(),
        )),
    }
}

/// Null and an empty text mean the same as no field.
fn given<'a>(request: &'a JsonObject, field: &str) -> Option<&'a Value> {
    let value = request.fields().get(field)?;
    (!value.is_null() && value.as_str() != Some("")).then_some(value)
}
