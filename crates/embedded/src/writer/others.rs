use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::open::Present;
use crate::presence::{Lock, Locks};

/// How often the locks of other processes are tried.
const LOOK: Duration = Duration::from_millis(250);

/// The other processes that share the file.
pub(crate) struct Others {
    me: i64,
    present: Present,
    /// SQLite's counter of commits by other connections.
    commits: i64,
    look_at: Instant,
    living: usize,
    dead: Vec<Dead>,
}

/// A process to be buried, by the one who holds its lock.
pub(crate) struct Dead {
    pub(crate) process: i64,
    pub(crate) lock: Lock,
}

/// Who is entered in the file, the dead apart from the living.
pub(crate) struct Roll {
    pub(crate) dead: Vec<Dead>,
    pub(crate) living: usize,
}

impl Roll {
    /// Of all but `me`. The dead stay locked, so that nobody else buries them.
    pub(crate) fn call(sql: &Connection, locks: &Locks, me: Option<i64>) -> rusqlite::Result<Self> {
        let listed: Vec<(i64, String)> = sql
            .prepare_cached("SELECT id, name FROM process WHERE id IS NOT ?1")?
            .query_map([me], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut roll = Self { dead: Vec::new(), living: 0 };
        for (process, name) in listed {
            match locks.seize(&name) {
                Some(lock) => roll.dead.push(Dead { process, lock }),
                None => roll.living += 1,
            }
        }
        Ok(roll)
    }
}

impl Others {
    pub(crate) fn new(me: i64, present: Present) -> Self {
        Self { me, present, commits: 0, look_at: Instant::now(), living: 0, dead: Vec::new() }
    }

    pub(crate) fn are_there(&self) -> bool {
        self.living > 0
    }

    pub(crate) fn have_committed(&mut self, sql: &Connection) -> bool {
        let commits = sql
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut query| query.query_row([], |row| row.get(0)));
        let before = self.commits;
        self.commits = commits.unwrap_or(before);
        self.commits != before
    }

    pub(crate) fn look_for_dead(&mut self, sql: &Connection) {
        if Instant::now() < self.look_at {
            return;
        }
        self.look_at = Instant::now() + LOOK;
        match Roll::call(sql, &self.present.locks, Some(self.me)) {
            Ok(roll) => {
                self.living = roll.living;
                self.dead.extend(roll.dead);
            }
            Err(error) => tracing::warn!(%error, "other processes cannot be listed"),
        }
    }

    pub(crate) fn has_dead(&self) -> bool {
        !self.dead.is_empty()
    }

    /// Those to be buried now; given back when that fails.
    pub(crate) fn take_dead(&mut self) -> Vec<Dead> {
        std::mem::take(&mut self.dead)
    }

    pub(crate) fn give_dead(&mut self, dead: Vec<Dead>) {
        self.dead.extend(dead);
    }

    pub(crate) fn remove_own_lock(&mut self) {
        if let Some(lock) = self.present.lock.take() {
            lock.remove();
        }
    }
}
