use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::presence::{Lock, Locks, Present};

/// How often the locks of other processes are checked.
const LOOK: Duration = Duration::from_millis(250);

/// The other processes that share the file.
pub(crate) struct Others {
    me: i64,
    present: Present,
    /// SQLite's counter of commits by other connections.
    commits: i64,
    look_at: Instant,
    living: usize,
    dead: Vec<DeadProcess>,
}

/// A dead process; the holder of its lock reclaims what it held.
pub(crate) struct DeadProcess {
    pub(crate) process: i64,
    pub(crate) lock: Lock,
}

/// The processes listed in the file.
pub(crate) struct ProcessList {
    pub(crate) dead: Vec<DeadProcess>,
    pub(crate) living: usize,
}

impl ProcessList {
    /// All processes except `me`. Dead ones stay locked, so that no other process reclaims them.
    pub(crate) fn read(sql: &Connection, locks: &Locks, me: Option<i64>) -> rusqlite::Result<Self> {
        let listed: Vec<(i64, String)> = sql
            .prepare_cached("SELECT id, name FROM process WHERE id IS NOT ?1")?
            .query_map([me], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut list = Self { dead: Vec::new(), living: 0 };
        for (process, name) in listed {
            match locks.seize(&name) {
                Some(lock) => list.dead.push(DeadProcess { process, lock }),
                None => list.living += 1,
            }
        }
        Ok(list)
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
        match ProcessList::read(sql, &self.present.locks, Some(self.me)) {
            Ok(list) => {
                self.living = list.living;
                self.dead.extend(list.dead);
            }
            Err(error) => tracing::warn!(%error, "other processes cannot be listed"),
        }
    }

    pub(crate) fn has_dead(&self) -> bool {
        !self.dead.is_empty()
    }

    /// The dead processes to reclaim now; `give_dead` returns them if that fails.
    pub(crate) fn take_dead(&mut self) -> Vec<DeadProcess> {
        std::mem::take(&mut self.dead)
    }

    pub(crate) fn give_dead(&mut self, dead: Vec<DeadProcess>) {
        self.dead.extend(dead);
    }

    pub(crate) fn remove_own_lock(&mut self) {
        if let Some(lock) = self.present.lock.take() {
            lock.remove();
        }
    }
}
