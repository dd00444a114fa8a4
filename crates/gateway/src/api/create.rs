//! Submits one job.

use std::sync::Arc;

use api_keys::Scope;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use job::{Job, JobId, JsonObject, MAX_MESSAGE_BYTES};
use producer::Producer;
use serde_json::Value;

use super::prefer::Wait;
use super::{ID, answered, resource};
use crate::body::{is_of_type, whole};
use crate::callers::Caller;
use crate::jobs::{Accepted, Asking, Jobs, RateLeft};
use crate::refusal::Refusal;
use crate::request_id::RequestId;

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(super) const HEADER_NAME: &str = "Idempotency-Key";
/// The key of a job message.
pub(super) const WEBHOOK_URL: &str = "webhook_url";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub(super) async fn create(
    State(jobs): State<Arc<Jobs>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(created(&jobs, &headers, body).await, &id)
}

async fn created(jobs: &Arc<Jobs>, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    let caller = jobs.identify(headers, Scope::Submit)?;
    is_of_type(headers, "application/json")?;
    let wait = Wait::read(headers, None)?;
    let room = Arc::new(jobs.room.take(&body)?);
    let body = whole(body, MAX_MESSAGE_BYTES, jobs.settings.body_timeout).await?;
    let named = Named::read(&body, headers)?;
    let job = named.job(&caller, jobs)?;
    jobs.may_call(&job, WEBHOOK_URL)?;
    let asking = Asking { job, caller, named_in: named.named_in, name: ID };
    let Accepted { known, again, rate } = jobs.accept(asking, room).await?;
    let known = match wait {
        Some(wait) => match jobs.may_follow() {
            Ok(_one) => jobs.until_ended(known, ID, wait.time()).await,
            // It is accepted, and is answered at once.
            Err(_) => known,
        },
        None => known,
    };
    let mut response = resource::created(&known);
    wait.iter().for_each(|wait| wait.note(&mut response));
    note_rate(&mut response, rate);
    if again {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// As the drafts of the header fields RateLimit and RateLimit-Policy have it.
pub(super) fn note_rate(response: &mut Response, rate: Option<RateLeft>) {
    let Some(RateLeft { per_minute, left }) = rate else { return };
    let fields = [
        ("ratelimit-policy", format!("\"submissions\";q={per_minute};w=60")),
        ("ratelimit", format!("\"submissions\";r={left}")),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

/// A job message, with an id.
pub(super) struct Named {
    message: JsonObject,
    /// `None`: the id is new.
    pub(super) named_in: Option<&'static str>,
}

impl Named {
    fn read(body: &[u8], headers: &HeaderMap) -> Result<Self, Refusal> {
        let by_header = headers.get(IDEMPOTENCY_KEY).map(idempotency_key).transpose()?;
        Self::of(body, by_header)
    }

    /// `by_header`: takes the place of a missing id.
    pub(super) fn of(body: &[u8], by_header: Option<JobId>) -> Result<Self, Refusal> {
        let not_json = |error: String| Refusal::NotJson(error);
        let text = std::str::from_utf8(body).map_err(|error| not_json(error.to_string()))?;
        let message = JsonObject::read(text).map_err(|error| not_json(error.to_string()))?;
        let own = message.fields().get(ID).filter(|id| !id.is_null());
        let header = by_header.as_ref().map(JobId::as_str);
        if [own.and_then(Value::as_str), header].into_iter().flatten().any(is_no_path) {
            return Err(Refusal::Field(ID, "`.` and `..` cannot be part of an address".to_owned()));
        }
        match (own, by_header) {
            (Some(Value::String(own)), Some(header)) if own != header.as_str() => {
                let why = "it differs from the id in the body: send one of them".to_owned();
                Err(Refusal::Field(HEADER_NAME, why))
            }
            (Some(_), _) => Ok(Self { message, named_in: Some(ID) }),
            (None, Some(header)) => {
                let message = message.with(ID, header.as_str().into());
                Ok(Self { message, named_in: Some(HEADER_NAME) })
            }
            (None, None) => {
                let message = message.with(ID, JobId::generate().as_str().into());
                Ok(Self { message, named_in: None })
            }
        }
    }

    /// A job of the caller's tenant, checked like any other message.
    pub(super) fn job(&self, caller: &Caller, jobs: &Jobs) -> Result<Job, Refusal> {
        let tenant = caller.tenant.as_str();
        let message = match self.message.fields().get("tenant").filter(|named| !named.is_null()) {
            None => self.message.with("tenant", tenant.into()),
            Some(named) if named.as_str() == Some(tenant) => self.message.clone(),
            Some(_) => {
                let why = format!("jobs of this client belong to tenant {tenant}");
                return Err(Refusal::Field("tenant", why));
            }
        };
        let text =
            serde_json::to_vec(&message).map_err(|error| Refusal::NotJson(error.to_string()))?;
        Producer::read(&text, jobs.settings.slots)
            .map_err(|invalid| Refusal::Invalid(invalid.reason))
    }
}

/// Clients resolve these in an address.
fn is_no_path(id: &str) -> bool {
    matches!(id, "." | "..")
}

/// A text in quotes, as the draft of the header field has it, or without, as many clients send it.
fn idempotency_key(header: &HeaderValue) -> Result<JobId, Refusal> {
    let wrong = |why: String| Refusal::Field(HEADER_NAME, why);
    let text = header.to_str().map_err(|error| wrong(error.to_string()))?.trim();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    JobId::new(quoted.unwrap_or(text)).map_err(|error| wrong(error.to_string()))
}
