//! The one thread that writes: it takes what has been asked meanwhile, runs it in one
//! transaction, commits, and only then answers.

mod operation;
mod others;
mod turn;

pub(crate) use operation::{Call, Operation, Touched, Tx};
pub(crate) use others::Roll;
pub(crate) use turn::bury_all;

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use self::others::Others;
use crate::broker::{Dispatch, Returns, Tap};
use crate::housekeeping::Keeper;
use crate::open::Present;
use crate::store::{Failing, Pulse};

/// Calls in one transaction: more would keep the first ones waiting.
const BATCH: usize = 512;

/// How soon another process's publish is noticed while somebody listens here.
const LISTENING: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_millis(250);

/// After a failure nobody asked for, such as a full disk: it is not tried at every tick.
const REST: Duration = Duration::from_secs(1);

/// The file is left free this long after each commit while other processes share it.
const COURTESY: Duration = Duration::from_micros(200);

pub(crate) enum Task {
    Run(Box<dyn Operation>),
    /// A consumer of this queue.
    Tap(i64, Weak<Tap>),
    Wake,
    Close(oneshot::Sender<()>),
}

pub(crate) struct Writer {
    sql: Connection,
    inbox: Receiver<Task>,
    dispatch: Dispatch,
    returns: Arc<Returns>,
    others: Others,
    keeper: Keeper,
    pulse: watch::Sender<Pulse>,
    process: i64,
    rest_until: Option<Instant>,
    failing: Failing,
}

/// What one look into the inbox found.
#[derive(Default)]
struct Batch {
    operations: Vec<Box<dyn Operation>>,
    ending: Option<Ending>,
}

/// Nobody can ask any more, or somebody asked to end and waits for it.
struct Ending(Option<oneshot::Sender<()>>);

impl Writer {
    pub(crate) fn new(
        sql: Connection,
        inbox: Receiver<Task>,
        returns: Arc<Returns>,
        present: Present,
        keeper: Keeper,
        process: i64,
        (pulse, failing): (watch::Sender<Pulse>, Failing),
    ) -> Self {
        Self {
            sql,
            inbox,
            dispatch: Dispatch::new(process),
            returns,
            others: Others::new(process, present),
            keeper,
            pulse,
            process,
            rest_until: None,
            failing,
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
        // The file is closed and the lock free before whoever waits goes on.
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
                Task::Tap(queue, tap) => self.dispatch.register(queue, tap),
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
        if self.dispatch.has_more() {
            Duration::ZERO
        } else if self.dispatch.is_listening() || self.pulse.receiver_count() > 1 {
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
        self.failing.set(&outcome);
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

    /// What other processes have done, and which of them have died.
    fn look_around(&mut self) {
        if self.others.have_committed(&self.sql) {
            self.dispatch.touch_all();
            self.pulse.send_modify(|pulse| pulse.journal += 1);
        }
        self.others.look_for_dead(&self.sql);
    }

    fn leave(&mut self) {
        if let Err(error) = self.bury_self() {
            // Others find the lock free and do the same.
            tracing::debug!(?error, "the embedded store was left without a word");
        }
    }
}

impl Drop for Writer {
    /// Also when the thread panics: nobody may wait for what will not come.
    fn drop(&mut self) {
        self.pulse.send_modify(|pulse| pulse.closed = true);
        self.dispatch.cut_all();
    }
}
