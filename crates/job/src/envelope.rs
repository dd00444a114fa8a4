use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::compressed;
use crate::{
    Fault, JobId, JobKey, JsonObject, Operation, Priority, Reason, Request, Resource, RoutingKey,
    Tenant, Timestamp,
};

/// A message larger than this is refused: "send a URL" (RabbitMQ 4 caps messages at 16 MiB).
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// Metadata travels in the record, in its journal lines and in every event.
pub const MAX_METADATA_BYTES: usize = 64 * 1024;

/// Longer ones would not fit a routing key.
pub const MAX_OPERATION_BYTES: usize = 100;

/// Paid attempts a job may ask for after a failed one.
pub const MAX_RETRIES: u32 = 10;

/// The keys of a job message; others are refused by name.
pub const KEYS: [&str; 8] =
    ["id", "operation", "request", "tenant", "priority", "deadline", "metadata", "retries"];

/// A job as its producer wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub key: JobKey,
    pub operation: Operation,
    pub request: Request,
    pub priority: Priority,
    /// Not submitted after this moment.
    pub deadline: Option<Timestamp>,
    pub metadata: JsonObject,
    /// How many more rounds may be paid when a task ends failed.
    pub retries: u32,
}

/// What travels beside the body and takes part in decoding.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageFacts<'a> {
    /// Stands in for a missing `id`.
    pub message_id: Option<&'a str>,
    /// Must agree with the body; `None` before publishing.
    pub routing_key: Option<&'a str>,
}

/// A message that cannot be done, with as much of it as could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct BadJob {
    pub reason: Reason,
    /// `None` where the tenant or the id could not be read: it is never guessed.
    pub key: Option<JobKey>,
    pub tenant: Option<Tenant>,
    pub operation: Option<Operation>,
    pub metadata: JsonObject,
    pub request: Option<Request>,
    /// The resource whose lane it came by.
    pub came_by: Option<Resource>,
    /// All of it, when only what it asks for cannot be done.
    pub job: Option<Job>,
}

impl BadJob {
    /// Under which it is recorded: its own identity, or one that no job can have.
    pub fn record_key(&self, message_id: &str, body: &[u8]) -> JobKey {
        if let Some(key) = &self.key {
            return key.clone();
        }
        let tenant = self.tenant.clone().unwrap_or_else(Tenant::unreadable);
        let id = JobId::new(message_id).unwrap_or_else(|_| JobId::of_message(body));
        JobKey::new(tenant, id)
    }

    /// What it is announced as: its own operation, or none that is known of the same resource.
    pub fn told_operation(&self) -> Operation {
        let own = self.operation.as_ref().filter(|operation| operation.resource().is_some());
        match (own, self.came_by) {
            (Some(operation), _) => operation.clone(),
            (None, Some(resource)) => Operation::new(format!("{resource}/unknown")),
            (None, None) => Operation::new("unknown"),
        }
    }
}

/// Editors and exports of some systems begin a text with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One step, one exit: a job, or the reason why it is none.
pub fn decode(body: &[u8], facts: MessageFacts<'_>) -> Result<Job, Box<BadJob>> {
    let text = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    match fields(text) {
        Ok(fields) => Parts::read(fields, facts).job(body.len(), facts),
        Err(_) if body.len() > MAX_MESSAGE_BYTES => {
            Err(bad(Reason::TooLarge { bytes: body.len() }, facts))
        }
        Err(reason) => Err(bad(reason, facts)),
    }
}

/// Of a message that tells nothing.
fn bad(reason: Reason, facts: MessageFacts<'_>) -> Box<BadJob> {
    Box::new(BadJob {
        reason,
        key: None,
        tenant: None,
        operation: None,
        metadata: JsonObject::default(),
        request: None,
        came_by: facts.routing_key.and_then(Resource::of_routing_key),
        job: None,
    })
}

/// Each part on its own, so that a wrong one hides no other.
struct Parts {
    tenant: Result<Tenant, Reason>,
    id: Result<JobId, Reason>,
    operation: Result<Operation, Reason>,
    request: Result<Request, Reason>,
    priority: Result<Priority, Reason>,
    deadline: Result<Option<Timestamp>, Reason>,
    metadata: Result<JsonObject, Reason>,
    retries: Result<u32, Reason>,
    others: Result<(), Reason>,
}

impl Parts {
    fn read(mut fields: Fields<'_>, facts: MessageFacts<'_>) -> Self {
        Self {
            tenant: tenant(&mut fields),
            id: id(&mut fields, facts),
            operation: operation(&mut fields),
            request: request(&mut fields),
            priority: priority(&mut fields),
            deadline: deadline(&mut fields),
            metadata: metadata(&mut fields),
            retries: retries(&mut fields),
            others: refuse_unknown(&fields),
        }
    }

