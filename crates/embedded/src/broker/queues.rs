use job::{Lane, OverflowQueue};
use ports::Subscription;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::writer::Tx;

const DEAD: &str = "dead";
pub(crate) const UNROUTED: &str = "unrouted";
const WEBHOOKS: &str = "webhooks";

/// Ids of the queues that always exist.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    lanes: Vec<(Lane, i64)>,
    overflow: Vec<(OverflowQueue, i64)>,
    pub(crate) dead: i64,
    pub(crate) unrouted: i64,
    pub(crate) webhooks: i64,
}

impl Queues {
    pub(crate) fn ensure(sql: &Connection, ns: i64) -> rusqlite::Result<Self> {
        let lanes = Lane::all()
            .map(|lane| Ok((lane, ensure(sql, ns, &format!("jobs.{lane}"))?)))
            .collect::<rusqlite::Result<_>>()?;
        let overflow = OverflowQueue::all()
            .map(|queue| Ok((queue, ensure(sql, ns, &format!("overflow.{queue}"))?)))
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            lanes,
            overflow,
            dead: ensure(sql, ns, DEAD)?,
            unrouted: ensure(sql, ns, UNROUTED)?,
            webhooks: ensure(sql, ns, WEBHOOKS)?,
        })
    }

    /// For a store that only reads: it has no queues.
    pub(crate) fn none() -> Self {
        Self { lanes: Vec::new(), overflow: Vec::new(), dead: 0, unrouted: 0, webhooks: 0 }
    }

    pub(crate) fn of(&self, lane: Lane) -> Option<i64> {
        self.lanes.iter().find(|(known, _)| *known == lane).map(|(_, queue)| *queue)
    }

    pub(crate) fn of_overflow(&self, queue: OverflowQueue) -> Option<i64> {
        self.overflow.iter().find(|(known, _)| *known == queue).map(|(_, id)| *id)
    }

    /// The queue of the lane that binds the key.
    pub(crate) fn bound_to(&self, key: &str) -> Option<i64> {
        self.lanes
            .iter()
            .find(|(lane, _)| ports::topic_matches(&lane.binding(), key))
            .map(|(_, queue)| *queue)
    }
}

fn ensure(sql: &Connection, ns: i64, name: &str) -> rusqlite::Result<i64> {
    sql.prepare_cached("INSERT INTO queue (ns, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![ns, name])?;
    sql.prepare_cached("SELECT id FROM queue WHERE ns = ?1 AND name = ?2")?
        .query_row(params![ns, name], |row| row.get(0))
}

fn results_name(name: &str) -> String {
    format!("results.{name}")
}

/// The bound queue of a subscription. A name keeps the patterns of its earlier bindings.
pub(crate) fn subscribe(
    sql: &Connection,
    ns: i64,
    process: i64,
    subscription: &Subscription,
) -> rusqlite::Result<i64> {
    let queue = match &subscription.name {
        Some(name) => ensure(sql, ns, &results_name(name))?,
        None => make_private(sql, ns, process)?,
    };
    sql.prepare_cached(
        "INSERT INTO binding (ns, queue, pattern) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?
    .execute(params![ns, queue, subscription.binding])?;
    Ok(queue)
}

fn make_private(sql: &Connection, ns: i64, process: i64) -> rusqlite::Result<i64> {
    // No name that a user may choose begins with a space.
    let name = format!(" {}", Uuid::new_v4());
    sql.prepare_cached("INSERT INTO queue (ns, name, process) VALUES (?1, ?2, ?3)")?
        .execute(params![ns, name, process])?;
    Ok(sql.last_insert_rowid())
}

pub(crate) fn find_subscription(
    sql: &Connection,
    ns: i64,
    name: &str,
) -> rusqlite::Result<Option<i64>> {
    sql.prepare_cached("SELECT id FROM queue WHERE ns = ?1 AND name = ?2")?
        .query_row(params![ns, results_name(name)], |row| row.get(0))
        .optional()
}

/// The queues with a matching pattern, each once.
pub(crate) fn subscribed(sql: &Connection, ns: i64, key: &str) -> rusqlite::Result<Vec<i64>> {
    let mut query =
        sql.prepare_cached("SELECT queue, pattern FROM binding WHERE ns = ?1 ORDER BY queue")?;
    let mut rows = query.query([ns])?;
    let mut queues = Vec::new();
    while let Some(row) = rows.next()? {
        let queue = row.get(0)?;
        // A pattern that cannot be read binds nothing, and must not block the others.
        let Ok(pattern) = row.get_ref(1)?.as_str() else { continue };
        if queues.last() != Some(&queue) && ports::topic_matches(pattern, key) {
            queues.push(queue);
        }
    }
    Ok(queues)
}

pub(crate) fn count_ready(sql: &Connection, queue: i64) -> rusqlite::Result<i64> {
    sql.prepare_cached("SELECT count(*) FROM ready WHERE queue = ?1")?
        .query_row([queue], |row| row.get(0))
}

/// Whether a message is delivered and not settled.
pub(crate) fn is_held(sql: &Connection, queue: i64) -> rusqlite::Result<bool> {
    sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM held WHERE queue = ?1)")?
        .query_row([queue], |row| row.get(0))
}

pub(crate) fn owned_by(sql: &Connection, process: i64) -> rusqlite::Result<Vec<i64>> {
    sql.prepare_cached("SELECT id FROM queue WHERE process = ?1")?
        .query_map([process], |row| row.get(0))?
        .collect()
}

/// Removes a queue with its messages.
pub(crate) fn remove(tx: &mut Tx<'_>, queue: i64) -> rusqlite::Result<()> {
    for statement in [
        "DELETE FROM message WHERE id IN (SELECT message FROM ready WHERE queue = ?1)",
        "DELETE FROM message WHERE id IN (SELECT message FROM held WHERE queue = ?1)",
        "DELETE FROM ready WHERE queue = ?1",
        "DELETE FROM held WHERE queue = ?1",
        "DELETE FROM binding WHERE queue = ?1",
        "DELETE FROM queue WHERE id = ?1",
    ] {
        tx.sql.prepare_cached(statement)?.execute([queue])?;
    }
    Ok(())
}

pub(crate) fn drop_oldest(tx: &mut Tx<'_>, queue: i64, count: i64) -> rusqlite::Result<()> {
    for _ in 0..count {
        let oldest: Option<i64> = tx
            .sql
            .prepare_cached(
                "DELETE FROM ready WHERE (queue, rank, message) IN
                    (SELECT queue, rank, message FROM ready WHERE queue = ?1
                     ORDER BY rank, message LIMIT 1)
                 RETURNING message",
            )?
            .query_row([queue], |row| row.get(0))
            .optional()?;
        let Some(message) = oldest else { break };
        tx.sql.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([message])?;
    }
    Ok(())
}

/// Returns all messages that a process had taken; each counts as one more delivery.
pub(crate) fn free_held(tx: &mut Tx<'_>, process: i64) -> rusqlite::Result<()> {
    let queues: Vec<i64> = tx
        .sql
        .prepare_cached("SELECT DISTINCT queue FROM held WHERE holder = ?1")?
        .query_map([process], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    tx.sql
        .prepare_cached(
            "INSERT INTO ready (queue, rank, message, deliveries)
             SELECT queue, rank, message, deliveries + 1 FROM held WHERE holder = ?1",
        )?
        .execute([process])?;
    tx.sql.prepare_cached("DELETE FROM held WHERE holder = ?1")?.execute([process])?;
    tx.touched.queues.extend(queues);
    Ok(())
}
