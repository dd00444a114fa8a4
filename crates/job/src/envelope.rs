use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

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

/// How bodies begin that a producer has compressed; no JSON does.
const COMPRESSED: [(&[u8], &str); 5] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x78\x01", "deflate"),
    (b"\x78\x9c", "deflate"),
    (b"\x78\xda", "deflate"),
];

/// The keys of a message, each with its text: what is passed on keeps its digits.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn fields(body: &[u8]) -> Result<Fields<'_>, Reason> {
    if let Some((_, how)) = COMPRESSED.iter().find(|(magic, _)| body.starts_with(magic)) {
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
        let offset = GOOD.replace("12:00:00Z", "12:00:00+25:00");
        let told = reason(&offset).to_string();
        assert!(
            told.contains("its offset at most 23:59, got \"2026-12-01T12:00:00+25:00\""),
            "{told}"
        );
        assert!(reason(&GOOD.replace("\"high\"", "\"urgent\"")).to_string().contains("urgent"));
        assert!(
            reason(&GOOD.replace("\"retries\":1", "\"retries\":11")).to_string().contains("11")
        );
        let poem = GOOD.replace("videos/text2video", "texts/poem");
        assert_eq!(reason(&poem), Reason::UnknownOperation("texts/poem".to_owned()));
    }

    #[test]
    fn a_compressed_message_is_told_so() {
        for (body, how) in [
            (&b"\x1f\x8b\x08\x00\x00"[..], "gzip"),
            (b"\x28\xb5\x2f\xfd\x04", "zstd"),
            (b"\x78\x9c\xab\x56", "deflate"),
        ] {
            let facts = MessageFacts { message_id: Some("m-1"), routing_key: None };
            let reason = decode(body, facts).unwrap_err().reason;
            let expected = format!(
                "the message is not JSON: it is compressed ({how}), and compressed messages are \
                 not read"
            );
            assert_eq!(reason.to_string(), expected);
            assert!(reason.problem().advice.unwrap().contains("not compressed"));
        }
    }

    #[test]
    fn a_bad_message_keeps_all_that_could_be_read() {
        let facts =
            MessageFacts { message_id: Some("m-9"), routing_key: Some("videos.text2video.high") };
        let bad = |body: &str| decode(body.as_bytes(), facts).unwrap_err();
        for (from, to, field, key) in [
            ("\"high\"", "\"urgent\"", "priority", Some("acme/order-42")),
            ("\"order-42\"", "42", "id", Some("acme/m-9")),
            ("\"retries\":1", "\"retries\":\"1\"", "retries", Some("acme/order-42")),
            ("\"acme\"", "\"a/b\"", "tenant", None),
            ("\"acme\"", "7", "tenant", None),
            ("\"acme\"", "\"reelwork.unreadable\"", "tenant", None),
        ] {
            let bad = bad(&GOOD.replace(from, to));
            assert_eq!(bad.key.as_ref().map(ToString::to_string).as_deref(), key, "{to}");
            assert_eq!(bad.reason.problem().field.as_deref(), Some(field), "{to}");
            assert_eq!(bad.metadata["order"], "42", "{to}");
            assert_eq!(bad.told_operation().as_str(), "videos/text2video");
            assert!(bad.request.is_some());
        }
    }

    #[test]
    fn the_tenant_of_what_cannot_be_read_is_nobodys() {
        let key = Some("images.generations.low");
        for (body, message_id, id) in [
            (&b"{"[..], Some("m-9"), "m-9"),
            (b"\xff\xfe", Some(""), "message-4eb36c5d0d8c6e1c3ddfd1bd8c7a4b47"),
            (b"[]", None, "message-4f53cda18c2baa0c0354bb5f9a3ecbe5"),
        ] {
            let bad = decode(body, MessageFacts { message_id, routing_key: key }).unwrap_err();
            let key = bad.record_key(message_id.unwrap_or_default(), body);
            assert_eq!((&key.tenant, bad.key.as_ref()), (&Tenant::unreadable(), None));
            if message_id == Some("m-9") {
                assert_eq!(key.id.as_str(), id);
            }
            assert!(key.id.as_str().starts_with(&id[..3]), "{key}");
            assert_eq!(bad.told_operation().as_str(), "images/unknown");
        }
    }

    #[test]
    fn a_byte_order_mark_and_null_say_nothing() {
        let marked = [BYTE_ORDER_MARK, GOOD.as_bytes()].concat();
        assert_eq!(decode(&marked, MessageFacts::default()).unwrap(), read(GOOD).unwrap());
        let nulls = r#"{"id":null,"operation":"videos/text2video","request":{"prompt":"x"},
            "tenant":null,"priority":null,"deadline":null,"metadata":null,"retries":null}"#;
        let facts = MessageFacts { message_id: Some("m"), routing_key: None };
        let job = decode(nulls.as_bytes(), facts).unwrap();
        assert_eq!((job.key.to_string().as_str(), job.retries), ("default/m", 0));
        assert_eq!((job.priority, job.deadline), (Priority::Normal, None));
    }

    #[test]
    fn only_what_a_person_must_decide_is_no_rejection() {
        for (reason, rejects) in [
            (Reason::NotJson(String::new()), true),
            (wrong("id", ""), true),
            (Reason::UnknownOperation(String::new()), true),
            (Reason::InvalidRequest(Fault::of("n", "")), true),
            (Reason::TooLarge { bytes: 1 }, true),
            (Reason::RoutingKeyDisagrees { key: String::new(), expected: String::new() }, true),
            (Reason::Conflict, false),
            (Reason::DeliveredTooOften(20), false),
            (Reason::TooManyAttempts { attempts: 1, cause: String::new() }, false),
            (Reason::WiderThanLimit { slots: 5, limit: 3 }, false),
        ] {
            assert_eq!(reason.is_rejection(), rejects, "{reason:?}");
            let problem = reason.problem();
            assert!(problem.kind == reason.word() && problem.advice.is_some());
        }
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
    fn a_whole_number_is_one_in_every_spelling() {
        for (written, retries) in
            [("1", 1), ("1.0", 1), ("1e0", 1), ("10.0", 10), ("0.1e1", 1), ("-0.0", 0), ("0e9", 0)]
        {
            let body = GOOD.replace("\"retries\":1", &format!("\"retries\":{written}"));
            assert_eq!(read(&body).unwrap().retries, retries, "{written}");
        }
        for wrong in ["1.5", "-1", "11.0", "1e400", "99999999999999999999", "true", "\"1\""] {
            let body = GOOD.replace("\"retries\":1", &format!("\"retries\":{wrong}"));
            let bad = read(&body).unwrap_err();
            assert_eq!(bad.reason.problem().field.as_deref(), Some("retries"), "{wrong}");
            assert_eq!(bad.key.unwrap().to_string(), "acme/order-42");
        }
    }

    #[test]
    fn a_deadline_may_be_at_the_end_of_all_years() {
        let far = GOOD.replace("2026-12-01T12:00:00Z", "9999-12-31T23:59:59Z");
        let job = read(&far).unwrap();
        assert!(job.deadline > Timestamp::parse("9999-12-30T00:00:00Z"));
        assert_eq!(read(&job.to_message()).unwrap(), job);
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
        let image = "A".repeat(MAX_MESSAGE_BYTES);
        let large = read(&GOOD.replace("a cat", &image)).unwrap_err();
        assert!(matches!(large.reason, Reason::TooLarge { .. }));
        assert_eq!(large.key.unwrap().to_string(), "acme/order-42");
    }
}
