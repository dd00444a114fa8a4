//! What a retry of many jobs would do and cost.

use futures::{StreamExt, TryStreamExt, stream};
use job::{JobKey, Money, NotRetried, Record, Timestamp};

use crate::{Error, Operator};

/// Records that are loaded at once.
const AT_ONCE: usize = 64;

/// What [`Operator::retry_many`] would be given. Nothing is changed yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPlan {
    /// With the round that was seen of each.
    pub jobs: Vec<(JobKey, u32)>,
    /// US dollars, of those that have a price.
    pub usd: Money,
    /// Jobs without a price.
    pub unpriced: u64,
    /// Those that may not be retried.
    pub stays: Vec<(JobKey, NotRetried)>,
}

impl RetryPlan {
    fn add(&mut self, record: &Record, until: Timestamp, usd: Option<Money>) {
        let key = record.key.clone();
        let was_seen = match record.last_change() <= until {
            true => Ok(()),
            false => Err(NotRetried::LaterRound),
        };
        match record.may_be_retried().and(was_seen) {
            Ok(()) => {
                self.jobs.push((key, record.round));
                self.usd = self.usd + usd.unwrap_or(Money::ZERO);
                self.unpriced += u64::from(usd.is_none());
            }
            Err(why) => self.stays.push((key, why)),
        }
    }
}

impl Operator {
    /// In the order of the keys. `until`: what has ended since, the operator has not seen. `price`: what a
    /// round of the record is estimated to cost. A key without a record is an error.
    pub async fn plan_retries(
        &self,
        keys: impl IntoIterator<Item = JobKey>,
        until: Timestamp,
        price: impl Fn(&Record) -> Option<Money>,
    ) -> Result<RetryPlan, Error> {
        let records = stream::iter(keys).map(async |key: JobKey| {
            let stored = self.ledger.load_whole(&key).await?;
            stored.map(|stored| stored.record).ok_or(Error::Unknown(key))
        });
        let records: Vec<Record> = records.buffered(AT_ONCE).try_collect().await?;
        let mut plan = RetryPlan::default();
        records.iter().for_each(|record| plan.add(record, until, price(record)));
        Ok(plan)
    }
}
