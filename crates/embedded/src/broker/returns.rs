use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use job::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::writer::{Chore, Tx};

/// A delivery to return to its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Return {
    pub(super) message: i64,
    /// Its count when it was taken: a later delivery of the message is not ours to return.
    pub(super) deliveries: i64,
    /// Its consumer may have received it.
    pub(super) seen: bool,
}

/// Deliveries to return in the writer's next transaction, repeated until it succeeds.
#[derive(Default)]
pub(crate) struct Returns(Mutex<Vec<Return>>);

impl Returns {
    fn list(&self) -> MutexGuard<'_, Vec<Return>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, more: Vec<Return>) {
        self.list().extend(more);
    }

    pub(crate) fn take(&self) -> Vec<Return> {
        std::mem::take(&mut *self.list())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list().is_empty()
    }
}

/// Returns deliveries to their queues, before the calls of a transaction.
pub(crate) struct PutBack {
    returns: Arc<Returns>,
    process: i64,
    /// Returned in a transaction that is not committed yet.
    taken: Vec<Return>,
}

impl PutBack {
    pub(crate) fn new(returns: Arc<Returns>, process: i64) -> Self {
        Self { returns, process, taken: Vec::new() }
    }
}

impl Chore for PutBack {
    fn has_work(&mut self, _: &Connection, _: Timestamp) -> bool {
        !self.returns.is_empty()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        self.taken.extend(self.returns.take());
        for returned in &self.taken {
            put_back(tx, self.process, returned)?;
        }
        Ok(())
    }

    fn committed(&mut self) {
        self.taken.clear();
    }

    fn failed(&mut self) {
        self.returns.add(std::mem::take(&mut self.taken));
    }

    fn leave(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        self.run(tx)
    }
}

/// Whether this process held it. It returns to its former place.
pub(crate) fn put_back(tx: &mut Tx<'_>, process: i64, taken: &Return) -> rusqlite::Result<bool> {
    let queue: Option<i64> = tx
        .sql
        .prepare_cached(
            "INSERT INTO ready (queue, rank, message, deliveries)
             SELECT queue, rank, message, deliveries + ?4 FROM held
             WHERE message = ?1 AND holder = ?2 AND deliveries = ?3
             RETURNING queue",
        )?
        .query_row(params![taken.message, process, taken.deliveries, taken.seen], |row| row.get(0))
        .optional()?;
    let Some(queue) = queue else {
        return Ok(false);
    };
    tx.sql.prepare_cached("DELETE FROM held WHERE message = ?1")?.execute([taken.message])?;
    tx.touched.queues.insert(queue);
    Ok(true)
}
