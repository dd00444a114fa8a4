//! Dead letters and their names.

use std::collections::HashMap;

use job::{
    BadJob, DeadLetter, Death, Job, JobKey, MessageFacts, Operation, Reached, Reason, RequestHash,
    Tenant, Timestamp, decode,
};
use ports::{Delivery, Message, header};
use uuid::Uuid;
use validation::with_text;

/// A dead letter that was taken from its queue: dropped unsettled, it comes back.
#[derive(Debug)]
pub struct Letter {
    /// The same whenever the letter is read.
    pub name: String,
    pub delivery: Delivery,
    said: Said,
}

/// What its body says, read once.
#[derive(Debug, Default)]
struct Said {
    tenant: Option<Tenant>,
    key: Option<JobKey>,
    operation: Option<Operation>,
    /// `None` when it cannot be read as a job.
    request_hash: Option<RequestHash>,
}

/// The reason of a letter that neither a worker nor the broker gave one.
const UNTOLD: &str = "dead_lettered";

/// Names letters. Letters that are equal byte by byte get numbered names.
#[derive(Default)]
pub struct Names(HashMap<String, usize>);

impl Names {
    pub fn name(&mut self, delivery: Delivery) -> Letter {
        let base = digest(&delivery);
        let count = self.0.entry(base.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { base } else { format!("{base}~{count}") };
        let said = Said::by(&delivery.message);
        Letter { name, delivery, said }
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

impl Said {
    fn by(message: &Message) -> Self {
        match read(message) {
            Ok(job) => Self {
                tenant: Some(job.key.tenant.clone()),
                request_hash: Some(job.request.hash()),
                operation: Some(job.operation),
                key: Some(job.key),
            },
            Err(bad) => {
                let (tenant, key, operation) = (bad.tenant, bad.key, bad.operation);
                Self { tenant, key, operation, request_hash: None }
            }
        }
    }
}

fn read(message: &Message) -> Result<Job, Box<BadJob>> {
    let id = Some(message.id.as_str()).filter(|id| !id.is_empty());
    let facts = MessageFacts { message_id: id, routing_key: None };
    // As the worker reads it: else its request hash would not be the record's.
    decode(&message.body, facts).map(with_text)
}

impl Letter {
    /// The words that [`reason`](Self::reason) gives.
    pub fn reasons() -> impl Iterator<Item = &'static str> + Clone {
        Reason::WORDS.into_iter().chain(Death::WORDS).chain([UNTOLD])
    }

    /// The job's key; `None` if it cannot be read.
    pub fn key(&self) -> Option<JobKey> {
        self.said.key.clone()
    }

    /// The job in its body; `None` if it cannot be read as one.
    pub fn job(&self) -> Option<Job> {
        read(&self.delivery.message).ok()
    }

    pub(crate) fn is_job(&self) -> bool {
        self.said.request_hash.is_some()
    }

    /// Its id belongs to another request.
    pub(crate) fn is_conflict(&self) -> bool {
        self.workers_reason().is_some_and(Reason::is_conflict)
    }

    /// [`Tenant::unreadable`] if it cannot be read, as in its event.
    pub fn tenant(&self) -> Tenant {
        self.said.tenant.clone().unwrap_or_else(Tenant::unreadable)
    }

    /// The operation in its body, or that of its routing key.
    pub fn operation(&self) -> Option<Operation> {
        let said = self.said.operation.clone();
        said.or_else(|| Operation::of_routing_key(self.routing_key()))
    }

    /// The letter's data for decisions.
    pub fn facts(&self) -> DeadLetter {
        DeadLetter {
            // Letters that are equal byte by byte are interchangeable.
            handle: self.name.split('~').next().unwrap_or_default().to_owned(),
            dead_at: self.dead_at(),
            request_hash: self.said.request_hash.clone(),
        }
    }

    /// The job's id, or the name of the letter.
    pub fn shown(&self) -> String {
        self.key().map_or_else(|| self.name.clone(), |key| key.id.to_string())
    }

    /// When it was dead-lettered, by the store's time.
    pub fn dead_at(&self) -> Option<Timestamp> {
        self.delivery.message.number(header::DEAD_AT).map(Timestamp::from_millis)
    }

    /// The word of the reason that a worker gave, or the broker's.
    pub fn reason(&self) -> &str {
        let broker = || self.delivery.message.get(header::DEATH);
        self.workers_reason().or_else(broker).unwrap_or(UNTOLD)
    }

    /// `None` if the broker dead-lettered it.
    fn workers_reason(&self) -> Option<&str> {
        self.delivery.message.get(header::REASON)
    }

    /// How far its job may have come. Unknown, so the furthest, if the broker dead-lettered it or
    /// the header is missing.
    pub fn reached(&self) -> Reached {
        match (self.workers_reason(), self.delivery.message.get(header::REACHED)) {
            (Some(_), Some(word)) => Reached::of_word(Some(word)),
            (None, _) | (_, None) => Reached::Provider,
        }
    }

    /// The routing key under which it was published.
    pub fn routing_key(&self) -> &str {
        let published = self.delivery.message.get(header::ROUTING_KEY);
        published.unwrap_or(&self.delivery.routing_key)
    }
}
