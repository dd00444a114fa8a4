//! Which waiting job gets slots.

use std::time::Duration;

use job::{Tenant, Timestamp};
use ports::{GrantTerms, Granted, Left, Limits, Permit, Permitted, TenantTerms, Waiter};
use rusqlite::params;

use super::permits;
use super::rates::Rates;
use super::shares::Room;
use super::slot_limits::Now;
use crate::writer::Tx;

/// What became of the next job.
enum Next {
    Granted(Waiter),
    TooWide(Waiter),
    Left(Left),
}

/// Who is next.
enum Head {
    Of(Waiter),
    /// None of the tenant's rows can be read.
    Unreadable(Tenant),
}

/// One call of `grant`.
struct Granting<'a> {
    ns: i64,
    pool: &'a str,
    terms: &'a GrantTerms,
    /// As they apply now.
    limits: Limits,
    lease: Duration,
    /// The weights of all tenants that wait.
    all: u64,
}

pub(crate) fn grant(
    tx: &mut Tx<'_>,
    ns: i64,
    pool: &str,
    terms: &GrantTerms,
    most: usize,
    lease: Duration,
) -> rusqlite::Result<Granted> {
    let (mut jobs, mut too_wide) = (Vec::new(), Vec::new());
    let Now { limits, paused_until } = Now::of(tx, ns, pool, &terms.limits)?;
    if let Some(until) = paused_until {
        return Ok(Granted { jobs, too_wide, left: Left::Paused { until } });
    }
    let all = Room { sql: tx.sql, ns, pool }.all_weights(terms)?;
    let mut granting = Granting { ns, pool, terms, limits, lease, all };
    while jobs.len() + too_wide.len() < most {
        match granting.next(tx)? {
            Next::Granted(waiter) => jobs.push(waiter),
            Next::TooWide(waiter) => too_wide.push(waiter),
            Next::Left(left) => return Ok(Granted { jobs, too_wide, left }),
        }
    }
    Ok(Granted { jobs, too_wide, left: Left::More })
}

impl Granting<'_> {
    fn next(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Next> {
        let next = match self.readable(tx)? {
            Ok(next) => next,
            Err(left) => return Ok(Next::Left(left)),
        };
        let (permit, terms) = (&next.permit, self.terms);
        if terms.never_fits(permit) {
            self.room(tx).leave(permit)?;
            self.has_left(tx, &permit.key.tenant)?;
            return Ok(Next::TooWide(next));
        }
        let rates = Rates { sql: tx.sql, ns: self.ns, now: tx.now, permit, terms };
        if let Some(until) = rates.next_of_account()? {
            return Ok(Next::Left(Left::Paused { until }));
        }
        match permits::take_slots(tx, self.ns, permit, terms, &self.limits)? {
            Permitted::Granted => {}
            Permitted::AtLimit { .. } => return Ok(Next::Left(Left::NoSlot)),
            Permitted::DayOver { until } => return Ok(Next::Left(Left::DayOver { until })),
        }
        let (room, tenant) = (self.room(tx), &permit.key.tenant);
        let weight = terms.of(tenant).weight;
        room.charge(tenant, (next.priority, next.cost), weight, self.all)?;
        room.lease(permit, tx.now + self.lease)?;
        self.has_left(tx, tenant)?;
        Ok(Next::Granted(next))
    }

    /// The room is an index: a comparison with the records restores what cannot be read.
    fn readable(&mut self, tx: &Tx<'_>) -> rusqlite::Result<Result<Waiter, Left>> {
        loop {
            match self.room(tx).next(self.terms, &self.limits, tx.now)? {
                Err(left) => return Ok(Err(left)),
                Ok(Head::Of(waiter)) => return Ok(Ok(waiter)),
                Ok(Head::Unreadable(tenant)) => {
                    self.room(tx).drop_line(&tenant)?;
                    self.has_left(tx, &tenant)?;
                }
            }
        }
    }

    /// A job of this tenant.
    fn has_left(&mut self, tx: &Tx<'_>, tenant: &Tenant) -> rusqlite::Result<()> {
        if self.room(tx).end_share(tenant)? {
            self.all = self.all.saturating_sub(self.terms.of(tenant).weight.max(1).into());
        }
        self.room(tx).forget_charged()
    }

    fn room<'a>(&'a self, tx: &'a Tx<'_>) -> Room<'a> {
        Room { sql: tx.sql, ns: self.ns, pool: self.pool }
    }
}

impl Room<'_> {
    /// The next job of a tenant that may use more slots, or one that never fits. One that is too wide
    /// for the present limit only lets others pass.
    fn next(
        &self,
        terms: &GrantTerms,
        limits: &Limits,
        now: Timestamp,
    ) -> rusqlite::Result<Result<Head, Left>> {
        let (mut left, mut soonest) = (Left::Nobody, None);
        let head = self.first_tenant(|tenant, share| {
            if terms.are_paused_for(&tenant) {
                return Ok(None);
            }
            let Some(head) = self.head(&tenant, &share)? else {
                return Ok(Some(Head::Unreadable(tenant)));
            };
            let (most, weight) = (terms.of(&tenant).concurrency, head.permit.weight);
            let never = terms.never_fits(&head.permit);
            if !never && most > 0 && self.used_by(&tenant)? + weight > most {
                return Ok(None);
            }
            let rates = Rates { sql: self.sql, ns: self.ns, now, permit: &head.permit, terms };
            let later = if never { None } else { rates.next_of_tenant()? };
            if let Some(until) = later {
                soonest = Some(soonest.map_or(until, |soonest: Timestamp| soonest.min(until)));
                return Ok(None);
            }
            if never || limits.fits(weight) {
                return Ok(Some(Head::Of(head)));
            }
            let fitting = self.fitting(&tenant, limits)?;
            if fitting.is_none() {
                left = Left::NoSlot;
            }
            Ok(fitting.map(Head::Of))
        })?;
        Ok(head.ok_or(match (left, soonest) {
            (Left::Nobody, Some(until)) => Left::Paused { until },
            (left, _) => left,
        }))
    }

    /// The tenant is at its limit, or others of its jobs wait because of it.
    pub(super) fn tenant_must_wait(
        &self,
        permit: &Permit,
        terms: &TenantTerms,
    ) -> rusqlite::Result<bool> {
        let (tenant, most) = (&permit.key.tenant, terms.concurrency);
        Ok(terms.is_limited() && self.has_waiting(tenant)?
            || most > 0 && self.used_by(tenant)? + permit.weight > most)
    }

    pub(super) fn used_by(&self, tenant: &Tenant) -> rusqlite::Result<u32> {
        // A tenant contains no slash, and '0' follows it.
        let (from, to) = (format!("{tenant}/"), format!("{tenant}0"));
        self.sql
            .prepare_cached(
                "SELECT coalesce(sum(weight), 0) FROM permit
                 WHERE ns = ?1 AND pool = ?2 AND key >= ?3 AND key < ?4",
            )?
            .query_row(params![self.ns, self.pool, from, to], |row| row.get(0))
    }
}
