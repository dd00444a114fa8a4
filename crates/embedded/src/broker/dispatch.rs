use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use rusqlite::{Connection, params};

use super::settle::Return;
use super::tap::{Taken, Tap};
use crate::writer::Tx;

/// Messages taken in one transaction over all queues; more follow in the next.
const MOST: usize = 1_024;

/// Which consumers listen here, and which queues may have something for them.
pub(crate) struct Dispatch {
    process: i64,
    taps: HashMap<i64, Vec<Weak<Tap>>>,
    dirty: HashSet<i64>,
    more: bool,
    /// Whose turn it is to be dealt the first message.
    turn: usize,
}

/// What was taken in a transaction, to be handed over once it is committed.
pub(crate) struct Fills {
    dealt: Vec<(Arc<Tap>, Vec<Taken>)>,
    /// Queues that were not taken to their end though somebody wants more.
    unfinished: HashSet<i64>,
}

impl Dispatch {
    pub(crate) fn new(process: i64) -> Self {
        Self { process, taps: HashMap::new(), dirty: HashSet::new(), more: false, turn: 0 }
    }

    pub(crate) fn register(&mut self, queue: i64, tap: Weak<Tap>) {
        self.taps.entry(queue).or_default().push(tap);
        self.dirty.insert(queue);
    }

    pub(crate) fn touch_all(&mut self) {
        self.dirty.extend(self.taps.keys());
    }

    pub(crate) fn is_listening(&self) -> bool {
        !self.taps.is_empty()
    }

    pub(crate) fn has_more(&self) -> bool {
        self.more
    }

    /// After a failure: what is left waits for the next tick.
    pub(crate) fn calm(&mut self) {
        self.more = false;
    }

    /// Asked while nothing else happens: an idle file is not written to without need.
    pub(crate) fn wants(&mut self, sql: &Connection) -> bool {
        let dirty: Vec<i64> = self.dirty.iter().copied().collect();
        for queue in dirty {
            let credit: usize = self.live(queue).iter().map(|tap| tap.credit()).sum();
            if credit > 0 && has_ready(sql, queue) {
                return true;
            }
            self.dirty.remove(&queue);
        }
        false
    }

    /// Takes for every consumer with room what its queue has.
    pub(crate) fn fill(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Fills> {
        let listened = |queue: &&i64| self.taps.contains_key(*queue);
        self.dirty.extend(tx.touched.queues.iter().filter(listened));
        let dirty: Vec<i64> = self.dirty.iter().copied().collect();
        let mut room = MOST;
        let mut fills = Fills { dealt: Vec::new(), unfinished: HashSet::new() };
        for queue in dirty {
            self.turn = self.turn.wrapping_add(1);
            let mut hands = self.hands(queue);
            let credit: usize = hands.iter().map(|hand| hand.credit).sum();
            let taken = take(tx.sql, self.process, queue, credit.min(room))?;
            room -= taken.len();
            if credit > 0 && room == 0 {
                fills.unfinished.insert(queue);
            }
            deal(taken, &mut hands);
            fills.dealt.extend(hands.into_iter().map(|hand| (hand.tap, hand.cards)));
        }
        Ok(fills)
    }

    /// Hands over, and tells what came too late for its consumer.
    pub(crate) fn deliver(&mut self, fills: Fills) -> Vec<Return> {
        self.more = !fills.unfinished.is_empty();
        self.dirty = fills.unfinished;
        let dealt = fills.dealt.into_iter().filter(|(_, cards)| !cards.is_empty());
        dealt.flat_map(|(tap, cards)| tap.push(cards)).collect()
    }

    pub(crate) fn cut_all(&mut self) {
        for (_, taps) in self.taps.drain() {
            for tap in taps.iter().filter_map(Weak::upgrade) {
                tap.cut();
            }
        }
    }

    fn live(&mut self, queue: i64) -> Vec<Arc<Tap>> {
        let Some(taps) = self.taps.get_mut(&queue) else {
            return Vec::new();
        };
        taps.retain(|tap| tap.strong_count() > 0);
        let live: Vec<_> = taps.iter().filter_map(Weak::upgrade).collect();
        if live.is_empty() {
            self.taps.remove(&queue);
        }
        live
    }

    /// Those with room, the one whose turn it is first.
    fn hands(&mut self, queue: i64) -> Vec<Hand> {
        let mut taps = self.live(queue);
        if !taps.is_empty() {
            let first = self.turn % taps.len();
            taps.rotate_left(first);
        }
        let hands =
            taps.into_iter().map(|tap| Hand { credit: tap.credit(), tap, cards: Vec::new() });
        hands.filter(|hand| hand.credit > 0).collect()
    }
}

/// One consumer while messages are dealt.
struct Hand {
    tap: Arc<Tap>,
    credit: usize,
    cards: Vec<Taken>,
}

/// One by one in turn, so that no consumer gets all while others have room.
fn deal(taken: Vec<Taken>, hands: &mut [Hand]) {
    let count = hands.len();
    let mut at = 0;
    for card in taken {
        // There is room for every card: no more were taken than all credit together.
        while hands[at % count].cards.len() >= hands[at % count].credit {
            at += 1;
        }
        hands[at % count].cards.push(card);
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
