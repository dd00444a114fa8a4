//! Dead letters and their names.

use std::collections::HashMap;

use job::{DeadLetter, Job, JobKey, MessageFacts, Reached, Timestamp, decode};
use ports::{Delivery, header};
use uuid::Uuid;
use validation::with_text;

/// A dead letter that was taken from its queue: dropped unsettled, it comes back.
#[derive(Debug)]
pub struct Letter {
    /// The same whenever the letter is read.
    pub name: String,
    pub delivery: Delivery,
}

/// Names letters. Letters that are equal byte by byte get numbered names.
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

/// The broker's counters are not part of it.
fn digest(delivery: &Delivery) -> String {
    let message = &delivery.message;
    let mut bytes = Vec::new();
    let headers = [header::DEAD_AT, header::REASON, header::ROUTING_KEY];
    let headers = headers.map(|name| message.get(name).unwrap_or_default().as_bytes());
    for part in [message.id.as_bytes(), &message.body].into_iter().chain(headers) {
        bytes.extend_from_slice(&part.len().to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, &bytes).simple().to_string();
    name[..16].to_owned()
}

impl Letter {
    /// The job's key; `None` if it cannot be read.
    pub fn key(&self) -> Option<JobKey> {
        match self.read() {
            Ok(job) => Some(job.key),
            Err(bad) => bad.key,
        }
    }

    /// The letter's data for decisions.
    pub fn facts(&self) -> DeadLetter {
        DeadLetter {
            // Letters that are equal byte by byte are interchangeable.
            handle: self.name.split('~').next().unwrap_or_default().to_owned(),
            dead_at: self.dead_at(),
            request_hash: self.read().ok().map(|job| job.request.hash()),
        }
    }

    /// When it was dead-lettered, by the store's time.
    pub fn dead_at(&self) -> Option<Timestamp> {
        self.delivery.message.number(header::DEAD_AT).map(Timestamp::from_millis)
    }

    /// The word of the reason that a worker gave; `None` if the broker dead-lettered it.
    pub fn reason(&self) -> Option<&str> {
        self.delivery.message.get(header::REASON)
    }

    /// How far its job may have come. Unknown, so the furthest, if the broker dead-lettered it or
    /// the header is missing.
    pub fn reached(&self) -> Reached {
        match (self.reason(), self.delivery.message.get(header::REACHED)) {
            (Some(_), Some(word)) => Reached::of_word(Some(word)),
            (None, _) | (_, None) => Reached::Provider,
        }
    }

    /// The routing key under which it was published.
    pub fn routing_key(&self) -> &str {
        let published = self.delivery.message.get(header::ROUTING_KEY);
        published.unwrap_or(&self.delivery.routing_key)
    }

    fn read(&self) -> Result<Job, Box<job::BadJob>> {
        let message = &self.delivery.message;
        let id = Some(message.id.as_str()).filter(|id| !id.is_empty());
        let facts = MessageFacts { message_id: id, routing_key: None };
        // As the worker reads it: else its request hash would not be the record's.
        decode(&message.body, facts).map(with_text)
    }
}
