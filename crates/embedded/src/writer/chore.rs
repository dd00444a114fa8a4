use job::Timestamp;
use rusqlite::Connection;

use super::operation::Tx;

/// Work of the writer that is not a call.
pub(crate) trait Chore: Send {
    /// Checked while there are no calls: an idle file is not written without need.
    fn has_work(&mut self, sql: &Connection, now: Timestamp) -> bool;

    /// Does its part of a transaction.
    fn run(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()>;

    fn committed(&mut self) {}

    fn failed(&mut self) {}

    /// Another process has committed a transaction.
    fn others_committed(&mut self) {}

    /// Whether the last transaction left work that can be done at once.
    fn has_more(&self) -> bool {
        false
    }

    /// Whether a caller waits for its work.
    fn is_awaited(&self) -> bool {
        false
    }

    /// Does its part of the last transaction of this process.
    fn leave(&mut self, _: &mut Tx<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    /// The store has closed.
    fn close(&mut self) {}
}

/// Frees what a process held.
pub(crate) type Reclaim = fn(&mut Tx<'_>, i64) -> rusqlite::Result<()>;

/// All chores of a writer, in the order in which they run.
pub(crate) struct Chores {
    /// For each dead process, before all others.
    pub(crate) reclaim: Reclaim,
    /// Before the calls of a transaction.
    pub(crate) before: Vec<Box<dyn Chore>>,
    /// After the calls.
    pub(crate) after: Vec<Box<dyn Chore>>,
}

impl Chores {
    fn all(&self) -> impl Iterator<Item = &dyn Chore> {
        self.before.iter().chain(&self.after).map(AsRef::as_ref)
    }

    fn each(&mut self) -> impl Iterator<Item = &mut Box<dyn Chore>> {
        self.before.iter_mut().chain(&mut self.after)
    }

    pub(super) fn have_work(&mut self, sql: &Connection, now: Timestamp) -> bool {
        self.each().any(|chore| chore.has_work(sql, now))
    }

    pub(super) fn have_more(&self) -> bool {
        self.all().any(|chore| chore.has_more())
    }

    pub(super) fn are_awaited(&self) -> bool {
        self.all().any(|chore| chore.is_awaited())
    }

    pub(super) fn committed(&mut self) {
        self.each().for_each(|chore| chore.committed());
    }

    pub(super) fn failed(&mut self) {
        self.each().for_each(|chore| chore.failed());
    }

    pub(super) fn others_committed(&mut self) {
        self.each().for_each(|chore| chore.others_committed());
    }

    pub(super) fn leave(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        self.each().try_for_each(|chore| chore.leave(tx))
    }

    pub(super) fn close(&mut self) {
        self.each().for_each(|chore| chore.close());
    }
}
