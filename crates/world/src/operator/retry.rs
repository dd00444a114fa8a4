//! `retry`.

use job::{JobKey, Record};
use operator::Retried;

use super::{Done, Operator};
use crate::script::Publication;

impl Operator {
    /// Has a job done again whose task failed, or that was refused before it had one; and repeats that, as
    /// somebody does who has not seen the answer.
    pub(super) async fn retry(&self) -> Done {
        let keys = self.world.keys();
        let begin = usize::try_from(self.chance.below(keys.len() as u64)).unwrap_or(0);
        let order = keys.iter().skip(begin).chain(keys.iter().take(begin));
        for key in order.filter(|key| !self.is_shared(key)) {
            let Some(stored) = self.ledger.load(key).await.ok()? else { continue };
            let record = stored.record;
            if record.may_be_retried().is_err() || !self.is_over(&record) {
                continue;
            }
            self.retry_one(key, record.round, "retried").await?;
            return self.retry_one(key, record.round, "retried twice").await;
        }
        Some(())
    }

    async fn retry_one(&self, key: &JobKey, round: u32, what: &'static str) -> Done {
        match self.actions.retry(key, round).await.ok()? {
            Retried::Begun(_) => self.counted(what, key),
            Retried::Stays(..) => {}
        }
        Some(())
    }

    /// By the provider's own records: its last task has failed, so another one is no second payment.
    fn is_over(&self, record: &Record) -> bool {
        let books = self.world.provider.books();
        let ids = books.by_marker.get(&Publication::marker(&record.key));
        let last = ids.and_then(|ids| ids.last()).and_then(|id| books.tasks.get(id));
        last.is_none_or(|task| task.fails)
    }
}
