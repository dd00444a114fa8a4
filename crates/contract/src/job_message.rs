use std::collections::BTreeMap;

use job::{
    MAX_ACCOUNT_BYTES, MAX_ID_BYTES, MAX_OPERATION_BYTES, MAX_RETRIES, MAX_TENANT_BYTES,
    MAX_WEBHOOK_URL_BYTES, Priority, Resource,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::schema::{Draft, refine, written};

/// A job, as a producer in any language publishes it. Unknown keys are refused, so that a typo
/// does not become a default.
#[derive(JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct JobMessage {
    /// The idempotency key: the same again is the same job, done once. AMQP's `message_id`
    /// stands in for a missing one; one of both is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The provider's path below `/kling/v1/`, such as `videos/text2video`.
    operation: String,
    /// The provider's own body, passed on as it is after a check.
    request: BTreeMap<String, Value>,
    /// Whose job it is: ids of different tenants never meet. Without one: `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// Without one: `normal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    /// Not submitted after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
    /// Comes back with every event; 64 KiB at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<BTreeMap<String, Value>>,
    /// How many more rounds may be paid when a task ends failed. Without it: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
    /// The only account of the workers that it may be submitted with. Without one: any that its
    /// tenant may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// Called when the job has ended, by a gateway with `webhooks.secrets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
}

/// The job message. Lengths count characters here and bytes when the message is read.
pub fn job_message(draft: Draft) -> Value {
    let mut schema = written::<JobMessage>(draft, "job.v1.json", "A job");
    let no_control = r"^[^\u0000-\u001f\u007f-\u009f]+$";
    refine(&mut schema, "id", [("maxLength", MAX_ID_BYTES.into()), ("pattern", no_control.into())]);
    let tenant = format!("^[A-Za-z0-9._-]{{1,{MAX_TENANT_BYTES}}}$");
    refine(&mut schema, "tenant", [("pattern", tenant.into())]);
    let account = format!("^[A-Za-z0-9._-]{{1,{MAX_ACCOUNT_BYTES}}}$");
    refine(&mut schema, "account", [("pattern", account.into())]);
    let url = [("maxLength", MAX_WEBHOOK_URL_BYTES.into()), ("pattern", r"^https?://\S+$".into())];
    refine(&mut schema, "webhook_url", url);
    // Most validators do not check the format by themselves.
    let moment = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$";
    let deadline = [("format", "date-time".into()), ("pattern", moment.into())];
    refine(&mut schema, "deadline", deadline);
    refine(&mut schema, "retries", [("minimum", 0.into()), ("maximum", MAX_RETRIES.into())]);
    let lanes = format!("^({})/.+$", Resource::ALL.map(Resource::as_str).join("|"));
    let operation = [("maxLength", MAX_OPERATION_BYTES.into()), ("pattern", lanes.into())];
    refine(&mut schema, "operation", operation);
    schema
}
