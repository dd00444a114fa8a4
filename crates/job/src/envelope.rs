mod decode;
mod fields;

use serde::Serialize;

use crate::{
    JobId, JobKey, JsonObject, Operation, Priority, Reason, Request, Resource, RoutingKey, Tenant,
    Timestamp, WebhookUrl,
};
pub use decode::decode;

/// The keys of a job message; others are refused by name.
pub const KEYS: [&str; 10] = [
    "id",
    "operation",
    "request",
    "tenant",
    "priority",
    "deadline",
    "metadata",
    "retries",
    "account",
    "webhook_url",
];

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
    /// The only account that it may be submitted with; `None`: any that its tenant may use.
    pub account: Option<String>,
    /// Called when an event reports a change of its task.
    pub webhook: Option<WebhookUrl>,
}

/// Message properties that take part in decoding.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageFacts<'a> {
    /// Takes the place of a missing `id`.
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
    /// The resource of the lane that it came from.
    pub came_by: Option<Resource>,
    /// The whole job, if its operation is unknown or its routing key disagrees.
    pub job: Option<Job>,
}

impl BadJob {
    /// The key of its record: its own identity, or one that no job can have.
    pub fn record_key(&self, message_id: &str, body: &[u8]) -> JobKey {
        if let Some(key) = &self.key {
            return key.clone();
        }
        let tenant = self.tenant.clone().unwrap_or_else(Tenant::unreadable);
        let id = JobId::new(message_id).unwrap_or_else(|_| JobId::of_message(body));
        JobKey::new(tenant, id)
    }

    /// The operation in its events: its own, if known, or an unknown one of the same resource.
    pub fn told_operation(&self) -> Operation {
        let own = self.operation.as_ref().filter(|operation| operation.resource().is_some());
        match (own, self.came_by) {
            (Some(operation), _) => operation.clone(),
            (None, Some(resource)) => Operation::new(format!("{resource}/unknown")),
            (None, None) => Operation::new("unknown"),
        }
    }
}

/// A job as it is published; empty values are left out.
#[derive(Serialize)]
struct Serialized<'a> {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<&'a WebhookUrl>,
}

impl Job {
    pub fn routing_key(&self) -> RoutingKey {
        RoutingKey::of(&self.operation, self.priority)
    }

    /// The message that [`decode`] reads back into this job.
    pub fn to_message(&self) -> String {
        let wire = Serialized {
            id: &self.key.id,
            tenant: &self.key.tenant,
            operation: &self.operation,
            request: &self.request,
            priority: self.priority,
            deadline: self.deadline.map(|at| at.to_string()),
            metadata: Some(&self.metadata).filter(|metadata| !metadata.is_empty()),
            retries: Some(self.retries).filter(|retries| *retries > 0),
            account: self.account.as_deref(),
            webhook_url: self.webhook.as_ref(),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
