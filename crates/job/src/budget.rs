//! What may be spent, and what becomes of a job that would exceed it.

use crate::{Money, Problem, Record, Settled, Tenant, Timestamp};

/// What may be spent in a day and in a month (UTC). `None`: any amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cap {
    pub day: Option<Money>,
    pub month: Option<Money>,
}

/// The caps of an account and of one of its tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    pub account: Cap,
    pub tenant: Cap,
    /// The tenant is named in the configuration: it is never counted together with others.
    pub tenant_is_named: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapOf {
    Account,
    Tenant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapPeriod {
    Day,
    Month,
}

/// The cap that an estimate would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverCap {
    pub of: CapOf,
    pub period: CapPeriod,
    pub cap: Money,
    /// Spent or reserved in the period.
    pub used: Money,
    /// The end of the period.
    pub until: Timestamp,
}

/// What becomes of a job whose estimate exceeds a cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCap {
    /// It waits until the period is over, or until reserved amounts are released.
    #[default]
    Hold,
    /// It is rejected.
    Refuse,
}

/// What to do instead of paying.
#[derive(Clone, Debug, PartialEq)]
pub enum OverBudget {
    /// The jobs of its tenant wait.
    HoldTenant {
        why: String,
        until: Timestamp,
    },
    /// All jobs of the account wait.
    HoldAccount {
        why: String,
        until: Timestamp,
    },
    Refuse(Problem),
}

impl Caps {
    /// Whether an amount exceeds a cap whatever else was spent: waiting does not help.
    pub fn never_allow(&self, amount: Money) -> bool {
        let caps = [self.account.day, self.account.month, self.tenant.day, self.tenant.month];
        caps.into_iter().flatten().any(|cap| amount > cap)
    }
}

/// A job that never fits is refused even where others are held.
pub fn over_budget(
    over: &OverCap,
    amount: Money,
    never_fits: bool,
    tenant: &Tenant,
    on_cap: OnCap,
) -> OverBudget {
    let (why, until) = (over.words(amount, tenant), over.until);
    match (on_cap, over.of) {
        (OnCap::Refuse, _) => OverBudget::Refuse(refusal(over, why, never_fits)),
        (OnCap::Hold, _) if never_fits => OverBudget::Refuse(refusal(over, why, never_fits)),
        (OnCap::Hold, CapOf::Tenant) => OverBudget::HoldTenant { why, until },
        (OnCap::Hold, CapOf::Account) => OverBudget::HoldAccount { why, until },
    }
}

impl OverCap {
    fn words(&self, amount: Money, tenant: &Tenant) -> String {
        let whose = match self.of {
            CapOf::Account => "the account".to_owned(),
            CapOf::Tenant => format!("the tenant {tenant}"),
        };
        let period = match self.period {
            CapPeriod::Day => "day",
            CapPeriod::Month => "month",
        };
        let Self { cap, used, until, .. } = self;
        format!(
            "an estimate of ${amount} exceeds the cap of {whose} for this {period}: \
             ${used} of ${cap} are spent or reserved until {until}"
        )
    }
}

fn refusal(over: &OverCap, why: String, never_fits: bool) -> Problem {
    let advice = match never_fits {
        true => "raise the cap, or ask for less: the job alone exceeds it".to_owned(),
        false => format!("publish it again after {}, or raise the cap", over.until),
    };
    Problem::new("budget", why).advice(advice).billed(false)
}

/// What becomes of a reservation of this account and round that was left behind. `None`: its round
/// still needs it. `since`: when it was made.
pub fn reservation_is_over(
    record: Option<&Record>,
    account: &str,
    round: u32,
    since: Timestamp,
) -> Option<Settled> {
    // Since then, the job may have been given another account.
    let is_its_own = |record: &&Record| (record.round, record.account.as_str()) == (round, account);
    let Some(record) = record.filter(is_its_own) else {
        return Some(Settled::Released);
    };
    // Made after the round had ended: by a worker that was late, for nothing.
    let late = record.state.is_final() && record.last_change() < since;
    if late { Some(Settled::Released) } else { record.settles() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, State, decode};

    fn money(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    fn decided(of: CapOf, never_fits: bool, on_cap: OnCap) -> OverBudget {
        let (cap, used, until) = (money("5"), money("4.9"), Timestamp::EPOCH);
        let over = OverCap { of, period: CapPeriod::Day, cap, used, until };
        over_budget(&over, money("0.14"), never_fits, &Tenant::default(), on_cap)
    }

    #[test]
    fn a_cap_holds_or_refuses_and_never_pays() {
        let held = decided(CapOf::Tenant, false, OnCap::Hold);
        assert!(matches!(held, OverBudget::HoldTenant { until: Timestamp::EPOCH, .. }));
        let held = decided(CapOf::Account, false, OnCap::Hold);
        assert!(matches!(held, OverBudget::HoldAccount { .. }));
        for (of, never_fits, on_cap) in [
            (CapOf::Account, false, OnCap::Refuse),
            (CapOf::Tenant, false, OnCap::Refuse),
            (CapOf::Tenant, true, OnCap::Hold),
            (CapOf::Account, true, OnCap::Hold),
        ] {
            let OverBudget::Refuse(problem) = decided(of, never_fits, on_cap) else {
                panic!("{of:?} {never_fits} {on_cap:?}");
            };
            assert_eq!((problem.kind.as_str(), problem.billed), ("budget", Some(false)));
            assert!(problem.message.contains("$4.90 of $5.00"), "{}", problem.message);
        }
    }

    #[test]
    fn an_estimate_above_any_cap_never_fits() {
        let tenant = Cap { day: None, month: Some(money("2")) };
        let caps = Caps { tenant, ..Caps::default() };
        assert!(!caps.never_allow(money("2")));
        assert!(caps.never_allow(money("2.000001")));
        assert!(!Caps::default().never_allow(Money::MOST));
    }

    #[test]
    fn a_reservation_without_a_round_that_needs_it_is_released() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, crate::MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        let amount = Some(money("0.28"));
        record.estimate = Some(crate::Estimate { amount, ..crate::Estimate::default() });
        let over = |record: &Record, since| {
            reservation_is_over(Some(record), "default", 1, Timestamp::from_millis(since))
        };
        assert_eq!(over(&record, 0), Some(Settled::Released), "nothing was sent");
        record.state = State::Pending {
            status: "submitted".to_owned(),
            looks: 0,
            next_look: Timestamp::EPOCH,
        };
        assert_eq!(over(&record, 0), None);
        let outcome = Outcome::succeeded(Vec::new());
        record.state = State::Settled { outcome, at: Timestamp::EPOCH };
        assert_eq!(
            over(&record, 0),
            amount.map(Settled::Spent),
            "its process died before it was settled"
        );
        assert_eq!(over(&record, 1), Some(Settled::Released), "reserved after its end");
        record.round = 2;
        assert_eq!(over(&record, 0), Some(Settled::Released));
        let of = |record, account| reservation_is_over(record, account, 1, Timestamp::EPOCH);
        assert_eq!(of(None, "default"), Some(Settled::Released));
        assert_eq!(of(Some(&record), "other"), Some(Settled::Released), "it has moved since");
    }
}
