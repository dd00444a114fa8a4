//! The keys of a job message, each read on its own.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{KEYS, MessageFacts};
use crate::compressed;
use crate::{
    Fault, JobId, JsonObject, MAX_ACCOUNT_BYTES, MAX_METADATA_BYTES, MAX_OPERATION_BYTES,
    MAX_RETRIES, Operation, Priority, Reason, Request, Tenant, Timestamp, WebhookUrl,
    is_account_name,
};

fn wrong(field: &str, message: impl Into<String>) -> Reason {
    Reason::NotAJob(Fault::of(field, message))
}

/// The keys of a message, each with its JSON text, so that numbers keep their digits.
pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

pub(super) fn fields(body: &[u8]) -> Result<Fields<'_>, Reason> {
    if let Some(how) = compressed::how(body) {
        let message = format!("it is compressed ({how}), and compressed messages are not read");
        return Err(Reason::NotJson(message));
    }
    let raw: &RawValue =
        serde_json::from_slice(body).map_err(|error| Reason::NotJson(error.to_string()))?;
    if !raw.get().starts_with('{') {
        return Err(Reason::NotAJob("expected a JSON object".to_owned().into()));
    }
    serde_json::from_str(raw.get()).map_err(|error| Reason::NotJson(error.to_string()))
}

pub(super) fn tenant(fields: &mut Fields<'_>) -> Result<Tenant, Reason> {
    let Some(text) = optional_text(fields, "tenant")? else { return Ok(Tenant::default()) };
    match Tenant::new(text) {
        Ok(tenant) if tenant == Tenant::unreadable() => {
            Err(wrong("tenant", format!("tenant {} is kept for what is no job", tenant.as_str())))
        }
        Ok(tenant) => Ok(tenant),
        Err(error) => Err(wrong("tenant", error.to_string())),
    }
}

pub(super) fn id(fields: &mut Fields<'_>, facts: MessageFacts<'_>) -> Result<JobId, Reason> {
    let id = optional_text(fields, "id")?;
    let id = id.as_deref().or(facts.message_id.filter(|id| !id.is_empty()));
    let id = id.ok_or_else(|| wrong("id", "it has neither id nor message_id"))?;
    JobId::new(id).map_err(|error| wrong("id", error.to_string()))
}

/// A typo must not become a default.
pub(super) fn refuse_unknown(fields: &Fields<'_>) -> Result<(), Reason> {
    match fields.keys().find(|name| !KEYS.contains(&name.as_str())) {
        Some(name) => {
            Err(wrong(name, format!("unknown key \"{name}\"; known are {}", KEYS.join(", "))))
        }
        None => Ok(()),
    }
}

pub(super) fn request(fields: &mut Fields<'_>) -> Result<Request, Reason> {
    object(fields, "request")?
        .map(Request::new)
        .ok_or_else(|| wrong("request", "request is missing"))
}

pub(super) fn operation(fields: &mut Fields<'_>) -> Result<Operation, Reason> {
    let text = required_text(fields, "operation")?;
    match text.len() {
        0..=MAX_OPERATION_BYTES => Ok(Operation::new(text)),
        bytes => Err(wrong(
            "operation",
            format!("operation has {bytes} bytes, at most {MAX_OPERATION_BYTES} are allowed"),
        )),
    }
}

pub(super) fn metadata(fields: &mut Fields<'_>) -> Result<JsonObject, Reason> {
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

pub(super) fn priority(fields: &mut Fields<'_>) -> Result<Priority, Reason> {
    let Some(text) = optional_text(fields, "priority")? else {
        return Ok(Priority::default());
    };
    Priority::parse(&text).ok_or_else(|| {
        wrong("priority", format!("priority must be high, normal or low, got \"{text:.40}\""))
    })
}

pub(super) fn deadline(fields: &mut Fields<'_>) -> Result<Option<Timestamp>, Reason> {
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

pub(super) fn retries(fields: &mut Fields<'_>) -> Result<u32, Reason> {
    let value = value(fields, "retries")?.unwrap_or(Value::from(0));
    match whole(&value) {
        Some(retries) if retries <= MAX_RETRIES => Ok(retries),
        Some(_) | None => {
            let value = value.to_string();
            Err(wrong("retries", format!("retries must be 0 to {MAX_RETRIES}, got {value:.40}")))
        }
    }
}

/// Whether it exists and the tenant may use it is decided by the rules of accounts.
pub(super) fn account(fields: &mut Fields<'_>) -> Result<Option<String>, Reason> {
    let account = optional_text(fields, "account")?;
    match account.as_deref().is_none_or(is_account_name) {
        true => Ok(account),
        false => Err(wrong("account", bad_account(&account.unwrap_or_default()))),
    }
}

/// Whether it may be called is decided by who calls it. The error must not show it.
pub(super) fn webhook(fields: &mut Fields<'_>) -> Result<Option<WebhookUrl>, Reason> {
    const KEY: &str = "webhook_url";
    match value(fields, KEY)? {
        None => Ok(None),
        Some(Value::String(url)) => {
            let url = WebhookUrl::new(url);
            url.map(Some).map_err(|error| wrong(KEY, format!("{KEY}: {error}")))
        }
        Some(_) => Err(wrong(KEY, format!("{KEY} must be a string"))),
    }
}

fn bad_account(text: &str) -> String {
    format!(
        "account must be 1 to {MAX_ACCOUNT_BYTES} characters of A-Z a-z 0-9 . _ -, got \"{text:.80}\""
    )
}

/// Also `1.0` and `1e0`: some languages write every number as a decimal.
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

/// Null is the same as a missing key.
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
