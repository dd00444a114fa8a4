//! A dead letter, with a name of its own.

use std::collections::HashMap;

use job::{DeadLetter, Job, JobKey, MessageFacts, Reached, Timestamp, decode};
use ports::{Delivery, header};
use uuid::Uuid;
use validation::with_text;

/// A dead letter that was taken from its queue: dropped unsettled, it comes back.
#[derive(Debug)]
pub struct Letter {
    /// The same at every reading.
    pub name: String,
    pub delivery: Delivery,
}

/// Names letters, and tells those apart that are equal to the last byte.
#[derive(Default)]
pub struct Names(HashMap<String, usize>);

impl Names {
    pub fn name(&mut self, delivery: Delivery) -> Letter {
        let base = digest(&delivery);
        let count = self.0.entry(base.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { base } else { format!("{base}~{count}") };
        Letter { name, delivery }
    }
}

/// What the broker counts is no part of it.
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

impl Letter {
    /// Whose it is; `None` where nobody can tell.
    pub fn key(&self) -> Option<JobKey> {
        match self.read() {
            Ok(job) => Some(job.key),
            Err(bad) => bad.key,
        }
    }

    /// What it tells about itself.
    pub fn facts(&self) -> DeadLetter {
        DeadLetter {
            // Of letters that are equal to the last byte one is as good as the other.
            handle: self.name.split('~').next().unwrap_or_default().to_owned(),
            dead_at: self.dead_at(),
            request_hash: self.read().ok().map(|job| job.request.hash()),
        }
    }

    /// When it was put there, by the store's time.
    pub fn dead_at(&self) -> Option<Timestamp> {
        self.delivery.message.number(header::DEAD_AT).map(Timestamp::from_millis)
    }

    /// The word of the reason that a worker gave; `None` where the broker gave it up.
    pub fn reason(&self) -> Option<&str> {
        self.delivery.message.get(header::REASON)
    }

    /// How far its job may have come. Of a letter that the broker wrote nobody knows who had it
    /// before, nor of one that says nothing.
    pub fn reached(&self) -> Reached {
        match (self.reason(), self.delivery.message.get(header::REACHED)) {
            (Some(_), Some(word)) => Reached::of_word(Some(word)),
            (None, _) | (_, None) => Reached::Provider,
        }
    }

    /// Under which it was published.
    pub fn routing_key(&self) -> &str {
        let told = self.delivery.message.get(header::ROUTING_KEY);
        told.unwrap_or(&self.delivery.routing_key)
    }

    fn read(&self) -> Result<Job, Box<job::BadJob>> {
        let message = &self.delivery.message;
        let id = Some(message.id.as_str()).filter(|id| !id.is_empty());
        let facts = MessageFacts { message_id: id, routing_key: None };
        // As the worker reads it: else its request is not the record's.
        decode(&message.body, facts).map(with_text)
    }
}
