//! The jobs that wait for slots of one pool.

use std::collections::BTreeMap;

use job::{FairShare, FairTime, JobKey, Priority, Tenant, Timestamp};
use ports::{Limits, Permit, Place, Waiter};

pub(super) type Holder = (JobKey, u32);

/// The order within a tenant.
type Rank = (Priority, Timestamp, JobKey, u32);

#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// Those with waiting jobs.
    pub(super) tenants: BTreeMap<Tenant, Line>,
    pub(super) granted: BTreeMap<Holder, (Timestamp, Waiter)>,
    ranks: BTreeMap<Holder, Rank>,
    /// Until when tenants without waiting jobs are charged, if that is after now. Each of them was
    /// served, and service moves now on: about as many stay as tenants wait.
    charged: BTreeMap<Tenant, f64>,
    time: FairTime,
}

/// A tenant's jobs.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) share: FairShare,
    pub(super) jobs: BTreeMap<Rank, Waiter>,
}

pub(super) fn holder(permit: &Permit) -> Holder {
    (permit.key.clone(), permit.round)
}

/// Jobs of a tenant and priority that are looked at for one that needs fewer slots.
const MOST_LOOKED_AT: usize = 50;

impl Line {
    /// One that needs no more slots, although the head does.
    pub(super) fn fitting(&self, limits: &Limits) -> Option<&Waiter> {
        Priority::ALL.into_iter().find_map(|priority| {
            let of = self.jobs.values().filter(|waiter| waiter.priority == priority);
            of.take(MOST_LOOKED_AT).find(|waiter| limits.fits(waiter.permit.weight))
        })
    }

    pub(super) fn head(&self) -> Option<&Waiter> {
        let next = self.share.next(self.jobs.keys().map(|(priority, ..)| *priority))?;
        self.jobs.values().find(|waiter| waiter.priority == next)
    }
}

impl Room {
    pub(super) fn waiting(&self) -> usize {
        self.ranks.len()
    }

    /// The revision as of which it waits.
    pub(super) fn waits_as_of(&self, holder: &Holder) -> Option<u64> {
        let rank = self.ranks.get(holder)?;
        Some(self.tenants.get(&holder.0.tenant)?.jobs.get(rank)?.permit.revision)
    }

    pub(super) fn granted_as_of(&self, holder: &Holder) -> Option<u64> {
        self.granted.get(holder).map(|(_, waiter)| waiter.permit.revision)
    }

    pub(super) fn add(&mut self, waiter: Waiter) {
        let (holder, tenant) = (holder(&waiter.permit), waiter.permit.key.tenant.clone());
        let rank = (waiter.priority, waiter.since, holder.0.clone(), holder.1);
        let charged = self.charged.remove(&tenant).unwrap_or(0.0);
        let now = self.time.now;
        let begin = || Line { share: FairShare::begin(now, charged), jobs: BTreeMap::new() };
        let line = self.tenants.entry(tenant).or_insert_with(begin);
        line.jobs.insert(rank.clone(), waiter);
        self.ranks.insert(holder, rank);
    }

    pub(super) fn remove(&mut self, holder: &Holder) {
        let (tenant, rank) = (&holder.0.tenant, self.ranks.remove(holder));
        let (Some(line), Some(rank)) = (self.tenants.get_mut(tenant), rank) else { return };
        line.jobs.remove(&rank);
        if line.jobs.is_empty() {
            self.charged.insert(tenant.clone(), line.share.start);
            self.tenants.remove(tenant);
        }
        let now = self.time.now;
        self.charged.retain(|_, until| *until > now);
    }

    /// Tenants in the order in which they are served.
    pub(super) fn in_order(&self) -> Vec<(&Tenant, &Line)> {
        let mut tenants: Vec<_> = self.tenants.iter().collect();
        tenants.sort_by(|a, b| a.1.share.start.total_cmp(&b.1.share.start).then(a.0.cmp(b.0)));
        tenants
    }

    /// It gets its slots. `weight`: its tenant's. `all`: of all tenants that wait.
    pub(super) fn serve(&mut self, waiter: &Waiter, weight: u32, all: u64, until: Timestamp) {
        let holder = holder(&waiter.permit);
        if let Some(line) = self.tenants.get_mut(&holder.0.tenant) {
            self.time.serve(&mut line.share, waiter.priority, waiter.cost, weight, all);
        }
        self.remove(&holder);
        self.granted.insert(holder, (until, waiter.clone()));
    }

    pub(super) fn place(&self, holder: &Holder) -> Option<Place> {
        let (rank, line) = (self.ranks.get(holder)?, self.tenants.get(&holder.0.tenant)?);
        Some(Place {
            ahead: count(line.jobs.range(..rank).count()),
            waiting: count(self.waiting()),
            tenants: count(self.tenants.len()),
        })
    }
}

pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
