use std::collections::BTreeMap;

use job::{
    BadJob, Fault, Job, JobId, JobKey, JsonObject, MAX_MESSAGE_BYTES, MessageFacts, Operation,
    Priority, Reason, Request, Tenant, Timestamp, decode,
};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use validation::{Slots, check, with_text};

/// A job being written. Nothing is checked until [`build`](Draft::build).
#[derive(Clone, Debug, Default)]
pub struct Draft {
    id: Option<String>,
    operation: String,
    request: Fields,
    tenant: Option<String>,
    priority: Priority,
    deadline: Option<Timestamp>,
    metadata: Fields,
    retries: u32,
    account: Option<String>,
    slots: Slots,
}

/// Each value as JSON text, so that numbers keep their digits.
type Fields = BTreeMap<String, Box<RawValue>>;

/// Why a draft is not a valid job, with the field and how to correct it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Invalid {
    pub reason: Reason,
    /// The job's identity, if it could be read.
    pub key: Option<JobKey>,
}

impl Invalid {
    fn sentence(&self) -> String {
        match &self.key {
            Some(key) => format!("job {}: {}", key.id, self.reason),
            None => self.reason.to_string(),
        }
    }
}

impl Draft {
    /// `operation` is the provider's path below `/kling/v1/`, such as `videos/text2video`.
    pub fn new(operation: impl Into<String>) -> Self {
        Self { operation: operation.into(), ..Self::default() }
    }

    /// The idempotency key; without one a time-ordered id is generated.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    #[must_use]
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.set("prompt", prompt.into())
    }

    /// A field of the provider's request.
    #[must_use]
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        insert(&mut self.request, field.into(), &value.into());
        self
    }

    /// A field whose value is JSON text, with all its digits; other text becomes a string.
    #[must_use]
    pub fn set_json(mut self, field: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let field = field.into();
        match serde_json::from_str::<&RawValue>(&text) {
            Ok(raw) => drop(self.request.insert(field, raw.to_owned())),
            Err(_) => insert(&mut self.request, field, &Value::from(text)),
        }
        self
    }

    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Not submitted after this moment.
    #[must_use]
    pub fn deadline(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Returned in every event about the job.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        insert(&mut self.metadata, name.into(), &value.into());
        self
    }

    /// Further paid rounds, if a task ends failed.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The only account of the workers that it may be submitted with.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// The slots of the workers' configuration: a job that needs more is refused.
    #[must_use]
    pub fn within(mut self, slots: Slots) -> Self {
        self.slots = slots;
        self
    }

    pub fn build(self) -> Result<Job, Invalid> {
        let bad = |reason| Invalid { reason, key: None };
        let id = match self.id {
            Some(id) => {
                JobId::new(id).map_err(|e| bad(Reason::NotAJob(Fault::of("id", e.to_string()))))?
            }
            None => JobId::generate(),
        };
        let tenant = match self.tenant {
            Some(tenant) => Tenant::new(tenant)
                .map_err(|e| bad(Reason::NotAJob(Fault::of("tenant", e.to_string()))))?,
            None => Tenant::default(),
        };
        let job = Job {
            key: JobKey::new(tenant, id),
            operation: Operation::new(self.operation),
            request: Request::new(object(&self.request).map_err(bad)?),
            priority: self.priority,
            deadline: self.deadline,
            metadata: object(&self.metadata).map_err(bad)?,
            retries: self.retries,
            account: self.account,
            webhook: None,
        };
        // Decoded as by the worker, so that it does not park what is published here.
        read(job.to_message().as_bytes(), self.slots)
    }
}

fn insert(fields: &mut Fields, name: String, value: &Value) {
    // A [`Value`] can always be serialized.
    if let Ok(raw) = to_raw_value(value) {
        fields.insert(name, raw);
    }
}

fn object(fields: &Fields) -> Result<JsonObject, Reason> {
    let text = serde_json::to_string(fields).unwrap_or_default();
    JsonObject::read(&text).map_err(|error| Reason::NotAJob(error.to_string().into()))
}

