//! Three independent counts: the producer's receipts, the consumer's events, the provider's
//! charges.

use std::collections::BTreeSet;
use std::fmt;

use job::EventKind;
use simulator::Accounts;

use crate::harness::Received;

#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) promised: usize,
    pub(crate) succeeded: usize,
    pub(crate) parked: usize,
    pub(crate) lost: Vec<String>,
    /// Jobs with more than one outcome.
    pub(crate) contradicted: Vec<String>,
    pub(crate) double_paid: u64,
    pub(crate) beyond_limits: u64,
    pub(crate) duplicate_events: usize,
    pub(crate) paid: u64,
    pub(crate) look_ups: u64,
}

impl Verdict {
    pub(crate) fn of(
        promised: &BTreeSet<String>,
        received: &Received,
        accounts: &Accounts,
    ) -> Self {
        let outcomes = received.outcomes();
        let lost = promised.iter().filter(|id| !outcomes.contains_key(id.as_str()));
        let contradicted = outcomes.iter().filter(|(_, events)| events.len() > 1);
        let limits = accounts.limit_violations;
        Self {
            promised: promised.len(),
            succeeded: received.count(EventKind::Succeeded),
            parked: received.count(EventKind::Parked),
            lost: lost.cloned().collect(),
            contradicted: contradicted.map(|(id, _)| (*id).to_owned()).collect(),
            double_paid: accounts.double_paid,
            beyond_limits: limits.concurrency + limits.rate,
            duplicate_events: received.repeats(),
            paid: accounts.accepted,
            look_ups: accounts.look_ups + accounts.lists,
        }
    }

    #[allow(dead_code, reason = "the chaos run asks, the tests insist")]
    pub(crate) fn kept(&self) -> bool {
        let broken = self.double_paid + self.beyond_limits;
        broken == 0 && self.lost.is_empty() && self.contradicted.is_empty()
    }

    /// Repeats of an event are allowed; nothing else is.
    pub(crate) fn is_clean(&self) {
        let some: Vec<_> = self.lost.iter().take(10).collect();
        assert!(self.lost.is_empty(), "{} lost: {some:?}", self.lost.len());
        assert!(self.contradicted.is_empty(), "two outcomes: {:?}", self.contradicted);
        assert_eq!(self.double_paid, 0, "paid twice: {self}");
        assert_eq!(self.beyond_limits, 0, "limits broken: {self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} promised: {} succeeded, {} parked, {} lost; {} paid, {} twice; {} events received \
             twice; {} look-ups by external id",
            self.promised,
            self.succeeded,
            self.parked,
            self.lost.len(),
            self.paid,
            self.double_paid,
            self.duplicate_events,
            self.look_ups
        )
    }
}
