//! Assigns messages to consumers.

use std::sync::Arc;

use tokio::sync::Notify;

use super::{Held, Queues};
use crate::broker::consumer::{Consumer, Flow};

/// The number of ready messages among which a disorderly broker chooses.
const REACH: u64 = 8;

impl Queues {
    pub(in crate::broker) fn add_consumer(
        &mut self,
        connection: u64,
        queue: &str,
        prefetch: u16,
    ) -> u64 {
        let number = self.name();
        self.consumers.insert(number, Consumer::new(connection, queue, prefetch));
        self.by_name.entry(queue.to_owned()).or_default().consumers.push(number);
        self.dispatch(queue);
        number
    }

    /// Assigns ready messages to consumers that have room.
    pub(in crate::broker) fn dispatch(&mut self, name: &str) {
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

    /// Returns the next message and its consumer.
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

    /// Removes a consumer. Messages not delivered yet go back; the others are still held.
    pub(in crate::broker) fn remove_consumer(&mut self, number: u64, private: bool) {
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

    /// Cuts a connection: its consumers end, and all messages that it held are delivered again.
    pub(in crate::broker) fn cut(&mut self, connection: u64) {
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

    pub(in crate::broker) fn ring_of(&self, number: u64) -> Option<Arc<Notify>> {
        self.consumers.get(&number).map(|consumer| consumer.ring.clone())
    }
}
