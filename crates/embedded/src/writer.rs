//! The only thread that writes: it collects the waiting calls, runs them in one transaction,
//! commits, and only then replies.

mod chore;
mod last_error;
mod operation;
mod others;
mod progress;
mod turn;

pub(crate) use chore::{Chore, Chores};
pub(crate) use last_error::LastError;
pub(crate) use operation::{Call, Operation, Touched, Tx};
pub(crate) use others::{DeadProcess, ProcessList};
pub(crate) use progress::Progress;

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use self::others::Others;
use crate::presence::Present;

/// Calls in one transaction: more would delay the first ones.
const BATCH: usize = 512;

/// How soon another process's publish is noticed while this process has a consumer.
const LISTENING: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_millis(250);

/// The wait after a failure such as a full disk, before it is tried again without a call.
const REST: Duration = Duration::from_secs(1);

/// The file is left unlocked this long after each commit while other processes share it.
const COURTESY: Duration = Duration::from_micros(200);

pub(crate) enum Task {
    Run(Box<dyn Operation>),
    Wake,
    Close(oneshot::Sender<()>),
}

pub(crate) struct Writer {
    sql: Connection,
    inbox: Receiver<Task>,
    chores: Chores,
    others: Others,
    progress: watch::Sender<Progress>,
    process: i64,
    rest_until: Option<Instant>,
    last_error: LastError,
}

/// The tasks that were waiting in the inbox.
#[derive(Default)]
struct Batch {
    operations: Vec<Box<dyn Operation>>,
    ending: Option<Ending>,
}

/// No caller is left, or one closes and waits for it.
struct Ending(Option<oneshot::Sender<()>>);

impl Writer {
    pub(crate) fn new(
        sql: Connection,
        inbox: Receiver<Task>,
        chores: Chores,
        process: i64,
        present: Present,
        (progress, last_error): (watch::Sender<Progress>, LastError),
    ) -> Self {
        Self {
            sql,
            inbox,
            chores,
            others: Others::new(process, present),
            progress,
            process,
            rest_until: None,
            last_error,
        }
    }

    pub(crate) fn run(mut self) {
        let ending = loop {
            let Batch { operations, ending } = self.gather();
            self.turn(operations);
            if let Some(ending) = ending {
                break ending;
            }
        };
        self.leave();
        // The file is closed and the lock free before the waiting caller continues.
        drop(self);
        if let Ending(Some(done)) = ending {
            let _ = done.send(());
        }
    }

    fn gather(&mut self) -> Batch {
        let mut batch = Batch::default();
        let mut next = match self.inbox.recv_timeout(self.patience()) {
            Ok(task) => Some(task),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                batch.ending = Some(Ending(None));
                None
            }
        };
        while let Some(task) = next {
            match task {
                Task::Run(operation) => batch.operations.push(operation),
                Task::Wake => {}
                Task::Close(done) => {
                    batch.ending = Some(Ending(Some(done)));
                    break;
                }
            }
            let full = batch.operations.len() >= BATCH;
            next = if full { None } else { self.inbox.try_recv().ok() };
        }
        batch
    }

    fn patience(&self) -> Duration {
        if self.chores.have_more() {
            Duration::ZERO
        } else if self.chores.are_awaited() || self.progress.receiver_count() > 1 {
            LISTENING
        } else {
            IDLE
        }
    }

    fn turn(&mut self, mut operations: Vec<Box<dyn Operation>>) {
        self.look_around();
        if operations.is_empty() && (self.is_resting() || !self.has_work()) {
            return;
        }
        let outcome = self.transact(&mut operations);
        self.last_error.set(&outcome);
        if let Err(error) = &outcome {
            tracing::warn!(?error, "a transaction of the embedded store failed");
            self.rest_until = Some(Instant::now() + REST);
        }
        for operation in operations {
            operation.finish(outcome.clone());
        }
        if self.others.are_there() {
            thread::sleep(COURTESY);
        }
    }

    fn is_resting(&self) -> bool {
        self.rest_until.is_some_and(|until| Instant::now() < until)
    }

    /// Checks for commits of other processes, and for dead ones.
    fn look_around(&mut self) {
        if self.others.have_committed(&self.sql) {
            self.chores.others_committed();
            self.progress.send_modify(|progress| {
                progress.journal += 1;
                progress.slots += 1;
            });
        }
        self.others.look_for_dead(&self.sql);
    }

    fn leave(&mut self) {
        if let Err(error) = self.reclaim_own() {
            // Other processes find the lock free and do the same.
            tracing::debug!(?error, "what this process held was not given back");
        }
    }
}

impl Drop for Writer {
    /// Also if the thread panics: no caller may wait forever.
    fn drop(&mut self) {
        self.progress.send_modify(|progress| progress.closed = true);
        self.chores.close();
    }
}
