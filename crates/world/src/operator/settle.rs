//! `cancel` and `doubt fail`.

use std::time::Duration;

use job::{JobKey, Problem, Record, State, Timestamp};
use operator::{Cancelled, Decision, Error};
use ports::Clock;

use super::{Done, Operator};
use crate::script::Publication;

/// A younger doubt is still being looked into and must not be ended.
const YOUNG: Duration = Duration::from_secs(15);

impl Operator {
    /// Cancels a job; one that was already submitted continues.
    pub(super) async fn cancel(&self) -> Done {
        let key = self.any_key()?;
        let doubted = self.doubted(&key).await?;
        let done = self.actions.cancel(&key).await;
        if let Ok(Cancelled::TooLate(_)) = done {
            return None;
        }
        let what = match done {
            Ok(Cancelled::Unseen) => "cancelled ahead",
            _ => "cancelled",
        };
        self.note(what, &key, doubted, done.map(drop))
    }

    /// Ends a doubt if, for the provider, none of its tasks is running.
    pub(super) async fn fail(&self) -> Done {
        let keys = self.world.keys();
        let begin = usize::try_from(self.chance.below(keys.len() as u64)).unwrap_or(0);
        let order = keys.iter().skip(begin).chain(keys.iter().take(begin));
        for key in order {
            let Some(stored) = self.ledger.load(key).await.ok()? else { continue };
            if !is_old_doubt(&stored.record, self.session.now()) {
                continue;
            }
            let doubted = self.doubted(key).await?;
            let error = Problem::new("operator", "given up by a person");
            let done = self.actions.settle_doubt(key, &Decision::Fail { error }).await;
            return self.note("doubt failed", key, doubted, done.map(drop));
        }
        Some(())
    }

    /// Whether it is in doubt; `None` if its task is running, by the provider's own records.
    pub(super) async fn doubted(&self, key: &JobKey) -> Option<bool> {
        let stored = self.ledger.load(key).await.ok()?;
        let doubted = stored.is_some_and(|stored| doubt_since(&stored.record).is_some());
        (!doubted || !self.is_at_work(key)).then_some(doubted)
    }

    /// From now on the operator is responsible for the task, even if it is unknown whether the
    /// ledger has the decision.
    pub(super) fn note(
        &self,
        what: &'static str,
        key: &JobKey,
        doubted: bool,
        done: Result<(), Error>,
    ) -> Done {
        let goes_on = |record: &Record| doubt_since(record).is_some();
        let there = self.world.ledger.contents().records.get(key).map(|row| goes_on(&row.record));
        // What was journaled is valid, even if the ledger has been set back since.
        if doubted && (done.is_ok() || there != Some(true)) {
            self.world.decided().insert(key.clone());
        }
        done.ok()?;
        self.counted(what, key);
        Some(())
    }

    fn is_at_work(&self, key: &JobKey) -> bool {
        let now = self.world.time.now();
        let books = self.world.provider.books();
        let ids = books.by_marker.get(&Publication::marker(key));
        let mut tasks = ids.into_iter().flatten().filter_map(|id| books.tasks.get(id));
        tasks.any(|task| task.is_at_work(now))
    }
}

fn doubt_since(record: &Record) -> Option<Timestamp> {
    match &record.state {
        State::InDoubt { doubt } | State::Parked { doubt: Some(doubt), .. } => Some(doubt.since),
        _ => None,
    }
}

fn is_old_doubt(record: &Record, now: Timestamp) -> bool {
    doubt_since(record).is_some_and(|since| now.since(since) > YOUNG)
}
