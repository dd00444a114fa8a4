use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use job::Timestamp;
use rusqlite::{Connection, params};

use super::consumer::{Consumer, Taken};
use super::registry::Registry;
use super::returns::Returns;
use crate::writer::{Chore, Tx};

/// Messages taken in one transaction over all queues; the rest follows in the next.
const MOST: usize = 1_024;

/// Takes messages for the consumers of this process.
pub(crate) struct Dispatch {
    process: i64,
    registry: Arc<Registry>,
    returns: Arc<Returns>,
    consumers: HashMap<i64, Vec<Weak<Consumer>>>,
    /// Queues that may have a message for a consumer.
    dirty: HashSet<i64>,
    more: bool,
    /// Index of the consumer that gets the first message.
    turn: usize,
    batch: Batch,
}

/// Messages taken in a transaction, delivered once it is committed.
#[derive(Default)]
struct Batch {
    allotted: Vec<(Arc<Consumer>, Vec<Taken>)>,
    /// Queues that may have more messages for a consumer with room.
    unfinished: HashSet<i64>,
}

impl Dispatch {
    pub(crate) fn new(process: i64, registry: Arc<Registry>, returns: Arc<Returns>) -> Self {
        Self {
            process,
            registry,
            returns,
            consumers: HashMap::new(),
            dirty: HashSet::new(),
            more: false,
            turn: 0,
            batch: Batch::default(),
        }
    }

    fn admit(&mut self) {
        for (queue, consumer) in self.registry.take() {
            self.consumers.entry(queue).or_default().push(consumer);
            self.dirty.insert(queue);
        }
    }

    /// Takes messages of each queue for its consumers with room.
    fn fill(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Batch> {
        let consumed = |queue: &&i64| self.consumers.contains_key(*queue);
        self.dirty.extend(tx.touched.queues.iter().filter(consumed));
        let dirty: Vec<i64> = self.dirty.iter().copied().collect();
        let mut room = MOST;
        let mut batch = Batch::default();
        for queue in dirty {
            self.turn = self.turn.wrapping_add(1);
            let mut allotments = self.allotments(queue);
            let credit: usize = allotments.iter().map(|allotment| allotment.credit).sum();
            let taken = take(tx.sql, self.process, queue, credit.min(room))?;
            room -= taken.len();
            if credit > 0 && room == 0 {
                batch.unfinished.insert(queue);
            }
            allot(taken, &mut allotments);
            let allotted = allotments.into_iter().map(|one| (one.consumer, one.messages));
            batch.allotted.extend(allotted);
        }
        Ok(batch)
    }

    fn live(&mut self, queue: i64) -> Vec<Arc<Consumer>> {
        let Some(consumers) = self.consumers.get_mut(&queue) else {
            return Vec::new();
        };
        consumers.retain(|consumer| consumer.strong_count() > 0);
        let live: Vec<_> = consumers.iter().filter_map(Weak::upgrade).collect();
        if live.is_empty() {
            self.consumers.remove(&queue);
        }
        live
    }

    /// The consumers with room, starting with the one whose turn it is.
    fn allotments(&mut self, queue: i64) -> Vec<Allotment> {
        let mut consumers = self.live(queue);
        if !consumers.is_empty() {
            let first = self.turn % consumers.len();
            consumers.rotate_left(first);
        }
        let allotments = consumers.into_iter().map(|consumer| Allotment {
            credit: consumer.credit(),
            consumer,
            messages: Vec::new(),
        });
        allotments.filter(|allotment| allotment.credit > 0).collect()
    }
}

impl Chore for Dispatch {
    fn has_work(&mut self, sql: &Connection, _: Timestamp) -> bool {
        self.admit();
        let dirty: Vec<i64> = self.dirty.iter().copied().collect();
        for queue in dirty {
            let credit: usize = self.live(queue).iter().map(|consumer| consumer.credit()).sum();
            if credit > 0 && has_ready(sql, queue) {
                return true;
            }
            self.dirty.remove(&queue);
        }
        false
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        self.admit();
        self.batch = self.fill(tx)?;
        Ok(())
    }

    fn committed(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.more = !batch.unfinished.is_empty();
        self.dirty = batch.unfinished;
        for (consumer, messages) in batch.allotted {
            // A consumer that has stopped meanwhile returns them.
            if !messages.is_empty() {
                self.returns.add(consumer.push(messages));
            }
        }
    }

    /// The messages wait for the next turn.
    fn failed(&mut self) {
        self.batch = Batch::default();
        self.more = false;
    }

    fn others_committed(&mut self) {
        self.dirty.extend(self.consumers.keys());
    }

    fn has_more(&self) -> bool {
        self.more
    }

    fn is_awaited(&self) -> bool {
        !self.consumers.is_empty()
    }

    fn close(&mut self) {
        let unadmitted = self.registry.close();
        let consumers = self.consumers.drain().flat_map(|(_, consumers)| consumers);
        let all = consumers.chain(unadmitted.into_iter().map(|(_, consumer)| consumer));
        for consumer in all.filter_map(|consumer| consumer.upgrade()) {
            consumer.cut();
        }
    }
}

/// The messages of one transaction for one consumer.
struct Allotment {
    consumer: Arc<Consumer>,
    credit: usize,
    messages: Vec<Taken>,
}

/// In turn, so that no consumer gets all messages while others have room.
fn allot(taken: Vec<Taken>, allotments: &mut [Allotment]) {
    let count = allotments.len();
    let mut at = 0;
    for message in taken {
        // There is room for every message: at most the sum of all credit was taken.
        while allotments[at % count].messages.len() >= allotments[at % count].credit {
            at += 1;
        }
        allotments[at % count].messages.push(message);
        at += 1;
    }
}

pub(super) fn has_ready(sql: &Connection, queue: i64) -> bool {
    sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM ready WHERE queue = ?1)")
        .and_then(|mut query| query.query_row([queue], |row| row.get(0)))
        .unwrap_or(false)
}

pub(super) fn take(
    sql: &Connection,
    process: i64,
    queue: i64,
    count: usize,
) -> rusqlite::Result<Vec<Taken>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let taken: Vec<Taken> = sql
        .prepare_cached(
            "SELECT r.rank, r.message, r.deliveries, m.routing_key, m.props, m.body
             FROM ready AS r CROSS JOIN message AS m ON m.id = r.message
             WHERE r.queue = ?1 ORDER BY r.rank, r.message LIMIT ?2",
        )?
        .query_map(params![queue, count as i64], Taken::from_row)?
        .collect::<rusqlite::Result<_>>()?;
    for one in &taken {
        hold(sql, process, queue, one)?;
    }
    Ok(taken)
}

fn hold(sql: &Connection, process: i64, queue: i64, taken: &Taken) -> rusqlite::Result<()> {
    sql.prepare_cached("DELETE FROM ready WHERE queue = ?1 AND rank = ?2 AND message = ?3")?
        .execute([queue, taken.rank, taken.message])?;
    sql.prepare_cached(
        "INSERT INTO held (message, queue, rank, deliveries, holder)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute([taken.message, queue, taken.rank, taken.deliveries, process])?;
    Ok(())
}
