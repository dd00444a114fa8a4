use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::{PublishError, Settle};
use rusqlite::{OptionalExtension, params};
use tokio::sync::oneshot;

use super::tap::{Credit, Taken};
use crate::failure::{Failure, StoreError};
use crate::writer::{Operation, Tx};

/// A delivery that goes back to its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Return {
    message: i64,
    /// Its count when it was taken: another taking is not ours to give back.
    deliveries: i64,
    /// Somebody may have seen it.
    seen: bool,
}

impl Return {
    pub(crate) fn unseen(taken: &Taken) -> Self {
        Self { message: taken.message, deliveries: taken.deliveries, seen: false }
    }
}

/// What is to be given back with the writer's next transaction, tried until it is.
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

/// A delivery in its consumer's hands; dropped unsettled, it goes back.
pub(crate) struct Holding {
    taken: Return,
    credit: Option<Credit>,
}

impl Holding {
    pub(crate) fn of(taken: &Taken, credit: Credit) -> Self {
        let seen = Return { seen: true, ..Return::unseen(taken) };
        Self { taken: seen, credit: Some(credit) }
    }

    async fn settle(mut self: Box<Self>, verb: Verb) -> Result<(), PublishError> {
        let Some(credit) = self.credit.take() else {
            return Ok(());
        };
        let (reply, answer) = oneshot::channel();
        let store = credit.tap().store.clone();
        let settlement = Settlement {
            verb,
            taken: self.taken,
            queue: credit.tap().queue,
            process: store.process,
            returns: store.returns.clone(),
            credit: Some(credit),
            outcome: None,
            reply,
        };
        let settled = match store.submit(Box::new(settlement)) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(lost("the file was closed"))),
            Err(failure) => Err(failure),
        };
        settled.map_err(|failure| match PublishError::from(failure) {
            // Nothing was settled, so it will come again: that is what `Unknown` says here.
            PublishError::Refused(cause) => PublishError::Unknown(cause),
            other => other,
        })
    }
}

#[async_trait]
impl Settle for Holding {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        self.settle(Verb::Ack).await
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        self.settle(Verb::Requeue).await
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        if let Some(credit) = self.credit.take() {
            let store = credit.tap().store.clone();
            drop(credit);
            store.returns.add(vec![self.taken]);
            store.wake();
        }
    }
}

#[derive(Clone, Copy)]
enum Verb {
    Ack,
    Requeue,
}

/// One ack or requeue on its way to the file.
struct Settlement {
    verb: Verb,
    taken: Return,
    queue: i64,
    process: i64,
    returns: Arc<super::Returns>,
    credit: Option<Credit>,
    outcome: Option<rusqlite::Result<bool>>,
    reply: oneshot::Sender<Result<(), Failure<PublishError>>>,
}

impl Operation for Settlement {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = match self.verb {
            Verb::Ack => remove(tx, self.process, &self.taken),
            Verb::Requeue => put_back(tx, self.process, &self.taken),
        };
        self.credit = None;
        // There is room for one more.
        tx.touched.queues.insert(self.queue);
        let stays = outcome.is_ok();
        self.outcome = Some(outcome);
        stays
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (self.outcome, committed) {
            (Some(Ok(true)), Ok(())) => Ok(()),
            (Some(Ok(false)), Ok(())) => Err(lost("it was taken for dead and given to another")),
            (Some(Err(error)), _) => Err(error.into()),
            (_, Err(error)) => Err(Failure::Store(error)),
            (None, Ok(())) => Err(Failure::Store(StoreError::closed())),
        };
        if matches!(answer, Err(Failure::Store(_))) {
            // Nobody holds it any more: it must come again.
            self.returns.add(vec![self.taken]);
        }
        let _ = self.reply.send(answer);
    }
}

fn lost(why: &str) -> Failure<PublishError> {
    Failure::Refused(PublishError::Unknown(why.to_owned()))
}

/// Whether it was ours to remove.
fn remove(tx: &mut Tx<'_>, process: i64, taken: &Return) -> rusqlite::Result<bool> {
    let removed = tx
        .sql
        .prepare_cached("DELETE FROM held WHERE message = ?1 AND holder = ?2 AND deliveries = ?3")?
        .execute([taken.message, process, taken.deliveries])?;
    if removed > 0 {
        tx.sql.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([taken.message])?;
    }
    Ok(removed > 0)
}

/// Whether it was ours to give back. It returns to the place it had.
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
