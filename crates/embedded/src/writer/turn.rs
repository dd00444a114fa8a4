use job::Timestamp;
use ports::{Clock, SystemClock};
use rusqlite::{Transaction, TransactionBehavior};

use super::others::DeadProcess;
use super::{Operation, Touched, Tx, Writer};
use crate::error::StoreError;

impl Writer {
    /// Whether to write although no call waits.
    pub(super) fn has_work(&mut self) -> bool {
        self.others.has_dead() || self.chores.have_work(&self.sql, now())
    }

    pub(super) fn transact(
        &mut self,
        operations: &mut [Box<dyn Operation>],
    ) -> Result<(), StoreError> {
        let dead = self.others.take_dead();
        match self.attempt(operations, &dead) {
            Ok(touched) => {
                self.committed(&touched, dead);
                Ok(())
            }
            Err(error) => {
                self.others.give_dead(dead);
                self.chores.failed();
                self.make_room();
                Err(error)
            }
        }
    }

    fn attempt(
        &mut self,
        operations: &mut [Box<dyn Operation>],
        dead: &[DeadProcess],
    ) -> Result<Touched, StoreError> {
        let transaction = Transaction::new_unchecked(&self.sql, TransactionBehavior::Immediate)?;
        let mut touched = Touched::default();
        let mut tx = Tx { sql: &transaction, now: now(), touched: &mut touched };
        dead.iter().try_for_each(|dead| (self.chores.reclaim)(&mut tx, dead.process))?;
        self.chores.before.iter_mut().try_for_each(|chore| chore.run(&mut tx))?;
        for operation in operations {
            guarded(&mut tx, operation.as_mut())?;
        }
        self.chores.after.iter_mut().try_for_each(|chore| chore.run(&mut tx))?;
        transaction.commit().map_err(|error| StoreError::Unknown(error.to_string()))?;
        Ok(touched)
    }

    /// Our own log may have filled the disk: once it is empty, deletes can be written.
    fn make_room(&self) {
        let emptied = self.sql.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = emptied {
            tracing::debug!(%error, "the log could not be emptied");
        }
    }

    fn committed(&mut self, touched: &Touched, dead: Vec<DeadProcess>) {
        for dead in dead {
            tracing::debug!(process = dead.process, "what a dead process held is free again");
            dead.lock.remove();
        }
        self.chores.committed();
        if touched.journal || touched.slots {
            self.progress.send_modify(|progress| {
                progress.journal += u64::from(touched.journal);
                progress.slots += u64::from(touched.slots);
            });
        }
    }

    /// Does what other processes would do if this one was killed.
    pub(super) fn reclaim_own(&mut self) -> Result<(), StoreError> {
        let transaction = Transaction::new_unchecked(&self.sql, TransactionBehavior::Immediate)?;
        let mut tx = Tx { sql: &transaction, now: now(), touched: &mut Touched::default() };
        self.chores.leave(&mut tx)?;
        (self.chores.reclaim)(&mut tx, self.process)?;
        transaction.commit()?;
        self.others.remove_own_lock();
        Ok(())
    }
}

/// Runs one call in its own savepoint, so that its failure does not undo others.
fn guarded(tx: &mut Tx<'_>, operation: &mut dyn Operation) -> Result<(), StoreError> {
    tx.sql.prepare_cached("SAVEPOINT call")?.execute([])?;
    let stays = operation.run(tx);
    if tx.sql.is_autocommit() {
        // SQLite rolls back the whole transaction when the disk is full or fails.
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
