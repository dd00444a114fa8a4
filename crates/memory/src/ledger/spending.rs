//! What is spent and reserved.

use std::collections::BTreeMap;

use async_trait::async_trait;
use job::{CapOf, CapPeriod, Caps, JobKey, Money, OverCap, Period, Settled, Timestamp};
use ports::{
    Fence, HeldReservation, LedgerError, MOST_SPENDERS, Reservation, Reserved, Settlement, Spender,
    Spending, Spent, SpentBy,
};

use super::MemoryLedger;

/// One account's. Periods are kept for ever: tests are short.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountSpending {
    reserved: BTreeMap<(JobKey, u32), Held>,
    sums: BTreeMap<Period, BTreeMap<(Spender, String), Spent>>,
}

#[derive(Clone, Debug)]
struct Held {
    /// `None`: unpriced.
    amount: Option<Money>,
    since: Timestamp,
    parts: [(Period, Names); 2],
}

/// Those that a job counts for.
type Names = [(Spender, String); 3];

#[async_trait]
impl Spending for MemoryLedger {
    async fn reserve(
        &self,
        fence: &Fence,
        reservation: &Reservation,
        caps: &Caps,
    ) -> Result<Reserved, LedgerError> {
        let mut contents = self.writing(fence)?;
        let now = contents.now;
        let account = contents.spending.entry(reservation.account.clone()).or_default();
        Ok(account.reserve(reservation, caps, now))
    }

    async fn settle_reservations(
        &self,
        fence: &Fence,
        account: &str,
        settlements: &[Settlement],
    ) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        let account = contents.spending.entry(account.to_owned()).or_default();
        settlements.iter().for_each(|settlement| account.settle(settlement));
        Ok(())
    }

    async fn reservations(&self, account: &str) -> Result<Vec<HeldReservation>, LedgerError> {
        let contents = self.contents();
        let all = contents.spending.get(account).into_iter().flat_map(|all| &all.reserved);
        let held = |((key, round), held): (&(JobKey, u32), &Held)| {
            let amount = held.amount.unwrap_or_default();
            HeldReservation { key: key.clone(), round: *round, amount, since: held.since }
        };
        Ok(all.map(held).collect())
    }

    async fn spending(&self, account: &str, period: &Period) -> Result<Vec<SpentBy>, LedgerError> {
        let contents = self.contents();
        let all = contents.spending.get(account).and_then(|all| all.sums.get(period));
        let by = |((spender, name), sums): (&(Spender, String), &Spent)| SpentBy {
            spender: *spender,
            name: name.clone(),
            sums: sums.clone(),
        };
        Ok(all.into_iter().flatten().map(by).collect())
    }
}

impl AccountSpending {
    fn reserve(&mut self, reservation: &Reservation, caps: &Caps, now: Timestamp) -> Reserved {
        let holder = (reservation.key.clone(), reservation.round);
        if let Some(held) = self.reserved.get_mut(&holder) {
            held.since = now;
            return Reserved::Held;
        }
        let parts = Period::both_of(now).map(|period| {
            let names = self.names(&period, reservation, caps);
            (period, names)
        });
        let amount = reservation.amount.unwrap_or_default();
        let [day, month] = &parts;
        if let Some(over) = self.over(month, amount, caps).or_else(|| self.over(day, amount, caps))
        {
            if reservation.refuses {
                self.each(&parts, |sums| sums.refused += 1);
            }
            return Reserved::Over(over);
        }
        let unpriced = u64::from(reservation.amount.is_none());
        self.each(&parts, |sums| {
            sums.reserved = sums.reserved + amount;
            sums.unpriced += unpriced;
        });
        self.reserved.insert(holder, Held { amount: reservation.amount, since: now, parts });
        Reserved::Held
    }

    fn names(&self, period: &Period, reservation: &Reservation, caps: &Caps) -> Names {
        let tenant = (Spender::Tenant, reservation.key.tenant.to_string());
        let model = (Spender::Model, reservation.model_name().to_owned());
        let by_name = caps.tenant_is_named || self.has_room(period, &tenant);
        let together = |(spender, _)| (spender, String::new());
        let model = if self.has_room(period, &model) { model } else { together(model) };
        [(Spender::Account, String::new()), if by_name { tenant } else { together(tenant) }, model]
    }

    fn has_room(&self, period: &Period, spender: &(Spender, String)) -> bool {
        let Some(sums) = self.sums.get(period) else { return true };
        let others = sums.keys().filter(|(of, name)| *of == spender.0 && !name.is_empty());
        sums.contains_key(spender) || others.count() < MOST_SPENDERS
    }

    fn over(&self, part: &(Period, Names), amount: Money, caps: &Caps) -> Option<OverCap> {
        let (period, [account, tenant, _]) = part;
        let of_account = self.over_cap(CapOf::Account, caps, period, account, amount);
        of_account.or_else(|| self.over_cap(CapOf::Tenant, caps, period, tenant, amount))
    }

    fn over_cap(
        &self,
        of: CapOf,
        caps: &Caps,
        period: &Period,
        spender: &(Spender, String),
        amount: Money,
    ) -> Option<OverCap> {
        let cap = match of {
            CapOf::Account => caps.account,
            CapOf::Tenant => caps.tenant,
        };
        let sums = self.sums.get(period).and_then(|sums| sums.get(spender));
        let used = sums.map_or(Money::ZERO, |sums| sums.spent + sums.reserved);
        let (cap, length) = match period.is_day() {
            true => (cap.day?, CapPeriod::Day),
            false => (cap.month?, CapPeriod::Month),
        };
        let over = OverCap { of, period: length, cap, used, until: period.end() };
        (used + amount > cap).then_some(over)
    }

    fn each(&mut self, parts: &[(Period, Names)], change: impl Fn(&mut Spent)) {
        for (period, names) in parts {
            let sums = self.sums.entry(period.clone()).or_default();
            for name in names {
                change(sums.entry(name.clone()).or_default());
            }
        }
    }

    fn settle(&mut self, settlement: &Settlement) {
        let Settlement { key, round, settled, since } = settlement;
        let holder = (key.clone(), *round);
        let fits = |held: &Held| since.is_none_or(|since| held.since <= since);
        if !self.reserved.get(&holder).is_some_and(fits) {
            return;
        }
        let Some(Held { amount, parts, .. }) = self.reserved.remove(&holder) else { return };
        let (spent, released) = match *settled {
            Settled::Spent(spent) => (spent, false),
            Settled::Released => (Money::ZERO, true),
        };
        let (reserved, unpriced) = (amount.unwrap_or_default(), amount.is_none() && released);
        self.each(&parts, |sums| {
            sums.reserved = sums.reserved.less(reserved);
            sums.spent = sums.spent + spent;
            sums.unpriced -= u64::from(unpriced);
        });
    }
}
