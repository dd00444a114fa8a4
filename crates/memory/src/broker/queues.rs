//! All queues of the broker, and which consumer holds which message. `hand_over` assigns messages
//! to consumers.

mod hand_over;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use job::JournalEntry;
use ports::{Message, header};

use super::consumer::Consumer;
use super::disorder::Disorder;
use super::journal::Journal;

pub(super) const DEAD: &str = "dead";
pub(super) const BROKER_DEAD: &str = "broker-dead";
pub(super) const WEBHOOKS: &str = "webhooks";

/// All queues, and which consumer holds which message.
#[derive(Debug)]
pub struct Queues {
    pub(super) by_name: BTreeMap<String, Queue>,
    pub(super) consumers: BTreeMap<u64, Consumer>,
    /// Messages assigned and not settled, by tag.
    pub(super) held: BTreeMap<u64, Held>,
    pub(super) journal: Journal,
    /// Number of messages that wait for a delayed return.
    pub(super) away: usize,
    /// Number of messages that the broker dead-lettered.
    pub buried: u64,
    names: u64,
    pub(super) disorder: Option<Disorder>,
    /// The longest time that a message may wait in a lane.
    pub(super) lifetime: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) ready: BTreeMap<u64, Parcel>,
    /// The binding of a result queue; `None` for lanes and dead letters.
    pub(super) binding: Option<String>,
    /// The consumers; the first gets the next message.
    pub(super) consumers: Vec<u64>,
}

#[derive(Clone, Debug)]
pub struct Parcel {
    /// Its position in the queue, kept when it is given back.
    pub(super) rank: u64,
    pub message: Message,
    pub routing_key: String,
    pub(super) deliveries: u32,
    /// Its lifetime has ended: it is not delivered again.
    too_old: bool,
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) parcel: Parcel,
    pub(super) queue: String,
    consumer: u64,
    connection: u64,
}

impl Queues {
    pub(super) fn new(disorder: Option<Disorder>) -> Self {
        Self {
            by_name: BTreeMap::new(),
            consumers: BTreeMap::new(),
            held: BTreeMap::new(),
            journal: Journal::default(),
            away: 0,
            buried: 0,
            names: 0,
            disorder,
            lifetime: None,
        }
    }

    /// A number that was never used before.
    pub(super) fn name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    /// Returns its position in the queue.
    pub(super) fn put(&mut self, queue: &str, routing_key: &str, message: Message) -> u64 {
        let rank = self.name();
        let routing_key = routing_key.to_owned();
        let parcel = Parcel { rank, message, routing_key, deliveries: 0, too_old: false };
        self.by_name.entry(queue.to_owned()).or_default().ready.insert(rank, parcel);
        self.dispatch(queue);
        rank
    }

    /// Its lifetime in the lane has ended: it is dead-lettered now, or when it is given back.
    pub(super) fn grow_too_old(&mut self, lane: &str, rank: u64) {
        let waiting = self.by_name.get_mut(lane).and_then(|queue| queue.ready.remove(&rank));
        if let Some(parcel) = waiting {
            return self.dead_letter(parcel);
        }
        let is_it = |held: &&mut Held| held.queue == lane && held.parcel.rank == rank;
        if let Some(held) = self.held.values_mut().find(is_it) {
            held.parcel.too_old = true;
        }
    }

    /// Puts it into the dead letters, and a copy into the queue for adoption.
    fn dead_letter(&mut self, parcel: Parcel) {
        let Parcel { message, routing_key, .. } = parcel;
        let message = message.header(header::DEATH, "expired");
        self.buried += 1;
        self.put(DEAD, &routing_key, message.clone());
        self.put(BROKER_DEAD, &routing_key, message);
    }

    /// Puts a copy into every queue whose binding matches.
    pub(super) fn fan_out(&mut self, routing_key: &str, message: &Message) {
        let wants = |queue: &Queue| {
            queue.binding.as_ref().is_some_and(|b| ports::topic_matches(b, routing_key))
        };
        let found = self.by_name.iter().filter(|(_, queue)| wants(queue));
        let names: Vec<String> = found.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.put(&name, routing_key, message.clone());
        }
    }

    /// Removes the message with this tag; `None` if it was given back with its connection.
    pub(super) fn settle(&mut self, tag: u64) -> Option<Held> {
        let held = self.held.remove(&tag)?;
        if let Some(consumer) = self.consumers.get_mut(&held.consumer) {
            consumer.unsettled -= 1;
        }
        Some(held)
    }

    /// Returns it to its position, and counts one more delivery.
    pub(super) fn give_back(&mut self, tag: u64) -> bool {
        let Some(Held { mut parcel, queue: name, .. }) = self.settle(tag) else { return false };
        parcel.deliveries += 1;
        if parcel.too_old {
            self.dead_letter(parcel);
            self.dispatch(&name);
            return true;
        }
        // A private queue is deleted with its consumer.
        if let Some(queue) = self.by_name.get_mut(&name) {
            queue.ready.insert(parcel.rank, parcel);
        }
        self.dispatch(&name);
        true
    }

    pub fn ready(&self, queue: &str) -> usize {
        self.by_name.get(queue).map_or(0, |queue| queue.ready.len())
    }

    /// No message waits in a lane, is held, or waits for a delayed return.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet_but_for(0)
    }

    /// The same, but this many may wait for a delayed return.
    pub fn is_quiet_but_for(&self, away: usize) -> bool {
        let holds_jobs = |name: &str| name.starts_with("jobs.") || name.starts_with("overflow.");
        let is_ours = |name: &str| holds_jobs(name) || name == BROKER_DEAD;
        let waits = |(name, queue): (&String, &Queue)| is_ours(name) && !queue.ready.is_empty();
        self.away <= away && self.held.is_empty() && !self.by_name.iter().any(waits)
    }

    /// The tasks in the journal.
    pub fn noted_tasks(&self) -> BTreeSet<String> {
        let told = |line: &Message| serde_json::from_slice::<JournalEntry>(&line.body).ok();
        self.journal
            .lines
            .iter()
            .filter_map(told)
            .filter_map(|entry| entry.record.task_id)
            .collect()
    }

    /// The messages in the dead letters.
    pub fn dead(&self) -> impl Iterator<Item = &Parcel> {
        self.by_name.get(DEAD).into_iter().flat_map(|queue| queue.ready.values())
    }
}
