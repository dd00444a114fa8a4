//! What a key of the gateway may submit: a rate, and a budget in a UTC day and month.

use std::collections::BTreeMap;

use crate::{Cap, CapPeriod, Money, Period, Rate, Timestamp};

/// What a key may submit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Submissions a minute, of which a whole minute's may be made at once. 0: any number.
    pub per_minute: u32,
    /// By estimate.
    pub budget: Cap,
}

/// What a key has used, as a store keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedAllowance {
    /// Until when the rate is used up, in µs. 0: it was never used.
    pub used_up: i64,
    /// The estimates of each day and month.
    pub spent: BTreeMap<Period, Money>,
}

/// Whether a request is allowed. One that is refused uses nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    Yes {
        /// How many more may be made now. `None`: any number.
        left: Option<u32>,
        /// The time of the store: it was counted in the day and month of this moment.
        at: Timestamp,
    },
    RateUsedUp {
        /// When the next one may be made.
        next: Timestamp,
    },
    OverBudget {
        period: CapPeriod,
        cap: Money,
        /// The estimates of earlier requests in the period.
        used: Money,
        /// The end of the period.
        until: Timestamp,
    },
}

impl Allowance {
    /// Pure. The budget is checked before the rate, and the cap that lasts longest first. No cap holds
    /// a request without a price (`None`).
    pub fn decide(&self, used: &UsedAllowance, amount: Option<Money>, now: Timestamp) -> Allowed {
        let over = amount.and_then(|amount| self.over_budget(used, amount, now));
        over.unwrap_or_else(|| self.by_rate(used.used_up, now))
    }

    /// Pure. Decides, and counts the request if it is allowed.
    pub fn spend(
        &self,
        used: &mut UsedAllowance,
        amount: Option<Money>,
        now: Timestamp,
    ) -> Allowed {
        let allowed = self.decide(used, amount, now);
        match allowed {
            Allowed::Yes { .. } => self.count(used, amount.unwrap_or_default(), now),
            Allowed::RateUsedUp { .. } | Allowed::OverBudget { .. } => {}
        }
        allowed
    }

    fn over_budget(&self, used: &UsedAllowance, amount: Money, now: Timestamp) -> Option<Allowed> {
        let caps = [
            (CapPeriod::Month, self.budget.month, Period::month_of(now)),
            (CapPeriod::Day, self.budget.day, Period::day_of(now)),
        ];
        caps.into_iter().find_map(|(period, cap, of)| {
            let (cap, used, until) = (cap?, used.spent_in(&of), of.end());
            (used + amount > cap).then_some(Allowed::OverBudget { period, cap, used, until })
        })
    }

    fn by_rate(&self, used_up: i64, now: Timestamp) -> Allowed {
        let Some(rate) = self.rate() else { return Allowed::Yes { left: None, at: now } };
        match rate.next(used_up, now) {
            Some(next) => Allowed::RateUsedUp { next },
            None => {
                let left = rate.left(rate.after(used_up, now), now);
                Allowed::Yes { left: Some(left), at: now }
            }
        }
    }

    fn count(&self, used: &mut UsedAllowance, amount: Money, now: Timestamp) {
        if let Some(rate) = self.rate() {
            used.used_up = rate.after(used.used_up, now);
        }
        used.spent.retain(|period, _| period.end() > now);
        for period in Period::both_of(now) {
            let sum = used.spent.entry(period).or_default();
            *sum = *sum + amount;
        }
    }

    fn rate(&self) -> Option<Rate> {
        Rate::of_client(self.per_minute)
    }
}

impl UsedAllowance {
    pub fn spent_in(&self, period: &Period) -> Money {
        self.spent.get(period).copied().unwrap_or_default()
    }

