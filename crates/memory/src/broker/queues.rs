use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use job::JournalEntry;
use ports::{Message, header};
use tokio::sync::Notify;

use super::consumer::{Consumer, Flow};
use super::disorder::Disorder;
use super::journal::Journal;

pub(super) const DEAD: &str = "dead";
pub(super) const BROKER_DEAD: &str = "broker-dead";

/// How far out of order a disorderly broker delivers.
const REACH: u64 = 8;

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
    disorder: Option<Disorder>,
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

    pub(super) fn add_tap(&mut self, connection: u64, queue: &str, prefetch: u16) -> u64 {
        let number = self.name();
        self.consumers.insert(number, Consumer::new(connection, queue, prefetch));
        self.by_name.entry(queue.to_owned()).or_default().consumers.push(number);
        self.dispatch(queue);
        number
    }

    /// Gives what is ready to whoever has room for it.
    pub(super) fn dispatch(&mut self, name: &str) {
        while let Some((rank, number)) = self.next_hand_over(name) {
            let tag = self.name();
            let Some(queue) = self.by_name.get_mut(name) else { return };
            let Some(parcel) = queue.ready.remove(&rank) else { return };
            queue.consumers.rotate_left(1);
            let Some(consumer) = self.consumers.get_mut(&number) else { return };
            consumer.hand(tag);
            let (queue, connection) = (name.to_owned(), consumer.connection);
            self.held.insert(tag, Held { parcel, queue, consumer: number, connection });
        }
    }

    /// Which message goes next, and to whom.
    fn next_hand_over(&mut self, name: &str) -> Option<(u64, u64)> {
        let queue = self.by_name.get_mut(name)?;
        let has_room = |number: &u64| self.consumers.get(number).is_some_and(Consumer::has_room);
        let at = queue.consumers.iter().position(has_room)?;
        queue.consumers.rotate_left(at);
        let reach = REACH.min(queue.ready.len() as u64);
        let skip = self.disorder.as_ref().map_or(0, |disorder| disorder.below(reach));
        let rank = *queue.ready.keys().nth(usize::try_from(skip).unwrap_or(0))?;
        Some((rank, *queue.consumers.first()?))
    }

    /// The first that is ready, held by nobody's consumer.
    pub(super) fn take(&mut self, connection: u64, name: &str) -> Option<(u64, Parcel)> {
        let tag = self.name();
        let reach = self.by_name.get(name)?.ready.len() as u64;
        let skip =
            self.disorder.as_ref().map_or(0, |disorder| disorder.below(REACH.min(reach).max(1)));
        let ready = &mut self.by_name.get_mut(name)?.ready;
        let rank = *ready.keys().nth(usize::try_from(skip).unwrap_or(0))?;
        let parcel = ready.remove(&rank)?;
        let held = Held { parcel: parcel.clone(), queue: name.to_owned(), consumer: 0, connection };
        self.held.insert(tag, held);
        Some((tag, parcel))
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

    /// The consumer is gone. What it never showed goes back; what it showed is still held.
    pub(super) fn remove_tap(&mut self, number: u64, private: bool) {
        let Some(consumer) = self.consumers.remove(&number) else { return };
        if let Some(queue) = self.by_name.get_mut(&consumer.queue) {
            queue.consumers.retain(|other| *other != number);
        }
        for tag in consumer.buffer {
            self.give_back(tag);
        }
        if private {
            self.by_name.remove(&consumer.queue);
        }
    }

    /// The connection is lost: its consumers end, and all that it held comes again.
    pub(super) fn cut(&mut self, connection: u64) {
        let ours: Vec<u64> = self
            .consumers
            .iter()
            .filter(|(_, consumer)| consumer.connection == connection)
            .map(|(n, _)| *n)
            .collect();
        for number in ours {
            let Some(consumer) = self.consumers.get_mut(&number) else { continue };
            consumer.buffer.clear();
            consumer.end(Flow::Cut);
            if let Some(queue) = self.by_name.get_mut(&consumer.queue) {
                queue.consumers.retain(|other| *other != number);
            }
        }
        let held = self.held.iter().filter(|(_, held)| held.connection == connection);
        let tags: Vec<u64> = held.map(|(tag, _)| *tag).collect();
        for tag in tags {
            self.give_back(tag);
        }
        self.journal.cut(connection);
    }

    pub(super) fn ring_of(&self, number: u64) -> Option<Arc<Notify>> {
        self.consumers.get(&number).map(|consumer| consumer.ring.clone())
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
