//! The waiting rooms and the permits of their pools.

use std::time::Duration;

use job::Tenant;
use ports::{
    Entered, GrantTerms, Granted, Left, PermitReturn, Permitted, Place, RoomBounds, TenantWaiting,
    Waiter,
};

use super::Contents;
use super::room::{Holder, Room, count, holder};

impl Contents {
    pub(super) fn enter(&mut self, waiter: &Waiter, bounds: &RoomBounds) -> Entered {
        let room = self.room(&waiter.permit.pool);
        let full = |bound: u32, count: usize| bound > 0 && count >= bound as usize;
        if room.has(&holder(waiter)) {
            return Entered::In;
        }
        if full(bounds.pool, room.waiting()) {
            return Entered::PoolFull;
        }
        if full(bounds.tenant, room.of(&waiter.permit.key.tenant)) {
            return Entered::TenantFull;
        }
        room.add(waiter.clone());
        Entered::In
    }

    pub(super) fn grant(
        &mut self,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Granted {
        let mut jobs = Vec::new();
        while jobs.len() < most {
            match self.grant_next(pool, terms, lease) {
                Ok(waiter) => jobs.push(waiter),
                Err(left) => return Granted { jobs, left },
            }
        }
        Granted { jobs, left: Left::More }
    }

    fn grant_next(
        &mut self,
        pool: &str,
        terms: &GrantTerms,
        lease: Duration,
    ) -> Result<Waiter, Left> {
        let next = self.next(pool, terms).ok_or(Left::Nobody)?;
        match self.take_slots(&next.permit, &terms.limits) {
            Permitted::Granted => {}
            Permitted::AtLimit { .. } => return Err(Left::NoSlot),
            Permitted::DayOver { until } => return Err(Left::DayOver { until }),
        }
        let (weight, until) = (terms.of(&next.permit.key.tenant).weight, self.now + lease);
        self.room(pool).serve(&next, weight, until);
        Ok(next)
    }

    /// The next job of a tenant that may use more slots.
    fn next(&self, pool: &str, terms: &GrantTerms) -> Option<Waiter> {
        let may_use = |waiter: &&Waiter| {
            let tenant = &waiter.permit.key.tenant;
            let most = terms.of(tenant).concurrency;
            most == 0 || self.used_by(pool, tenant) + waiter.permit.weight <= most
        };
        self.rooms.get(pool)?.heads().find(may_use).cloned()
    }

    pub(super) fn confirm(&mut self, pool: &str, job: &Holder) {
        self.room(pool).granted.remove(job);
    }

    pub(super) fn wait_again(&mut self, waiter: &Waiter) {
        let (pool, (key, round)) = (waiter.permit.pool.clone(), holder(waiter));
        let slots = PermitReturn {
            pool: pool.clone(),
            key: key.clone(),
            round,
            revision: u64::MAX,
            since: None,
            unspent: true,
        };
        self.give_permit(&slots);
        self.confirm(&pool, &(key.clone(), round));
        self.withdraw(&pool, &(key, round));
        self.room(&pool).add(waiter.clone());
    }

    pub(super) fn withdraw(&mut self, pool: &str, job: &Holder) {
        self.room(pool).remove(job);
    }

    pub(super) fn overdue_grants(&self, pool: &str) -> Vec<Waiter> {
        let granted = self.rooms.get(pool).into_iter().flat_map(|room| room.granted.values());
        granted.filter(|(ends, _)| *ends <= self.now).map(|(_, waiter)| waiter.clone()).collect()
    }

    pub(super) fn place(&self, pool: &str, job: &Holder) -> Option<Place> {
        self.rooms.get(pool)?.place(job)
    }

    pub(super) fn waiting(&self, pool: &str, most: usize) -> Vec<TenantWaiting> {
        let tenants = self.rooms.get(pool).map(Room::in_order).unwrap_or_default();
        let row = |tenant: &Tenant, waiting| TenantWaiting {
            tenant: tenant.clone(),
            waiting: count(waiting),
            used: self.used_by(pool, tenant),
        };
        tenants.into_iter().take(most).map(|(tenant, line)| row(tenant, line.jobs.len())).collect()
    }

    /// Those that wait come before a job that does not.
    pub(super) fn somebody_waits(&self, pool: &str) -> bool {
        self.rooms.get(pool).is_some_and(|room| room.waiting() > 0)
    }

    pub(super) fn waits_anywhere(&self) -> bool {
        self.rooms.values().any(|room| room.waiting() > 0)
    }

    fn used_by(&self, pool: &str, tenant: &Tenant) -> u32 {
        let held = self.pools.get(pool).into_iter().flat_map(|pool| pool.held.values());
        let theirs = held.filter(|held| held.permit.key.tenant == *tenant);
        theirs.map(|held| held.permit.weight).sum()
    }

    fn room(&mut self, pool: &str) -> &mut Room {
        self.rooms.entry(pool.to_owned()).or_default()
    }
}
