use std::time::Duration;

use job::Timestamp;
use ports::{HeldPermit, Limits, Permit, PermitReturn, Permitted};

use super::Contents;

const DAY_MS: i64 = 86_400_000;

impl Contents {
    pub(super) fn take_permit(&mut self, permit: &Permit, limits: &Limits) -> Permitted {
        let pool = self.pools.entry(permit.pool.clone()).or_default();
        let holds = pool.held.contains_key(&(permit.key.clone(), permit.round));
        match limits.concurrency > 0 && !holds && self.somebody_waits(&permit.pool) {
            true => Permitted::AtLimit { used: self.used(&permit.pool) },
            false => self.take_slots(permit, limits),
        }
    }

    pub(super) fn take_slots(&mut self, permit: &Permit, limits: &Limits) -> Permitted {
        let day = self.now.as_millis().div_euclid(DAY_MS);
        let place = (permit.key.clone(), permit.round);
        let pool = self.pools.entry(permit.pool.clone()).or_default();
        let today = self.days.entry(day).or_default();
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
            if !newer {
                return Permitted::AtLimit { used: pool.used };
            }
            pool.used = pool.used.saturating_sub(held.permit.weight);
            pool.held.remove(&place);
            return Permitted::AtLimit { used: pool.used };
        }
        if limits.submissions_per_day > 0 && *today >= limits.submissions_per_day {
            return Permitted::DayOver { until: Timestamp::from_millis((day + 1) * DAY_MS) };
        }
        let used = pool.used.saturating_add(permit.weight);
        if limits.concurrency > 0 && used > limits.concurrency {
            return Permitted::AtLimit { used: pool.used };
        }
        *today += 1;
        pool.used = used;
        pool.held.insert(place, HeldPermit { permit: permit.clone(), since: self.now });
        Permitted::Granted
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
        // What was left behind may be a grant that nobody confirmed, which is still to be found.
        if back.since.is_none() {
            self.confirm(&back.pool, &place);
        }
        if back.unspent {
            let today = self.days.entry(self.now.as_millis().div_euclid(DAY_MS)).or_default();
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

    pub fn held(&self, pool: &str) -> Vec<HeldPermit> {
        self.pools.get(pool).map(|pool| pool.held.values().cloned().collect()).unwrap_or_default()
    }

    /// All permits in all pools.
    pub fn all_held(&self) -> impl Iterator<Item = &HeldPermit> {
        self.pools.values().flat_map(|pool| pool.held.values())
    }
}
