//! The waiting rooms and the permits of their pools.

use std::time::Duration;

use job::{Tenant, Timestamp};
use ports::{GrantTerms, Granted, Left, Limits, Permit, Permitted, Place, TenantWaiting, Waiter};

use super::Contents;
use super::room::{Holder, Room, count, holder};

/// What became of the next job.
enum Next {
    Granted(Waiter),
    TooWide(Waiter),
    Left(Left),
}

impl Contents {
    pub(super) fn enter(&mut self, waiter: &Waiter) {
        let Permit { pool, revision, .. } = &waiter.permit;
        let holder = holder(&waiter.permit);
        let held = self.pools.get(pool).and_then(|pool| pool.held.get(&holder));
        let asked = held.map(|held| held.permit.revision);
        let room = self.room(pool);
        let known = [asked, room.waits_as_of(&holder), room.granted_as_of(&holder)];
        if known.into_iter().flatten().any(|known| known >= *revision) {
            return;
        }
        room.remove(&holder);
        room.granted.remove(&holder);
        room.add(waiter.clone());
        self.freed = true;
    }

    pub(super) fn grant(
        &mut self,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Granted {
        let (mut jobs, mut too_wide) = (Vec::new(), Vec::new());
        if let Some(until) = self.paused_until(pool, &terms.limits) {
            return Granted { jobs, too_wide, left: Left::Paused { until } };
        }
        while jobs.len() + too_wide.len() < most {
            match self.grant_next(pool, terms, lease) {
                Next::Granted(waiter) => jobs.push(waiter),
                Next::TooWide(waiter) => too_wide.push(waiter),
                Next::Left(left) => return Granted { jobs, too_wide, left },
            }
        }
        Granted { jobs, too_wide, left: Left::More }
    }

    fn grant_next(&mut self, pool: &str, terms: &GrantTerms, lease: Duration) -> Next {
        let limits = self.limits_now(pool, &terms.limits);
        let next = match self.next(pool, terms, &limits) {
            Ok(next) => next,
            Err(left) => return Next::Left(left),
        };
        if terms.never_fits(&next.permit) {
            self.room(pool).remove(&holder(&next.permit));
            return Next::TooWide(next);
        }
        if let Some(until) = self.next_of_account(&next.permit, terms) {
            return Next::Left(Left::Paused { until });
        }
        match self.take_slots(&next.permit, terms, &limits) {
            Permitted::Granted => {}
            Permitted::AtLimit { .. } => return Next::Left(Left::NoSlot),
            Permitted::DayOver { until } => return Next::Left(Left::DayOver { until }),
        }
        let (weight, until) = (terms.of(&next.permit.key.tenant).weight, self.now + lease);
        let room = self.room(pool);
        let named = terms.tenants.iter().filter(|(tenant, _)| room.tenants.contains_key(*tenant));
        let all = terms.weights(room.tenants.len() as u64, named.map(|(_, terms)| terms));
        room.serve(&next, weight, all, until);
        Next::Granted(next)
    }

    /// The next job of a tenant that may use more slots, or one that never fits. One that is too wide
    /// for the present limit only lets others pass.
    fn next(&self, pool: &str, terms: &GrantTerms, now: &Limits) -> Result<Waiter, Left> {
        let (mut left, mut soonest) = (Left::Nobody, None);
        let lines = self.rooms.get(pool).into_iter().flat_map(Room::in_order);
        for (_, line) in lines.filter(|(tenant, _)| !terms.are_paused_for(tenant)) {
            let Some(head) = line.head() else { continue };
            let never = terms.never_fits(&head.permit);
            if !never && !self.tenant_may_use(&head.permit, terms) {
                continue;
            }
            let later = self.next_of_tenant(&head.permit, terms).filter(|_| !never);
            if let Some(until) = later {
                soonest = Some(soonest.map_or(until, |soonest: Timestamp| soonest.min(until)));
                continue;
            }
            let fits = never || now.fits(head.permit.weight);
            match if fits { Some(head) } else { line.fitting(now) } {
                Some(waiter) => return Ok(waiter.clone()),
                None => left = Left::NoSlot,
            }
        }
        Err(match (left, soonest) {
            (Left::Nobody, Some(until)) => Left::Paused { until },
            (left, _) => left,
        })
    }

    pub(super) fn tenant_may_use(&self, permit: &Permit, terms: &GrantTerms) -> bool {
        let tenant = &permit.key.tenant;
        let most = terms.of(tenant).concurrency;
        most == 0 || self.used_by(&permit.pool, tenant) + permit.weight <= most
    }

    pub(super) fn confirm(&mut self, permit: &Permit) {
        let (room, holder) = (self.room(&permit.pool), holder(permit));
        if room.granted_as_of(&holder).is_some_and(|granted| granted <= permit.revision) {
            room.granted.remove(&holder);
        }
    }

    /// A wide job that leaves makes way for those behind it.
    pub(super) fn withdraw(&mut self, permit: &Permit) {
        let (room, holder) = (self.room(&permit.pool), holder(permit));
        if room.waits_as_of(&holder).is_some_and(|waits| waits <= permit.revision) {
            room.remove(&holder);
            self.freed = true;
        }
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

    pub(super) fn waiters(&self, pool: &str, tenant: &Tenant, most: usize) -> Vec<Waiter> {
        let line = self.rooms.get(pool).and_then(|room| room.tenants.get(tenant));
        line.into_iter().flat_map(|line| line.jobs.values()).take(most).cloned().collect()
    }

    pub(super) fn count_waiting(&self, pool: &str) -> u32 {
        self.rooms.get(pool).map_or(0, |room| count(room.waiting()))
    }

    pub(super) fn count_of(&self, pool: &str, tenant: &Tenant) -> u32 {
        let line = self.rooms.get(pool).and_then(|room| room.tenants.get(tenant));
        line.map_or(0, |line| count(line.jobs.len()))
    }

    /// Its slots were given back, so its grant is over, if it has one.
    pub(super) fn end_grant(&mut self, pool: &str, holder: &Holder) {
        self.room(pool).granted.remove(holder);
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
