use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{
    JobId, JobKey, JsonObject, Operation, Priority, Request, RoutingKey, Tenant, Timestamp,
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

/// Why a message is not a job that can be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the message is not JSON: {0}")]
    NotJson(String),
    #[error("the message is not a job: {0}")]
    NotAJob(String),
    #[error(
        "unknown operation \"{0}\": use the provider's path below /kling/v1/, such as \"videos/text2video\""
    )]
    UnknownOperation(String),
    #[error("the request is invalid: {0}")]
    InvalidRequest(String),
    #[error(
        "the message has {bytes} bytes, more than {MAX_MESSAGE_BYTES}: send a URL instead of inline data"
    )]
    TooLarge { bytes: usize },
    #[error("routing key \"{key}\" disagrees with the body, which belongs under \"{expected}\"")]
    RoutingKeyDisagrees { key: String, expected: String },
    #[error("the same id came with another request: the first stands")]
    Conflict,
    #[error("delivered {0} times without being settled")]
    DeliveredTooOften(u32),
    #[error("gave up after {attempts} attempts, the last: {cause}")]
    TooManyAttempts { attempts: u32, cause: String },
}

impl Reason {
    /// The stable word used in headers, events and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::NotAJob(_) => "not_a_job",
            Self::UnknownOperation(_) => "unknown_operation",
            Self::InvalidRequest(_) => "invalid_request",
            Self::TooLarge { .. } => "too_large",
            Self::RoutingKeyDisagrees { .. } => "routing_key_disagrees",
            Self::Conflict => "conflict",
            Self::DeliveredTooOften(_) => "delivered_too_often",
            Self::TooManyAttempts { .. } => "too_many_attempts",
        }
    }
}

/// A message that cannot be done, with as much identity as could be read from it.
#[derive(Clone, Debug, PartialEq)]
pub struct BadJob {
    pub reason: Reason,
    pub key: Option<JobKey>,
    pub operation: Option<Operation>,
}

/// One step, one exit: a job, or the reason why it is none.
pub fn decode(body: &[u8], facts: MessageFacts<'_>) -> Result<Job, Box<BadJob>> {
    let mut reader = Reader { facts, key: None, operation: None };
    match reader.read(body) {
        Ok(job) => Ok(job),
        Err(reason) => {
            let Reader { key, operation, .. } = reader;
            let key = key.or_else(|| message_key(facts));
            Err(Box::new(BadJob { reason, key, operation }))
        }
    }
}

/// The identity of a message whose body tells none.
fn message_key(facts: MessageFacts<'_>) -> Option<JobKey> {
    let id = JobId::new(facts.message_id?).ok()?;
    Some(JobKey::new(Tenant::default(), id))
}

struct Reader<'a> {
    facts: MessageFacts<'a>,
    key: Option<JobKey>,
    operation: Option<Operation>,
}

