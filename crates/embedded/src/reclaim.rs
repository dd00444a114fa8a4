//! Frees what a dead process held.

use ports::{Clock, SystemClock};
use rusqlite::{Connection, params};

use crate::broker::queues;
use crate::writer::{DeadProcess, Touched, Tx};

/// Frees a process's deliveries, queues, leases and claims.
pub(crate) fn reclaim(tx: &mut Tx<'_>, process: i64) -> rusqlite::Result<()> {
    queues::free_held(tx, process)?;
    for queue in queues::owned_by(tx.sql, process)? {
        queues::remove(tx, queue)?;
    }
    for statement in [
        "UPDATE due SET at = min(at, ?2), holder = NULL WHERE holder = ?1",
        "UPDATE outbox SET at = min(at, ?2), holder = NULL WHERE holder = ?1",
    ] {
        tx.sql.prepare_cached(statement)?.execute(params![process, tx.now.as_millis()])?;
    }
    for statement in ["DELETE FROM lease WHERE process = ?1", "DELETE FROM process WHERE id = ?1"] {
        tx.sql.prepare_cached(statement)?.execute([process])?;
    }
    Ok(())
}

/// For a process that is joining and has no writer yet.
pub(crate) fn reclaim_all(sql: &Connection, dead: &[DeadProcess]) -> rusqlite::Result<()> {
    let mut touched = Touched::default();
    let mut tx = Tx { sql, now: SystemClock.now(), touched: &mut touched };
    dead.iter().try_for_each(|dead| reclaim(&mut tx, dead.process))
}
