use std::sync::Arc;

use async_trait::async_trait;
use ports::{PublishError, Settle};
use tokio::sync::oneshot;

use super::consumer::{Credit, Taken};
use super::returns::{Return, Returns, put_back};
use crate::error::{Error, StoreError};
use crate::writer::{Operation, Tx};

/// A delivery that its consumer has; when dropped unsettled, it returns to its queue.
pub(crate) struct Holding {
    taken: Return,
    credit: Option<Credit>,
}

impl Holding {
    pub(crate) fn of(taken: &Taken, credit: Credit) -> Self {
        let seen = Return { seen: true, ..taken.unseen() };
        Self { taken: seen, credit: Some(credit) }
    }

    async fn settle(mut self: Box<Self>, verb: Verb) -> Result<(), PublishError> {
        let Some(credit) = self.credit.take() else {
            return Ok(());
        };
        let (reply, answer) = oneshot::channel();
        let store = credit.consumer().store.clone();
        let settlement = Settlement {
            verb,
            taken: self.taken,
            queue: credit.consumer().queue,
            process: store.process,
            returns: store.returns.clone(),
            credit: Some(credit),
            outcome: None,
            reply,
        };
        let settled = match store.submit(Box::new(settlement)) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(lost("the file was closed"))),
            Err(error) => Err(error),
        };
        settled.map_err(|error| match PublishError::from(error) {
            // Nothing was settled, so it is delivered again: `Unknown` means that here.
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
            let store = credit.consumer().store.clone();
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

/// One ack or requeue to write.
struct Settlement {
    verb: Verb,
    taken: Return,
    queue: i64,
    process: i64,
    returns: Arc<Returns>,
    credit: Option<Credit>,
    outcome: Option<rusqlite::Result<bool>>,
    reply: oneshot::Sender<Result<(), Error<PublishError>>>,
}

impl Operation for Settlement {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = match self.verb {
            Verb::Ack => remove(tx, self.process, &self.taken),
            Verb::Requeue => put_back(tx, self.process, &self.taken),
        };
        self.credit = None;
        // The consumer has room for one more.
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
            (_, Err(error)) => Err(Error::Store(error)),
            (None, Ok(())) => Err(Error::Store(StoreError::closed())),
        };
        if matches!(answer, Err(Error::Store(_))) {
            // Its consumer has given it up: it must be delivered again.
            self.returns.add(vec![self.taken]);
        }
        let _ = self.reply.send(answer);
    }
}

fn lost(why: &str) -> Error<PublishError> {
    Error::Refused(PublishError::Unknown(why.to_owned()))
}

/// Whether this process held it.
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