impl Reader<'_> {
    fn read(&mut self, body: &[u8]) -> Result<Job, Reason> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(Reason::TooLarge { bytes: body.len() });
        }
        let mut fields = fields(body)?;
        let key = self.identity(&mut fields)?;
        self.key = Some(key.clone());
        let operation = operation(&mut fields)?;
        self.operation = Some(operation.clone());
        refuse_unknown(&fields)?;
        let job = Job {
            key,
            request: request(&mut fields)?,
            priority: priority(&mut fields)?,
            deadline: deadline(&mut fields)?,
            metadata: metadata(&mut fields)?,
            retries: retries(&mut fields)?,
            operation,
        };
        self.agree(&job)?;
        Ok(job)
    }

    fn identity(&self, fields: &mut Fields<'_>) -> Result<JobKey, Reason> {
        let tenant = match optional_text(fields, "tenant")? {
            Some(tenant) => Tenant::new(tenant).map_err(|e| Reason::NotAJob(e.to_string()))?,
            None => Tenant::default(),
        };
        let id = match optional_text(fields, "id")? {
            Some(id) => id,
            None => self
                .facts
                .message_id
                .filter(|id| !id.is_empty())
                .ok_or_else(|| Reason::NotAJob("it has neither id nor message_id".to_owned()))?
                .to_owned(),
        };
        let id = JobId::new(id).map_err(|e| Reason::NotAJob(e.to_string()))?;
        Ok(JobKey::new(tenant, id))
    }

    fn agree(&self, job: &Job) -> Result<(), Reason> {
        if job.operation.resource().is_none() {
            return Err(Reason::UnknownOperation(job.operation.to_string()));
        }
        let expected = RoutingKey::of(&job.operation, job.priority);
        match self.facts.routing_key {
            Some(key) if key != expected.as_str() => Err(Reason::RoutingKeyDisagrees {
                key: key.to_owned(),
                expected: expected.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

/// The keys of a message, each with its text: what is passed on keeps its digits.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn fields(body: &[u8]) -> Result<Fields<'_>, Reason> {
    let raw: &RawValue =
        serde_json::from_slice(body).map_err(|error| Reason::NotJson(error.to_string()))?;
    if !raw.get().starts_with('{') {
        return Err(Reason::NotAJob("expected a JSON object".to_owned()));
    }
    serde_json::from_str(raw.get()).map_err(|error| Reason::NotJson(error.to_string()))
}

/// A typo must not become a default.
fn refuse_unknown(fields: &Fields<'_>) -> Result<(), Reason> {
    match fields.keys().find(|name| !KEYS.contains(&name.as_str())) {
        Some(name) => {
            Err(Reason::NotAJob(format!("unknown key \"{name}\"; known are {}", KEYS.join(", "))))
        }
        None => Ok(()),
    }
}

fn request(fields: &mut Fields<'_>) -> Result<Request, Reason> {
    object(fields, "request")?
        .map(Request::new)
        .ok_or_else(|| Reason::NotAJob("request is missing".to_owned()))
}

fn operation(fields: &mut Fields<'_>) -> Result<Operation, Reason> {
    let text = required_text(fields, "operation")?;
    match text.len() {
        0..=MAX_OPERATION_BYTES => Ok(Operation::new(text)),
        bytes => Err(Reason::NotAJob(format!(
            "operation has {bytes} bytes, at most {MAX_OPERATION_BYTES} are allowed"
        ))),
    }
}

fn metadata(fields: &mut Fields<'_>) -> Result<JsonObject, Reason> {
    let metadata = object(fields, "metadata")?.unwrap_or_default();
    let bytes = serde_json::to_vec(&metadata).map_or(0, |text| text.len());
    match bytes {
        0..=MAX_METADATA_BYTES => Ok(metadata),
        _ => Err(Reason::NotAJob(format!(
            "metadata has {bytes} bytes, at most {MAX_METADATA_BYTES} are allowed: send a reference"
        ))),
    }
}

fn priority(fields: &mut Fields<'_>) -> Result<Priority, Reason> {
    let Some(text) = optional_text(fields, "priority")? else {
        return Ok(Priority::default());
    };
    Priority::parse(&text).ok_or_else(|| {
        Reason::NotAJob(format!("priority must be high, normal or low, got \"{text}\""))
    })
}

fn deadline(fields: &mut Fields<'_>) -> Result<Option<Timestamp>, Reason> {
    let Some(text) = optional_text(fields, "deadline")? else {
        return Ok(None);
    };
    match Timestamp::parse(&text) {
        Some(deadline) => Ok(Some(deadline)),
        None => Err(Reason::NotAJob(format!(
            "deadline must be RFC 3339 such as 2026-12-01T12:00:00Z, got \"{text}\""
        ))),
    }
}

fn retries(fields: &mut Fields<'_>) -> Result<u32, Reason> {
    let value = value(fields, "retries")?.unwrap_or(Value::from(0));
    match value.as_u64().and_then(|n| u32::try_from(n).ok()) {
        Some(retries) if retries <= MAX_RETRIES => Ok(retries),
        _ => Err(Reason::NotAJob(format!("retries must be 0 to {MAX_RETRIES}, got {value}"))),
    }
}

fn required_text(fields: &mut Fields<'_>, name: &str) -> Result<String, Reason> {
    optional_text(fields, name)?.ok_or_else(|| Reason::NotAJob(format!("{name} is missing")))
}

fn optional_text(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Reason> {
    match value(fields, name)? {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Reason::NotAJob(format!("{name} must be a string, got {other:.40}"))),
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
    Reason::NotAJob(format!("{name} cannot be read: {error}"))
}

fn object(fields: &mut Fields<'_>, name: &str) -> Result<Option<JsonObject>, Reason> {
    match given(fields, name) {
        None => Ok(None),
        Some(raw) if raw.get().starts_with('{') => {
            JsonObject::read(raw.get()).map(Some).map_err(|error| unreadable(name, &error))
        }
        Some(_) => Err(Reason::NotAJob(format!("{name} must be an object"))),
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
mod tests {
    use super::*;

    const GOOD: &str = r#"{"id":"order-42","operation":"videos/text2video",
        "request":{"prompt":"a cat"},"tenant":"acme","priority":"high",
        "deadline":"2026-12-01T12:00:00Z","metadata":{"order":"42"},"retries":1}"#;

    fn read(body: &str) -> Result<Job, Box<BadJob>> {
        decode(body.as_bytes(), MessageFacts::default())
    }

    fn reason(body: &str) -> Reason {
        read(body).unwrap_err().reason
    }

    #[test]
    fn a_whole_job_is_read_and_written_back() {
        let job = read(GOOD).unwrap();
        assert_eq!(job.key.to_string(), "acme/order-42");
        assert_eq!(job.routing_key().as_str(), "videos.text2video.high");
        assert_eq!(job.retries, 1);
        let again = read(&job.to_message()).unwrap();
        assert_eq!(again, job);
    }

    #[test]
    fn the_message_id_stands_in_for_a_missing_id() {
        let body = br#"{"operation":"images/generations","request":{"prompt":"x"}}"#;
        let facts = MessageFacts { message_id: Some("m-1"), routing_key: None };
        assert_eq!(decode(body, facts).unwrap().key.to_string(), "default/m-1");
        assert!(matches!(
            decode(body, MessageFacts::default()).unwrap_err().reason,
            Reason::NotAJob(_)
        ));
    }

    #[test]
    fn bad_messages_name_what_is_wrong() {
        assert!(matches!(reason("not json"), Reason::NotJson(_)));
        let wide = GOOD.replace("\"42\"}", &format!("\"{}\"}}", "x".repeat(65_536)));
        assert!(reason(&wide).to_string().contains("metadata has"));
        let long = GOOD.replace("videos/text2video", &"v".repeat(101));
        assert!(reason(&long).to_string().contains("operation has 101"));
        assert!(reason("[1]").to_string().contains("JSON object"));
        let typo = GOOD.replace("\"priority\"", "\"prioritty\"");
        assert!(reason(&typo).to_string().contains("\"prioritty\""));
        let deadline = GOOD.replace("2026-12-01T12:00:00Z", "tomorrow");
        assert!(reason(&deadline).to_string().contains("RFC 3339"));
        assert!(reason(&GOOD.replace("\"high\"", "\"urgent\"")).to_string().contains("urgent"));
        assert!(
            reason(&GOOD.replace("\"retries\":1", "\"retries\":11")).to_string().contains("11")
        );
        let poem = GOOD.replace("videos/text2video", "texts/poem");
        assert_eq!(reason(&poem), Reason::UnknownOperation("texts/poem".to_owned()));
    }

    #[test]
    fn a_bad_message_keeps_the_identity_that_could_be_read() {
        let bad = read(&GOOD.replace("\"high\"", "\"urgent\"")).unwrap_err();
        assert_eq!(bad.key.unwrap().to_string(), "acme/order-42");
        let facts = MessageFacts { message_id: Some("m-9"), routing_key: None };
        let bad = decode(b"{", facts).unwrap_err();
        assert_eq!(bad.key.unwrap().to_string(), "default/m-9");
    }

    #[test]
    fn numbers_keep_their_digits_from_message_to_message() {
        let numbers = r#"{"a":12345678901234567890123,"b":[1.10,-1e400],"prompt":"a cat"}"#;
        let body =
            GOOD.replace(r#"{"prompt":"a cat"}"#, numbers).replace(r#"{"order":"42"}"#, numbers);
        let job = read(&body).unwrap();
        assert_eq!(serde_json::to_string(&job.request).unwrap(), numbers);
        assert_eq!(serde_json::to_string(&job.metadata).unwrap(), numbers);
        let again = read(&job.to_message()).unwrap();
        assert_eq!(again, job);
    }

    #[test]
    fn a_routing_key_that_disagrees_is_named_with_the_right_one() {
        let facts = MessageFacts { message_id: None, routing_key: Some("images.generations.high") };
        let bad = decode(GOOD.as_bytes(), facts).unwrap_err();
        assert!(bad.reason.to_string().contains("videos.text2video.high"));
    }

    #[test]
    fn an_oversized_message_is_refused_with_the_fix() {
        let body = vec![b' '; MAX_MESSAGE_BYTES + 1];
        let bad = decode(&body, MessageFacts::default()).unwrap_err();
        assert!(bad.reason.to_string().contains("send a URL"));
    }
}
