//! How many submissions a minute are made.

use job::{Rate, Tenant, Timestamp};
use ports::{GrantTerms, Permit};

use super::Contents;

impl Contents {
    /// `None`: the rate of the account allows a submission now.
    pub(super) fn next_of_account(&self, permit: &Permit, terms: &GrantTerms) -> Option<Timestamp> {
        self.next_by_rate(permit, None, terms.limits.per_minute)
    }

    pub(super) fn next_of_tenant(&self, permit: &Permit, terms: &GrantTerms) -> Option<Timestamp> {
        let tenant = &permit.key.tenant;
        self.next_by_rate(permit, Some(tenant), terms.of(tenant).per_minute)
    }

    fn next_by_rate(
        &self,
        permit: &Permit,
        whose: Option<&Tenant>,
        per_minute: u32,
    ) -> Option<Timestamp> {
        let name = (Permit::account_of(&permit.pool).to_owned(), whose.cloned());
        let used_up = self.rates.get(&name).copied().unwrap_or(0);
        Rate::new(per_minute)?.next(used_up, self.now)
    }

    /// A submission. Names whose rate is not used up are not kept.
    pub(super) fn count_by_rate(&mut self, permit: &Permit, terms: &GrantTerms) {
        let (account, tenant) = (Permit::account_of(&permit.pool), &permit.key.tenant);
        let now = self.now;
        self.rates.retain(|_, used_up| *used_up > now.as_millis() * 1_000);
        let rates = [(None, terms.limits.per_minute), (Some(tenant), terms.of(tenant).per_minute)];
        for (whose, per_minute) in rates {
            let Some(rate) = Rate::new(per_minute) else { continue };
            let used_up = self.rates.entry((account.to_owned(), whose.cloned())).or_insert(0);
            *used_up = rate.after(*used_up, now);
        }
    }
}
