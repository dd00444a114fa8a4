//! Decodes a message into a job.

use super::fields::{
    Fields, account, deadline, fields, id, metadata, operation, priority, refuse_unknown, request,
    retries, tenant, webhook,
};
use super::{BadJob, Job, MessageFacts};
use crate::{
    JobId, JobKey, JsonObject, MAX_MESSAGE_BYTES, Operation, Priority, Reason, Request, Resource,
    RoutingKey, Tenant, Timestamp, WebhookUrl,
};

/// Some editors and exports begin a text with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A job, or the reason why the message is none.
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

/// For a message of which nothing could be read.
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

/// Each part is read on its own, so that one error hides no other part.
struct Parts {
    tenant: Result<Tenant, Reason>,
    id: Result<JobId, Reason>,
    operation: Result<Operation, Reason>,
    request: Result<Request, Reason>,
    priority: Result<Priority, Reason>,
    deadline: Result<Option<Timestamp>, Reason>,
    metadata: Result<JsonObject, Reason>,
    retries: Result<u32, Reason>,
    account: Result<Option<String>, Reason>,
    webhook: Result<Option<WebhookUrl>, Reason>,
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
            account: account(&mut fields),
            webhook: webhook(&mut fields),
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
            account: self.account?,
            webhook: self.webhook?,
        })
    }

    /// The `message_id` replaces an id that is invalid: both name the same job.
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
