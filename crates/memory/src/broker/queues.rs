//! Every queue of the broker, and who holds which of its messages. `hand_over` gives messages to
//! consumers.

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

/// Every queue, and who holds what of it.
#[derive(Debug)]
pub struct Queues {
    pub(super) by_name: BTreeMap<String, Queue>,
    pub(super) consumers: BTreeMap<u64, Consumer>,
    /// Taken and not settled, by tag.
    pub(super) held: BTreeMap<u64, Held>,
    pub(super) journal: Journal,
    /// Messages on their way back from a wait.
    pub(super) away: usize,
    /// Messages that were given up.
    pub buried: u64,
    names: u64,
    pub(super) disorder: Option<Disorder>,
    /// How long a message may wait in a lane.
    pub(super) lifetime: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) ready: BTreeMap<u64, Parcel>,
    /// Which results it wants; `None` for lanes and dead letters.
    pub(super) binding: Option<String>,
    /// Who takes from it; the first is served next.
    pub(super) consumers: Vec<u64>,
}

#[derive(Clone, Debug)]
pub struct Parcel {
    /// Its place in the queue, kept when it is given back.
    pub(super) rank: u64,
    pub message: Message,
    pub routing_key: String,
    pub(super) deliveries: u32,
    /// Its time is over: it will not be delivered again.
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

    /// A number that was never given before.
    pub(super) fn name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    /// Its place in the queue.
    pub(super) fn put(&mut self, queue: &str, routing_key: &str, message: Message) -> u64 {
        let rank = self.name();
        let routing_key = routing_key.to_owned();
        let parcel = Parcel { rank, message, routing_key, deliveries: 0, too_old: false };
        self.by_name.entry(queue.to_owned()).or_default().ready.insert(rank, parcel);
        self.dispatch(queue);
        rank
    }

    /// Its time in the lane is over: it goes now, or when whoever holds it gives it back.
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

    /// Among the dead letters, where people look; and a copy for whoever adopts it.
    fn dead_letter(&mut self, parcel: Parcel) {
        let Parcel { message, routing_key, .. } = parcel;
        let message = message.header(header::DEATH, "expired");
        self.buried += 1;
        self.put(DEAD, &routing_key, message.clone());
        self.put(BROKER_DEAD, &routing_key, message);
    }

    /// A copy for every queue that wants it.
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

    /// What is held under a tag goes; `None` when it was given back with its connection.
    pub(super) fn settle(&mut self, tag: u64) -> Option<Held> {
        let held = self.held.remove(&tag)?;
        if let Some(consumer) = self.consumers.get_mut(&held.consumer) {
            consumer.unsettled -= 1;
        }
        Some(held)
    }

    /// Back into its place, counted as one more delivery.
    pub(super) fn give_back(&mut self, tag: u64) -> bool {
        let Some(Held { mut parcel, queue: name, .. }) = self.settle(tag) else { return false };
        parcel.deliveries += 1;
        if parcel.too_old {
            self.dead_letter(parcel);
            self.dispatch(&name);
            return true;
        }
        // A listener's own queue is gone with the listener.
        if let Some(queue) = self.by_name.get_mut(&name) {
            queue.ready.insert(parcel.rank, parcel);
        }
        self.dispatch(&name);
        true
    }

    pub fn ready(&self, queue: &str) -> usize {
        self.by_name.get(queue).map_or(0, |queue| queue.ready.len())
    }

    /// Nothing waits in a lane, nothing is held, nothing is on its way back.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet_but_for(0)
    }

    /// The same, and so many may be on their way back.
    pub fn is_quiet_but_for(&self, away: usize) -> bool {
        let is_ours = |name: &str| name.starts_with("jobs.") || name == BROKER_DEAD;
        let waits = |(name, queue): (&String, &Queue)| is_ours(name) && !queue.ready.is_empty();
        self.away <= away && self.held.is_empty() && !self.by_name.iter().any(waits)
    }

    /// The tasks that the journal tells of.
    pub fn noted_tasks(&self) -> BTreeSet<String> {
        let told = |line: &Message| serde_json::from_slice::<JournalEntry>(&line.body).ok();
        self.journal
            .lines
            .iter()
            .filter_map(told)
            .filter_map(|entry| entry.record.task_id)
            .collect()
    }

    /// What people would find among the dead letters.
    pub fn dead(&self) -> impl Iterator<Item = &Parcel> {
        self.by_name.get(DEAD).into_iter().flat_map(|queue| queue.ready.values())
    }
}
