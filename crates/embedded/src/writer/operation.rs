use std::collections::HashSet;

use job::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Error, StoreError};

/// The transaction in which a call runs.
pub(crate) struct Tx<'a> {
    pub(crate) sql: &'a Connection,
    /// Taken once the file was locked: the same for all calls of a transaction.
    pub(crate) now: Timestamp,
    pub(crate) touched: &'a mut Touched,
}

/// What may have new entries once this is committed. It may name too much, but never too little.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(crate) queues: HashSet<i64>,
    pub(crate) journal: bool,
    /// Slots may be free for waiting jobs.
    pub(crate) slots: bool,
}

/// A task for a transaction, answered once that is committed.
pub(crate) trait Operation: Send {
    /// Returns whether to keep its writes.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;

    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A closure, and the channel to the caller that waits for its result.
pub(crate) struct Call<F, T, E> {
    work: Option<F>,
    outcome: Option<Result<T, Error<E>>>,
    reply: oneshot::Sender<Result<T, Error<E>>>,
}

impl<F, T, E> Call<F, T, E> {
    pub(crate) fn new(work: F, reply: oneshot::Sender<Result<T, Error<E>>>) -> Self {
        Self { work: Some(work), outcome: None, reply }
    }
}

impl<F, T, E> Operation for Call<F, T, E>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, Error<E>> + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = self.work.take().map(|work| work(tx));
        let stays = matches!(outcome, Some(Ok(_)));
        self.outcome = outcome;
        stays
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (self.outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(Error::Store(error)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::Store(StoreError::closed())),
        };
        let _ = self.reply.send(answer);
    }
}