    fn job(self, bytes: usize, facts: MessageFacts<'_>) -> Result<Job, Box<BadJob>> {
        let mut found = self.found(facts);
        let whole = match bytes {
            0..=MAX_MESSAGE_BYTES => self.whole(),
            _ => Err(Reason::TooLarge { bytes }),
        };
        let refused = match whole {
            Ok(job) => match agree(&job, facts) {
                Ok(()) => return Ok(job),
                Err(reason) => {
                    found.job = Some(job);
                    reason
                }
            },
            Err(reason) => reason,
        };
        found.reason = refused;
        Err(found)
    }

    fn whole(self) -> Result<Job, Reason> {
        let key = JobKey::new(self.tenant?, self.id?);
        let operation = self.operation?;
        self.others?;
        Ok(Job {
            key,
            operation,
            request: self.request?,
            priority: self.priority?,
            deadline: self.deadline?,
            metadata: self.metadata?,
            retries: self.retries?,
        })
    }

    /// An id that is there and wrong gives way to the message's own: both name the same job.
    fn found(&self, facts: MessageFacts<'_>) -> Box<BadJob> {
        let tenant = self.tenant.as_ref().ok();
        let own = self.id.as_ref().ok().cloned();
        let id = own.or_else(|| JobId::new(facts.message_id?).ok());
        let mut found = bad(Reason::Conflict, facts);
        found.key = tenant.cloned().zip(id).map(|(tenant, id)| JobKey::new(tenant, id));
        found.tenant = tenant.cloned();
        found.operation = self.operation.as_ref().ok().cloned();
        found.metadata = self.metadata.as_ref().ok().cloned().unwrap_or_default();
        found.request = self.request.as_ref().ok().cloned();
        found
    }
}

fn agree(job: &Job, facts: MessageFacts<'_>) -> Result<(), Reason> {
    if job.operation.resource().is_none() {
        return Err(Reason::UnknownOperation(job.operation.to_string()));
    }
    let expected = RoutingKey::of(&job.operation, job.priority);
    match facts.routing_key {
        Some(key) if key != expected.as_str() => {
            Err(Reason::RoutingKeyDisagrees { key: key.to_owned(), expected: expected.to_string() })
        }
        _ => Ok(()),
    }
}

fn wrong(field: &str, message: impl Into<String>) -> Reason {
    Reason::NotAJob(Fault::of(field, message))
}

/// The keys of a message, each with its text: what is passed on keeps its digits.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn fields(body: &[u8]) -> Result<Fields<'_>, Reason> {
    if let Some(how) = compressed::how(body) {
        let told = format!("it is compressed ({how}), and compressed messages are not read");
        return Err(Reason::NotJson(told));
    }
    let raw: &RawValue =
        serde_json::from_slice(body).map_err(|error| Reason::NotJson(error.to_string()))?;
    if !raw.get().starts_with('{') {
        return Err(Reason::NotAJob("expected a JSON object".to_owned().into()));
    }
    serde_json::from_str(raw.get()).map_err(|error| Reason::NotJson(error.to_string()))
}

fn tenant(fields: &mut Fields<'_>) -> Result<Tenant, Reason> {
    let Some(text) = optional_text(fields, "tenant")? else { return Ok(Tenant::default()) };
    match Tenant::new(text) {
        Ok(tenant) if tenant == Tenant::unreadable() => {
            Err(wrong("tenant", format!("tenant {} is kept for what is no job", tenant.as_str())))
        }
        Ok(tenant) => Ok(tenant),
        Err(error) => Err(wrong("tenant", error.to_string())),
    }
}

fn id(fields: &mut Fields<'_>, facts: MessageFacts<'_>) -> Result<JobId, Reason> {
    let id = optional_text(fields, "id")?;
    let id = id.as_deref().or(facts.message_id.filter(|id| !id.is_empty()));
    let id = id.ok_or_else(|| wrong("id", "it has neither id nor message_id"))?;
    JobId::new(id).map_err(|error| wrong("id", error.to_string()))
}

/// A typo must not become a default.
fn refuse_unknown(fields: &Fields<'_>) -> Result<(), Reason> {
    match fields.keys().find(|name| !KEYS.contains(&name.as_str())) {
        Some(name) => {
            Err(wrong(name, format!("unknown key \"{name}\"; known are {}", KEYS.join(", "))))
        }
        None => Ok(()),
    }
}

fn request(fields: &mut Fields<'_>) -> Result<Request, Reason> {
    object(fields, "request")?
        .map(Request::new)
        .ok_or_else(|| wrong("request", "request is missing"))
}

