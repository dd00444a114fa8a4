//! A POST: the body of a client as a job.

use std::sync::Arc;

use api_keys::Scope;
use axum::body::Body;
use axum::http::HeaderMap;
use job::{Job, JobId, JsonObject, MAX_MESSAGE_BYTES, Operation, ProviderTask, Tenant, WebhookUrl};
use producer::Producer;
use serde::Serialize;
use serde_json::Value;

use super::path;
use crate::body::{is_of_type, whole};
use crate::jobs::{Asking, Jobs, Known};
use crate::refusal::Refusal;

/// Under this name a client gives and finds an id.
pub(super) const ID: &str = "external_task_id";

/// The URL that the client wants to be called at.
const CALLBACK_URL: &str = "callback_url";

/// Returns once the broker has the job. The same request again, under its `external_task_id`, is
/// answered with the state of the job.
pub(super) async fn submit(
    jobs: &Arc<Jobs>,
    path: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<ProviderTask, Refusal> {
    let caller = jobs.identify(headers, Scope::Submit)?;
    is_of_type(headers, "application/json")?;
    let operation = path::operation(path)?;
    let room = Arc::new(jobs.room.take(&body)?);
    let body = whole(body, MAX_MESSAGE_BYTES, jobs.settings.body_timeout).await?;
    let asked = AskedFor::read(&body)?;
    let job = asked.job(&caller.tenant, &operation, jobs)?;
    jobs.may_call(&job, CALLBACK_URL)?;
    let named_in = asked.named.then_some(ID);
    let accepted = jobs.accept(Asking { job, caller, named_in, name: ID }, room).await?;
    Ok(match &accepted.known {
        Known::Record(record) => ProviderTask::of_record(record),
        Known::Accepted(awaited) => ProviderTask::created(&awaited.key, &awaited.acceptance),
    })
}

/// What a body says.
struct AskedFor {
    id: JobId,
    /// The id is the client's own.
    named: bool,
    request: JsonObject,
    webhook: Option<WebhookUrl>,
}

/// A client's request as a job message: it is read and checked like any other.
#[derive(Serialize)]
struct Message<'a> {
    id: &'a JobId,
    tenant: &'a str,
    operation: &'a Operation,
    request: &'a JsonObject,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<&'a WebhookUrl>,
}

impl AskedFor {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let not_json = |error: String| Refusal::NotJson(error);
        let text = std::str::from_utf8(body).map_err(|error| not_json(error.to_string()))?;
        let request = JsonObject::read(text).map_err(|error| not_json(error.to_string()))?;
        let webhook = callback_url(&request)?;
        let own = own_id(&request)?;
        let named = own.is_some();
        let id = own.unwrap_or_else(JobId::generate);
        Ok(Self { id, named, request: request.without(ID).without(CALLBACK_URL), webhook })
    }

    fn job(&self, tenant: &Tenant, operation: &Operation, jobs: &Jobs) -> Result<Job, Refusal> {
        let tenant = tenant.as_str();
        let (request, webhook_url) = (&self.request, self.webhook.as_ref());
        let message = Message { id: &self.id, tenant, operation, request, webhook_url };
        let message =
            serde_json::to_vec(&message).map_err(|error| Refusal::NotJson(error.to_string()))?;
        Producer::read(&message, jobs.settings.slots)
            .map_err(|invalid| Refusal::Invalid(invalid.reason))
    }
}

/// A client's own id is the job's, and so its idempotency key.
fn own_id(request: &JsonObject) -> Result<Option<JobId>, Refusal> {
    match given(request, ID) {
        None => Ok(None),
        Some(Value::String(id)) => {
            let id = JobId::new(id.as_str());
            id.map(Some).map_err(|error| Refusal::Field(ID, error.to_string()))
        }
        Some(_) => Err(Refusal::Field(ID, "a string is needed".to_owned())),
    }
}

/// Whether it may be called is decided with the job.
fn callback_url(request: &JsonObject) -> Result<Option<WebhookUrl>, Refusal> {
    let refused = |why: String| Refusal::Field(CALLBACK_URL, why);
    match given(request, CALLBACK_URL) {
        None => Ok(None),
        Some(Value::String(url)) => {
            let url = WebhookUrl::new(url.as_str());
            url.map(Some).map_err(|error| refused(error.to_string()))
        }
        Some(_) => Err(refused("a string is needed".to_owned())),
    }
}

/// Null and an empty text mean the same as no field.
fn given<'a>(request: &'a JsonObject, field: &str) -> Option<&'a Value> {
    let value = request.fields().get(field)?;
    (!value.is_null() && value.as_str() != Some("")).then_some(value)
}
