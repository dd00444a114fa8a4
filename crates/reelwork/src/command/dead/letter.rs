//! A dead letter, with a name of its own.

use std::collections::HashMap;

use job::{DeadLetter, JobKey, MessageFacts, Timestamp, decode};
use ports::{Delivery, Message, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reader::Held;

/// Names letters that are equal to the last byte apart.
#[derive(Default)]
pub(super) struct Names(HashMap<String, usize>);

impl Names {
    pub(super) fn name(&mut self, delivery: &Delivery) -> String {
        let base = digest(delivery);
        let count = self.0.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 { base } else { format!("{base}~{count}") }
    }
}

/// The same at every reading: what the broker counts is no part of it.
fn digest(delivery: &Delivery) -> String {
    let message = &delivery.message;
    let mut bytes = Vec::new();
    let told = [header::DEAD_AT, header::REASON, header::ROUTING_KEY];
    let told = told.map(|name| message.get(name).unwrap_or_default().as_bytes());
    for part in [message.id.as_bytes(), &message.body].into_iter().chain(told) {
        bytes.extend_from_slice(&part.len().to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, &bytes).simple().to_string();
    name[..16].to_owned()
}

pub(super) fn of(held: &Held) -> DeadLetter {
    let job = decode(&held.delivery.message.body, facts(&held.delivery));
    DeadLetter {
        // Of letters that are equal to the last byte one is as good as the other.
        handle: held.name.split('~').next().unwrap_or_default().to_owned(),
        dead_at: dead_at(&held.delivery),
        request_hash: job.ok().map(|job| job.request.hash()),
    }
}

fn dead_at(delivery: &Delivery) -> Option<Timestamp> {
    delivery.message.number(header::DEAD_AT).map(Timestamp::from_millis)
}

fn facts(delivery: &Delivery) -> MessageFacts<'_> {
    let id = Some(delivery.message.id.as_str()).filter(|id| !id.is_empty());
    MessageFacts { message_id: id, routing_key: None }
}

pub(super) fn identity(delivery: &Delivery) -> Option<JobKey> {
    match decode(&delivery.message.body, facts(delivery)) {
        Ok(job) => Some(job.key),
        Err(bad) => bad.key,
    }
}

pub(super) fn original_key(delivery: &Delivery) -> String {
    delivery.message.get(header::ROUTING_KEY).unwrap_or(&delivery.routing_key).to_owned()
}

pub(super) fn row(held: &Held) -> Value {
    let message = &held.delivery.message;
    let key = identity(&held.delivery);
    json!({
        "letter": held.name,
        "id": message.id,
        "job_id": key.as_ref().map(|key| key.id.to_string()),
        "tenant": key.as_ref().map(|key| key.tenant.to_string()),
        "reason": reason(message),
        "detail": message.get(header::DETAIL),
        "routing_key": original_key(&held.delivery),
        "dead_at": dead_at(&held.delivery).map(|at| at.to_string()),
        "bytes": message.body.len(),
    })
}

/// Ours, or the broker's own.
fn reason(message: &Message) -> &str {
    let known = message.get(header::REASON).or_else(|| message.get(header::DEATH));
    known.unwrap_or("dead_lettered")
}

/// By its own name, the message's id, or the job's.
pub(super) fn is(held: &Held, id: &str) -> bool {
    let of_job = |key: JobKey| key.id.as_str() == id || key.to_string() == id;
    let of_message = !id.is_empty() && held.delivery.message.id == id;
    held.name == id || of_message || identity(&held.delivery).is_some_and(of_job)
}
