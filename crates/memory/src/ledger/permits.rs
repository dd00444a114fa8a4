use std::time::Duration;

use job::{Timestamp, WaitingCount};
use ports::{GrantTerms, HeldPermit, Limits, Permit, PermitReturn, Permitted, Usage};

use super::Contents;

const DAY_MS: i64 = 86_400_000;

impl Contents {
    pub(super) fn take_permit(&mut self, permit: &Permit, terms: &GrantTerms) -> Permitted {
        let limits = self.limits_now(&permit.pool, &terms.limits);
        let pool = self.pools.entry(permit.pool.clone()).or_default();
        let holds = pool.held.contains_key(&(permit.key.clone(), permit.round));
        // Those that wait come before a job that does not.
        let ordered = terms.limits.concurrency > 0 || terms.limits.per_minute > 0;
        let waits = ordered && self.count_waiting(&permit.pool) > 0
            || self.paused_until(&permit.pool, &terms.limits).is_some();
        let tenant = &permit.key.tenant;
        let limited = terms.of(tenant).is_limited();
        let behind = limited && self.count_of(&permit.pool, tenant) > 0;
        let too_soon = self.next_of_account(permit, terms).is_some()
            || self.next_of_tenant(permit, terms).is_some();
        match !holds && (waits || behind || too_soon || !self.tenant_may_use(permit, terms)) {
            true => self.at_limit(permit, &limits),
            false => self.take_slots(permit, terms, &limits),
        }
    }

    fn at_limit(&self, permit: &Permit, limits: &Limits) -> Permitted {
        let Usage { used, waiting } = self.usage(&permit.pool);
        let of_tenant = self.count_of(&permit.pool, &permit.key.tenant);
        let waiting = WaitingCount { of_pool: waiting, of_tenant };
        Permitted::AtLimit { used, slots: limits.concurrency, waiting }
    }

    /// `limits`: as they apply now.
    pub(super) fn take_slots(
        &mut self,
        permit: &Permit,
        terms: &GrantTerms,
        limits: &Limits,
    ) -> Permitted {
        let today = self.today(&permit.pool);
        let until = Timestamp::from_millis((today.1 + 1) * DAY_MS);
        let place = (permit.key.clone(), permit.round);
        let pool = self.pools.entry(permit.pool.clone()).or_default();
        let today = self.days.entry(today).or_default();
        if let Some(held) = pool.held.get_mut(&place) {
            let newer = permit.revision > held.permit.revision;
            let more = permit.weight.saturating_sub(held.permit.weight);
            let used = pool.used.saturating_add(more);
            if limits.concurrency == 0 || used <= limits.concurrency {
                pool.used = used;
                held.permit.weight += more;
                held.permit.revision = permit.revision.max(held.permit.revision);
                if limits.concurrency > 0 {
                    held.since = self.now;
                }
                return Permitted::Granted;
            }
            if newer {
                pool.used = pool.used.saturating_sub(held.permit.weight);
                pool.held.remove(&place);
                self.end_grant(&permit.pool, &place);
                self.freed = true;
            }
            return self.at_limit(permit, limits);
        }
        if limits.submissions_per_day > 0 && *today >= limits.submissions_per_day {
            return Permitted::DayOver { until };
        }
        let used = pool.used.saturating_add(permit.weight);
        if limits.concurrency > 0 && used > limits.concurrency {
            return self.at_limit(permit, limits);
        }
        *today += 1;
        pool.used = used;
        pool.held.insert(place, HeldPermit { permit: permit.clone(), since: self.now });
        self.count_by_rate(permit, terms);
        Permitted::Granted
    }

    /// The place of the count of the pool's account.
    fn today(&self, pool: &str) -> (String, i64) {
        (Permit::account_of(pool).to_owned(), self.now.as_millis().div_euclid(DAY_MS))
    }

    pub(super) fn give_permit(&mut self, back: &PermitReturn) {
        let Some(pool) = self.pools.get_mut(&back.pool) else { return };
        let place = (back.key.clone(), back.round);
        let is_in_use = |held: &HeldPermit| {
            held.permit.revision >= back.revision || back.since.is_some_and(|at| held.since > at)
        };
        if pool.held.get(&place).is_none_or(is_in_use) {
            return;
        }
        let Some(held) = pool.held.remove(&place) else { return };
        pool.used = pool.used.saturating_sub(held.permit.weight);
        self.freed = true;
        // What was left behind may be a grant that nobody confirmed, which is still to be found.
        if back.since.is_none() {
            self.end_grant(&back.pool, &place);
        }
        if back.unspent {
            let today = self.today(&back.pool);
            let today = self.days.entry(today).or_default();
            *today = today.saturating_sub(1);
        }
    }

    pub(super) fn take_turn(&mut self, pool: &str, owner: &str, lasts: Duration) -> bool {
        let (now, until) = (self.now, self.now + lasts);
        let is_another_s = |(present, ends): &(String, Timestamp)| present != owner && *ends > now;
        if self.turns.get(pool).is_some_and(is_another_s) {
            return false;
        }
        self.turns.insert(pool.to_owned(), (owner.to_owned(), until));
        true
    }

    pub(super) fn end_turn(&mut self, pool: &str, owner: &str) {
        if self.turns.get(pool).is_some_and(|(present, _)| present == owner) {
            self.turns.remove(pool);
        }
    }

    pub fn used(&self, pool: &str) -> u32 {
        self.pools.get(pool).map_or(0, |pool| pool.used)
    }

    pub(super) fn usage(&self, pool: &str) -> Usage {
        Usage { used: self.used(pool), waiting: self.count_waiting(pool) }
    }

    pub fn held(&self, pool: &str) -> Vec<HeldPermit> {
        self.pools.get(pool).map(|pool| pool.held.values().cloned().collect()).unwrap_or_default()
    }

    /// All permits in all pools.
    pub fn all_held(&self) -> impl Iterator<Item = &HeldPermit> {
        self.pools.values().flat_map(|pool| pool.held.values())
    }
}