/// Reads a job message in the form that any language may publish (one line of `submit --file`).
pub(crate) fn read(body: &[u8], slots: Slots) -> Result<Job, Invalid> {
    let generated = JobId::generate();
    let facts = MessageFacts { message_id: Some(generated.as_str()), routing_key: None };
    let job = decode(body, facts).map_err(|bad| {
        let BadJob { reason, key, .. } = *bad;
        Invalid { reason, key }
    })?;
    let job = with_text(job);
    match inspect(&job, job.to_message().len(), slots) {
        Ok(()) => Ok(job),
        Err(reason) => Err(Invalid { reason, key: Some(job.key) }),
    }
}

/// `bytes`: the size of the message that is published.
pub(crate) fn inspect(job: &Job, bytes: usize, slots: Slots) -> Result<(), Reason> {
    if bytes > MAX_MESSAGE_BYTES {
        return Err(Reason::TooLarge { bytes });
    }
    check(job, slots).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_without_an_id_gets_one_of_its_own() {
        let draft = Draft::new("images/generations").prompt("a cat");
        let (one, two) = (draft.clone().build().unwrap(), draft.build().unwrap());
        assert_ne!(one.key, two.key);
    }

    #[test]
    fn an_invalid_draft_names_the_field_and_the_value() {
        let long = Draft::new("videos/text2video").id("a").prompt("x".repeat(10_000)).build();
        let error = long.unwrap_err();
        assert_eq!(error.key.as_ref().unwrap().id.as_str(), "a");
        let text = error.to_string();
        assert!(
            text.contains("prompt") && text.contains("10000") && text.contains("2500"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_operation_and_a_large_inline_image_are_refused_with_the_fix() {
        let poem = Draft::new("texts/poem").prompt("x").build().unwrap_err();
        assert!(matches!(poem.reason, Reason::UnknownOperation(_)));
        let unknown = Draft::new("videos/poem").prompt("x").build().unwrap_err();
        assert!(matches!(unknown.reason, Reason::UnknownOperation(_)));
        let image = "A".repeat(15 * 1024 * 1024);
        let large = Draft::new("videos/image2video").set("image", image).build().unwrap_err();
        assert!(large.to_string().contains("send a URL"), "{large}");
    }

    #[test]
    fn a_number_in_place_of_text_is_that_text() {
        let draft =
            |value| Draft::new("videos/text2video").id("a").prompt("x").set_json("duration", value);
        let (number, text) = (draft("5").build().unwrap(), draft("\"5\"").build().unwrap());
        assert_eq!(number.request.fields()["duration"], "5");
        assert_eq!(number.request.hash(), text.request.hash());
        assert!(draft("5.5").build().unwrap_err().to_string().contains("5.5"));
    }

    #[test]
    fn a_job_that_needs_more_slots_than_there_are_is_refused() {
        let five = Draft::new("images/generations").prompt("x").set("n", 5);
        let within = |images| five.clone().within(Slots { images, ..Slots::default() }).build();
        let wide = Reason::WiderThanLimit { slots: 5, limit: 4 };
        assert_eq!(within(4).unwrap_err().reason, wide);
        assert!(within(5).is_ok() && five.build().is_ok());
    }

    #[test]
    fn an_account_that_is_asked_for_is_in_the_message() {
        let draft = Draft::new("videos/text2video").prompt("x");
        let job = draft.clone().account("eu").build().unwrap();
        assert_eq!(job.account.as_deref(), Some("eu"));
        assert!(job.to_message().contains(r#""account":"eu""#));
        let error = draft.account("a:b").build().unwrap_err();
        assert_eq!(error.reason.problem().field.as_deref(), Some("account"));
    }

    #[test]
    fn our_own_field_cannot_be_set() {
        let mine = Draft::new("videos/text2video").prompt("x").set("external_task_id", "y").build();
        assert!(mine.unwrap_err().to_string().contains("external_task_id"));
    }
}
