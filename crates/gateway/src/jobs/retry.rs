//! Has a job of a client done again.

use std::sync::Arc;

use job::{JobKey, Record};
use operator::Retried;

use super::{Jobs, Known, RateLeft, refusal_of};
use crate::callers::Caller;
use crate::refusal::Refusal;

impl Jobs {
    /// In a new round, which is paid for: it counts for the client's key. `name`: what the API calls an
    /// id. In a task of its own: a client that goes away leaves nothing half done.
    pub(crate) async fn retry(
        self: &Arc<Self>,
        caller: Caller,
        key: &JobKey,
        name: &'static str,
    ) -> Result<(Known, Option<RateLeft>), Refusal> {
        let record = match self.find(key, None, name).await? {
            Known::Record(record) => record,
            Known::Accepted(_) => return Err(Refusal::NotRetried(job::NotRetried::UnderWay)),
        };
        self.is_complete()?;
        record.may_be_retried().map_err(Refusal::NotRetried)?;
        let jobs = self.clone();
        let retrying = async move { jobs.retry_now(&caller, &record).await };
        tokio::spawn(retrying).await.unwrap_or(Err(Refusal::Unfinished))
    }

    async fn retry_now(
        &self,
        caller: &Caller,
        record: &Record,
    ) -> Result<(Known, Option<RateLeft>), Refusal> {
        let whole = self.ask(self.ledger.load_whole(&record.key)).await?;
        let job = whole.and_then(|stored| stored.record.to_job());
        let mut job = job.ok_or(Refusal::NotRetried(job::NotRetried::NoRequest))?;
        // The new round is one of those that the job may still be paid for.
        job.retries = job.retries.saturating_sub(1);
        let counted = self.count(caller, &job).await?;
        let rate = counted.as_ref().and_then(|counted| counted.rate);
        let refusal = match self.operator.retry(&record.key, record.round).await {
            Ok(Retried::Begun(record)) => return Ok((Known::Record(record), rate)),
            Ok(Retried::Stays(_, why)) => Refusal::NotRetried(why),
            // Its round may have begun: it stays counted.
            Err(error) => return Err(refusal_of(error)),
        };
        if let Some(counted) = counted {
            self.give_back(counted).await;
        }
        Err(refusal)
    }
}
