//! The rate and the budget of a client's key.

use job::{Allowed, Job, Money, Timestamp};

use super::Jobs;
use crate::callers::Caller;
use crate::refusal::Refusal;

/// What a key may still submit at once, of so many a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLeft {
    pub(crate) per_minute: u32,
    pub(crate) left: u32,
}

/// What was counted for a job; it can be given back if the job was not published.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    key: String,
    amount: Money,
    at: Timestamp,
    pub(super) rate: Option<RateLeft>,
}

impl Jobs {
    /// Counts a job. `None`: its client has no limits.
    pub(super) async fn count(
        &self,
        caller: &Caller,
        job: &Job,
    ) -> Result<Option<Counted>, Refusal> {
        let Some(key) = caller.key.as_ref().filter(|_| caller.is_limited()) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let amount = self.settings.prices.estimate(&job.operation, &job.request, now).amount;
        // Each further round may be paid for, too.
        let amount = amount.map(|amount| amount.times(u64::from(job.retries) + 1));
        match self.ask(self.ledger.spend(&key.id, &key.allowance, amount)).await? {
            Allowed::Yes { at, left } => {
                let per_minute = key.allowance.per_minute;
                let rate = left.map(|left| RateLeft { per_minute, left });
                let amount = amount.unwrap_or(Money::ZERO);
                Ok(Some(Counted { key: key.id.clone(), amount, at, rate }))
            }
            Allowed::RateUsedUp { next } => {
                let seconds = next.since(self.session.store_now()).as_millis().div_ceil(1000);
                Err(Refusal::RateUsedUp { next, seconds: seconds.try_into().unwrap_or(u64::MAX) })
            }
            Allowed::OverBudget { period, cap, used, until } => {
                Err(Refusal::OverBudget { period, cap, used, until })
            }
        }
    }

    /// If this fails, the key may submit less than it should.
    pub(super) async fn give_back(&self, counted: Counted) {
        let Counted { key, amount, at, .. } = counted;
        if amount.is_zero() {
            return;
        }
        if let Err(why) = self.ask(self.ledger.give_back(&key, amount, at)).await {
            tracing::warn!(key, %amount, %why, "what a refused job was counted for stays counted");
        }
    }
}
