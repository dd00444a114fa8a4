//! What a round of a job costs, as far as it is known.

use serde::{Deserialize, Serialize};

use crate::{Estimate, Fact, Money, Outcome, Record, State};

/// What a round costs, as far as it is known.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// US dollars.
    pub usd: Money,
    pub basis: CostBasis,
}

/// Where the amount is from.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostBasis {
    /// The table of prices: the provider has reported no amount.
    Estimated,
    /// The provider's deduction in units, or nothing if it charges nothing.
    Settled,
}

/// What becomes of an amount that was reserved for a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing was sent.
    Released,
    /// So much was spent, or nothing if the provider does not charge.
    Spent(Money),
}

const NOTHING: Cost = Cost { usd: Money::ZERO, basis: CostBasis::Settled };

impl Record {
    /// The cost of the present round. `None` if it was never estimated, or had no price.
    pub fn cost(&self) -> Option<Cost> {
        let estimate = self.estimate.as_ref()?;
        let estimated = estimate.amount.map(|usd| Cost { usd, basis: CostBasis::Estimated });
        match &self.state {
            State::Settled { outcome, .. } => self.cost_of(outcome, estimate).or(estimated),
            State::Parked { doubt: None, .. } if !self.may_have_been_paid() => Some(NOTHING),
            State::Tombstone
            | State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::InDoubt { .. }
            | State::Pending { .. }
            | State::Parked { .. } => estimated,
        }
    }

    /// `None`: as estimated. Kling does not charge for a task that failed (price list of Kling, 2026),
    /// unless the problem says that it did, or it is not known how the task ended.
    fn cost_of(&self, outcome: &Outcome, estimate: &Estimate) -> Option<Cost> {
        match outcome {
            Outcome::Succeeded { final_unit_deduction, .. } => {
                let units = Money::parse(final_unit_deduction.as_deref()?)?;
                let usd = estimate.unit?.of_units(units.as_micros());
                Some(Cost { usd, basis: CostBasis::Settled })
            }
            Outcome::Rejected { .. } | Outcome::Cancelled => Some(NOTHING),
            Outcome::Failed { error } | Outcome::TimedOut { error } => match error.billed {
                Some(false) => Some(NOTHING),
                Some(true) => None,
                None => (!self.may_have_been_paid()).then_some(NOTHING),
            },
        }
    }
}

impl Record {
    /// What becomes of the amount that is reserved for this round. `None` as long as the provider may
    /// still charge for it.
    pub fn settles(&self) -> Option<Settled> {
        match &self.state {
            State::Settled { .. } => {
                Some(Settled::Spent(self.cost().map_or(Money::ZERO, |cost| cost.usd)))
            }
            State::Tombstone | State::Waiting { .. } => Some(Settled::Released),
            State::Queued { .. } | State::Parked { doubt: None, .. } => {
                (!self.may_have_been_paid()).then_some(Settled::Released)
            }
            State::Submitting { .. }
            | State::InDoubt { .. }
            | State::Pending { .. }
            | State::Parked { doubt: Some(_), .. } => None,
        }
    }

    /// The same for a fact that ends this round and begins another.
    pub(crate) fn settles_with(&self, fact: &Fact) -> Settled {
        let estimate = self.estimate.unwrap_or_default();
        let estimated = estimate.amount.unwrap_or_default();
        if let Fact::Ended { outcome } = fact {
            let cost = self.cost_of(outcome, &estimate);
            return Settled::Spent(cost.map_or(estimated, |cost| cost.usd));
        }
        match self.may_have_been_paid() {
            true => Settled::Spent(estimated),
            false => Settled::Released,
        }
    }
}