fn operation(fields: &mut Fields<'_>) -> Result<Operation, Reason> {
    let text = required_text(fields, "operation")?;
    match text.len() {
        0..=MAX_OPERATION_BYTES => Ok(Operation::new(text)),
        bytes => Err(wrong(
            "operation",
            format!("operation has {bytes} bytes, at most {MAX_OPERATION_BYTES} are allowed"),
        )),
    }
}

fn metadata(fields: &mut Fields<'_>) -> Result<JsonObject, Reason> {
    let metadata = object(fields, "metadata")?.unwrap_or_default();
    let bytes = serde_json::to_vec(&metadata).map_or(0, |text| text.len());
    match bytes {
        0..=MAX_METADATA_BYTES => Ok(metadata),
        _ => Err(wrong(
            "metadata",
            format!(
                "metadata has {bytes} bytes, at most {MAX_METADATA_BYTES} are allowed: send a reference"
            ),
        )),
    }
}

fn priority(fields: &mut Fields<'_>) -> Result<Priority, Reason> {
    let Some(text) = optional_text(fields, "priority")? else {
        return Ok(Priority::default());
    };
    Priority::parse(&text).ok_or_else(|| {
        wrong("priority", format!("priority must be high, normal or low, got \"{text:.40}\""))
    })
}

fn deadline(fields: &mut Fields<'_>) -> Result<Option<Timestamp>, Reason> {
    let Some(text) = optional_text(fields, "deadline")? else {
        return Ok(None);
    };
    match Timestamp::parse(&text) {
        Some(deadline) => Ok(Some(deadline)),
        None => Err(wrong(
            "deadline",
            format!("deadline must be {}, got \"{text:.40}\"", Timestamp::FORM),
        )),
    }
}

fn retries(fields: &mut Fields<'_>) -> Result<u32, Reason> {
    let value = value(fields, "retries")?.unwrap_or(Value::from(0));
    match whole(&value) {
        Some(retries) if retries <= MAX_RETRIES => Ok(retries),
        Some(_) | None => {
            let value = value.to_string();
            Err(wrong("retries", format!("retries must be 0 to {MAX_RETRIES}, got {value:.40}")))
        }
    }
}

/// `1`, and what means the same: some languages write every number as a decimal.
fn whole(value: &Value) -> Option<u32> {
    let float = value.as_f64().filter(|float| float.fract() == 0.0)?;
    (0.0..=f64::from(u32::MAX)).contains(&float).then_some(float as u32)
}

fn required_text(fields: &mut Fields<'_>, name: &str) -> Result<String, Reason> {
    optional_text(fields, name)?.ok_or_else(|| wrong(name, format!("{name} is missing")))
}

fn optional_text(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Reason> {
    match value(fields, name)? {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            let other = other.to_string();
            Err(wrong(name, format!("{name} must be a string, got {other:.40}")))
        }
    }
}

/// Null says no more than a key that is not there.
fn value(fields: &mut Fields<'_>, name: &str) -> Result<Option<Value>, Reason> {
    let Some(raw) = given(fields, name) else { return Ok(None) };
    serde_json::from_str(raw.get()).map(Some).map_err(|error| unreadable(name, &error))
}

fn given<'a>(fields: &mut Fields<'a>, name: &str) -> Option<&'a RawValue> {
    fields.remove(name).filter(|raw| raw.get() != "null")
}

fn unreadable(name: &str, error: &serde_json::Error) -> Reason {
    wrong(name, format!("{name} cannot be read: {error}"))
}

fn object(fields: &mut Fields<'_>, name: &str) -> Result<Option<JsonObject>, Reason> {
    match given(fields, name) {
        None => Ok(None),
        Some(raw) if raw.get().starts_with('{') => {
            JsonObject::read(raw.get()).map(Some).map_err(|error| unreadable(name, &error))
        }
        Some(_) => Err(wrong(name, format!("{name} must be an object"))),
    }
}

/// A job as it travels; what says nothing is left out.
#[derive(Serialize)]
struct Wire<'a> {
    id: &'a JobId,
    tenant: &'a Tenant,
    operation: &'a Operation,
    request: &'a Request,
    priority: Priority,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
}

impl Job {
    pub fn routing_key(&self) -> RoutingKey {
        RoutingKey::of(&self.operation, self.priority)
    }

    /// The message that [`decode`] reads back into this job.
    pub fn to_message(&self) -> String {
        let wire = Wire {
            id: &self.key.id,
            tenant: &self.key.tenant,
            operation: &self.operation,
            request: &self.request,
            priority: self.priority,
            deadline: self.deadline.map(|at| at.to_string()),
            metadata: Some(&self.metadata).filter(|metadata| !metadata.is_empty()),
            retries: Some(self.retries).filter(|retries| *retries > 0),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