    /// Takes an amount back that was counted at this moment. Periods that are no longer kept stay
    /// away.
    pub fn give_back(&mut self, amount: Money, at: Timestamp) {
        for period in Period::both_of(at) {
            if let Some(sum) = self.spent.get_mut(&period) {
                *sum = sum.less(amount);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn usd(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn noon() -> Timestamp {
        at("2026-11-30T12:00:00Z")
    }

    fn capped(day: Option<&str>, month: Option<&str>) -> Allowance {
        let budget = Cap { day: day.map(usd), month: month.map(usd) };
        Allowance { budget, ..Allowance::default() }
    }

    fn spent(day: &str, month: &str) -> UsedAllowance {
        let [of_day, of_month] = Period::both_of(noon());
        let spent = BTreeMap::from([(of_day, usd(day)), (of_month, usd(month))]);
        UsedAllowance { spent, ..UsedAllowance::default() }
    }

    fn over(period: CapPeriod, cap: &str, used: &str, until: &str) -> Allowed {
        Allowed::OverBudget { period, cap: usd(cap), used: usd(used), until: at(until) }
    }

    const ANY: Allowed = Allowed::Yes { left: None, at: Timestamp::from_millis(1_796_040_000_000) };

    #[test]
    fn each_cap_holds_until_its_period_is_over() {
        use CapPeriod::{Day, Month};
        let (tomorrow, used) = ("2026-12-01T00:00:00Z", spent("0.60", "3"));
        for (allowance, amount, expected) in [
            (capped(None, None), "1000000", ANY),
            (capped(Some("1"), None), "0.40", ANY),
            (capped(Some("1"), None), "0.400001", over(Day, "1", "0.60", tomorrow)),
            (capped(None, Some("3.5")), "0.50", ANY),
            (capped(None, Some("3.5")), "0.500001", over(Month, "3.5", "3", tomorrow)),
            (capped(Some("0.5"), Some("2")), "0", over(Month, "2", "3", tomorrow)),
            (capped(Some("0"), None), "0.000001", over(Day, "0", "0.60", tomorrow)),
        ] {
            let decided = allowance.decide(&used, Some(usd(amount)), noon());
            assert_eq!(decided, expected, "{allowance:?} {amount}");
        }
    }

    #[test]
    fn without_a_price_no_cap_holds_and_nothing_is_counted() {
        let allowance = Allowance { per_minute: 2, ..capped(Some("0"), Some("0")) };
        let mut used = spent("5", "5");
        let allowed = allowance.spend(&mut used, None, noon());
        assert_eq!(allowed, Allowed::Yes { left: Some(1), at: noon() });
        assert_eq!(used, UsedAllowance { used_up: used.used_up, ..spent("5", "5") });
        assert!(used.used_up > 0, "its rate counts");
    }

    #[test]
    fn a_refused_request_uses_nothing() {
        let allowance = Allowance { per_minute: 1, ..capped(Some("1"), None) };
        let mut used = UsedAllowance::default();
        let mut spend = |amount| {
            let before = used.clone();
            let allowed = allowance.spend(&mut used, Some(usd(amount)), noon());
            (allowed, used != before)
        };
        let (too_much, counted) = spend("1.01");
        assert!(matches!(too_much, Allowed::OverBudget { .. }) && !counted, "{too_much:?}");
        assert_eq!(spend("0.60"), (Allowed::Yes { left: Some(0), at: noon() }, true));
        let next = noon() + Duration::from_secs(60);
        assert_eq!(spend("0.40"), (Allowed::RateUsedUp { next }, false));
        let (too_much, counted) = spend("0.41");
        assert!(matches!(too_much, Allowed::OverBudget { .. }) && !counted, "the budget first");
    }

    #[test]
    fn a_day_and_a_month_begin_at_nothing() {
        let (allowance, amount) = (capped(Some("1"), Some("3")), Some(usd("1")));
        let mut used = UsedAllowance::default();
        let mut spend = |now| allowance.spend(&mut used, amount, at(now));
        let yes = |now| Allowed::Yes { left: None, at: at(now) };
        for day in ["2026-11-28T00:00:00Z", "2026-11-29T23:59:59.999Z", "2026-11-30T00:00:00Z"] {
            assert_eq!(spend(day), yes(day));
        }
        let end = "2026-12-01T00:00:00Z";
        assert_eq!(spend("2026-11-30T23:59:59.999Z"), over(CapPeriod::Month, "3", "3", end));
        assert_eq!(spend(end), yes(end));
        assert_eq!(used.spent.keys().map(Period::to_string).collect::<Vec<_>>(), PERIODS);
    }

    /// Those that are over are forgotten.
    const PERIODS: [&str; 2] = ["2026-12-01", "2026-12"];

    #[test]
    fn what_is_given_back_leaves_the_day_and_the_month_of_its_request() {
        let mut used = spent("0.60", "3");
        used.give_back(usd("0.20"), noon());
        assert_eq!(used, spent("0.40", "2.80"));
        used.give_back(usd("0.50"), noon());
        assert_eq!(used, spent("0", "2.30"), "never below zero");
        used.give_back(usd("1"), at("2026-11-29T12:00:00Z"));
        assert_eq!(used, spent("0", "1.30"), "its day is not kept");
        used.give_back(usd("1"), at("2026-10-30T12:00:00Z"));
        assert_eq!(used, spent("0", "1.30"));
    }
}
