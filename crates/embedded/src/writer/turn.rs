use job::Timestamp;
use ports::{Clock, SystemClock};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::others::Dead;
use super::{Operation, Touched, Tx, Writer};
use crate::broker::{Fills, Return, later, settle};
use crate::failure::StoreError;
use crate::housekeeping::bury;

/// What is done in a transaction besides what was asked.
struct Chores {
    dead: Vec<Dead>,
    returns: Vec<Return>,
}

/// What a transaction leads to once it is committed.
struct Done {
    fills: Fills,
    journal: bool,
}

impl Writer {
    /// Nobody has asked for anything: is there a reason to write all the same?
    pub(super) fn has_work(&mut self) -> bool {
        let now = now();
        self.others.has_dead()
            || !self.returns.is_empty()
            || later::is_due(&self.sql, now)
            || self.dispatch.wants(&self.sql)
            || self.keeper.has_work(&self.sql, now)
    }

    pub(super) fn transact(
        &mut self,
        operations: &mut [Box<dyn Operation>],
    ) -> Result<(), StoreError> {
        let chores = Chores { dead: self.others.take_dead(), returns: self.returns.take() };
        match self.attempt(operations, &chores) {
            Ok(done) => {
                self.proclaim(done, chores);
                Ok(())
            }
            Err(error) => {
                self.others.give_dead(chores.dead);
                self.returns.add(chores.returns);
                self.dispatch.calm();
                self.make_room();
                Err(error)
            }
        }
    }

    fn attempt(
        &mut self,
        operations: &mut [Box<dyn Operation>],
        chores: &Chores,
    ) -> Result<Done, StoreError> {
        let transaction = Transaction::new_unchecked(&self.sql, TransactionBehavior::Immediate)?;
        let mut touched = Touched::default();
        let mut tx = Tx { sql: &transaction, now: now(), touched: &mut touched };
        chores.run(&mut tx, self.process)?;
        for operation in operations {
            guarded(&mut tx, operation.as_mut())?;
        }
        later::promote(&mut tx)?;
        self.keeper.run(&mut tx)?;
        let fills = self.dispatch.fill(&mut tx)?;
        let journal = touched.journal;
        transaction.commit().map_err(|error| StoreError::Unknown(error.to_string()))?;
        Ok(Done { fills, journal })
    }

    /// A full disk may be full of our own log: emptied, it takes what frees more.
    fn make_room(&self) {
        let emptied = self.sql.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = emptied {
            tracing::debug!(%error, "the log could not be emptied");
        }
    }

    fn proclaim(&mut self, done: Done, chores: Chores) {
        for dead in chores.dead {
            tracing::debug!(process = dead.process, "what a dead process held is free again");
            dead.lock.remove();
        }
        let late = self.dispatch.deliver(done.fills);
        self.returns.add(late);
        if done.journal {
            self.pulse.send_modify(|pulse| pulse.journal += 1);
        }
    }

    /// As others would do it, had this process been killed.
    pub(super) fn bury_self(&mut self) -> Result<(), StoreError> {
        let transaction = Transaction::new_unchecked(&self.sql, TransactionBehavior::Immediate)?;
        let mut tx = Tx { sql: &transaction, now: now(), touched: &mut Touched::default() };
        for returned in self.returns.take() {
            settle::put_back(&mut tx, self.process, &returned)?;
        }
        bury(&mut tx, self.process)?;
        transaction.commit()?;
        self.others.remove_own_lock();
        Ok(())
    }
}

/// For a process that is just entering and has no thread yet.
pub(crate) fn bury_all(sql: &Connection, dead: &[Dead]) -> rusqlite::Result<()> {
    let mut touched = Touched::default();
    let mut tx = Tx { sql, now: now(), touched: &mut touched };
    dead.iter().try_for_each(|dead| bury(&mut tx, dead.process))
}

impl Chores {
    fn run(&self, tx: &mut Tx<'_>, process: i64) -> rusqlite::Result<()> {
        for dead in &self.dead {
            bury(tx, dead.process)?;
        }
        for returned in &self.returns {
            settle::put_back(tx, process, returned)?;
        }
        Ok(())
    }
}

/// One call in a savepoint of its own, so that its failure undoes no other.
fn guarded(tx: &mut Tx<'_>, operation: &mut dyn Operation) -> Result<(), StoreError> {
    tx.sql.prepare_cached("SAVEPOINT call")?.execute([])?;
    let stays = operation.run(tx);
    if tx.sql.is_autocommit() {
        // SQLite gives up the whole transaction when the disk is full or fails.
        let text = "the disk is full or failing, and SQLite has undone the transaction";
        return Err(StoreError::NotDone(text.to_owned()));
    }
    if !stays {
        tx.sql.prepare_cached("ROLLBACK TO call")?.execute([])?;
    }
    tx.sql.prepare_cached("RELEASE call")?.execute([])?;
    Ok(())
}

fn now() -> Timestamp {
    SystemClock.now()
}
