use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, stream};
use job::{Fact, JobKey, NotRetried, Record};
use ports::Stored;

use crate::{Error, Operator};

/// Retries at once.
const TOGETHER: usize = 64;

/// The result of a retry.
#[derive(Clone, Debug, PartialEq)]
pub enum Retried {
    /// A new round has begun. Pollers publish its message.
    Begun(Box<Record>),
    /// Nothing was changed: the reason.
    Stays(Box<Record>, NotRetried),
}

impl Operator {
    /// Has a job that failed, was rejected or timed out done again with the request that was kept: in a
    /// new round, with a new external id, new events and a new payment. `round`: the one that the operator
    /// has seen, so a repeat, or a second operator, begins no other.
    pub async fn retry(&self, key: &JobKey, round: u32) -> Result<Retried, Error> {
        let decide = |stored: Option<&Stored>| match stored {
            None => Err(None),
            Some(stored) => match stored.record.may_be_retried_after(round) {
                Ok(()) => Ok(Fact::Retried { round }),
                Err(why) => Err(Some((Box::new(stored.record.clone()), why))),
            },
        };
        match self.until_applied(key, decide).await? {
            Ok(record) => Ok(Retried::Begun(record)),
            Err(Some((record, why))) => Ok(Retried::Stays(record, why)),
            Err(None) => Err(Error::Unknown(key.clone())),
        }
    }

    /// Retries each of these after its round, in any order. After one fails, whose cause is probably that of all, no
    /// more are begun; the others are finished. `found` is called with each result.
    pub async fn retry_many(
        &self,
        ended: Vec<(JobKey, u32)>,
        mut found: impl FnMut(Retried) + Send,
    ) -> Result<(), Error> {
        let (mut failed, stop) = (None, &AtomicBool::new(false));
        let ended = ended.into_iter().take_while(|_| !stop.load(Ordering::Relaxed));
        let all =
            stream::iter(ended).map(|(key, round)| async move { self.retry(&key, round).await });
        let mut all = all.buffer_unordered(TOGETHER);
        while let Some(done) = all.next().await {
            match done {
                Ok(done) => found(done),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }
}
