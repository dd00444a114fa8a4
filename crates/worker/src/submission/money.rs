//! What a job is estimated to cost, and the amount that is reserved for it before its intent is written.

use std::time::Duration;

use job::{Caps, Fact, Money, OnCap, OverBudget, Problem, Record, RetryDelay, over_budget};
use ports::{Reservation, Reserved};

use super::Submission;
use crate::budget::Budget;
use crate::error::Error;
use crate::intake::{NotNow, PauseReason};

/// Amounts may be released, or the cap raised, meanwhile.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// Why nothing is sent.
pub(crate) enum NotReserved {
    /// `passed_over`: grants pass over the jobs of its tenant, or the lane is paused.
    Waits {
        why: String,
        passed_over: bool,
    },
    Refused(Problem),
}

impl NotReserved {
    /// For a job that was granted a slot. One that would be granted the next slot again waits elsewhere.
    pub(crate) fn fact(self) -> Fact {
        match self {
            Self::Waits { why, passed_over: true } => Fact::NoSlot { why },
            Self::Waits { why, passed_over: false } => {
                Fact::Deferred { why, after: RetryDelay::TwoMinutes }
            }
            Self::Refused(error) => Fact::Refused { error },
        }
    }
}

impl Submission<'_> {
    /// Estimates the job. If amounts are counted, nothing may be sent before its own is reserved.
    pub(crate) async fn reserve(
        &self,
        record: &mut Record,
    ) -> Result<Result<(), NotReserved>, Error> {
        let (settings, job) = (&self.shared.settings, &self.decoded.job);
        let now = self.shared.clock.now();
        let mut estimate = settings.prices.estimate(&job.operation, &job.request, now);
        // Also if amounts are not counted any more.
        estimate.reserved = record.estimate.is_some_and(|before| before.reserved);
        if let Some(budget) = &settings.budget {
            if let Err(not) = self.reserve_amount(budget, record, estimate.amount).await? {
                return Ok(Err(not));
            }
            estimate.reserved = true;
        }
        record.estimate = Some(estimate);
        Ok(Ok(()))
    }

    /// No cap holds a job that was sent before, which may be paid for already, or one without a price.
    async fn reserve_amount(
        &self,
        budget: &Budget,
        record: &Record,
        amount: Option<Money>,
    ) -> Result<Result<(), NotReserved>, Error> {
        let tenant = &record.key.tenant;
        let held_by_caps = !record.sent_before && amount.is_some();
        let caps = if held_by_caps { budget.caps(tenant) } else { Caps::default() };
        let never_fits = amount.is_some_and(|amount| caps.never_allow(amount));
        let refuses = never_fits || budget.on_cap == OnCap::Refuse;
        let reservation = Reservation::of(record, amount, refuses);
        let reserved = self.shared.ledger.reserve(&self.fence, &reservation, &caps).await;
        Ok(match reserved.map_err(Error::Untouched)? {
            Reserved::Held => {
                if amount.is_none() {
                    self.shared.unpriced.warn_once(&record.operation, record.model.as_deref());
                }
                Ok(())
            }
            Reserved::Over(over) => {
                let amount = amount.unwrap_or_default();
                let decided = over_budget(&over, amount, never_fits, tenant, budget.on_cap);
                Err(self.not_reserved(record, decided))
            }
        })
    }

    fn not_reserved(&self, record: &Record, decided: OverBudget) -> NotReserved {
        let now = self.shared.clock.now();
        match decided {
            OverBudget::HoldTenant { why, until } => {
                let (capped, tenant) = (&self.shared.capped_tenants, &record.key.tenant);
                let passed_over = capped.hold(tenant, &why, until, now);
                NotReserved::Waits { why, passed_over }
            }
            OverBudget::HoldAccount { why, until } => {
                // The store's clock says when the period ends, and this one may be ahead.
                let left = until.since(now).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
                self.intake.pause(why.clone(), PauseReason::Backoff(left));
                NotReserved::Waits { why, passed_over: true }
            }
            OverBudget::Refuse(error) => NotReserved::Refused(error),
        }
    }

    /// Whether the cap of its tenant was found reached: its jobs wait as those of a paused tenant.
    pub(crate) async fn not_capped(&self) -> Result<(), NotNow> {
        let (shared, tenant) = (self.shared, &self.decoded.job.key.tenant);
        let Some(why) = shared.capped_tenants.why_not(tenant, shared.clock.now()) else {
            return Ok(());
        };
        let after = RetryDelay::ThirtySeconds;
        Err(match self.finds_no_place().await {
            true => NotNow::Job { why, after },
            false => NotNow::Tenant { why, after },
        })
    }
}
