//! The jobs that wait for slots of one pool.

use std::collections::BTreeMap;

use job::{FairShare, JobKey, Priority, Tenant, Timestamp};
use ports::{Place, Waiter};

pub(super) type Holder = (JobKey, u32);

/// The order within a tenant.
type Rank = (Priority, Timestamp, JobKey, u32);

#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// Those with waiting jobs.
    pub(super) tenants: BTreeMap<Tenant, Line>,
    pub(super) granted: BTreeMap<Holder, (Timestamp, Waiter)>,
    ranks: BTreeMap<Holder, Rank>,
    /// Until when tenants without waiting jobs are charged.
    charged: BTreeMap<Tenant, f64>,
    /// The latest start of a tenant that was served.
    now: f64,
}

/// A tenant's jobs.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) share: FairShare,
    pub(super) jobs: BTreeMap<Rank, Waiter>,
}

pub(super) fn holder(waiter: &Waiter) -> Holder {
    (waiter.permit.key.clone(), waiter.permit.round)
}

impl Line {
    fn head(&self) -> Option<&Waiter> {
        let next = self.share.next(self.jobs.keys().map(|(priority, ..)| *priority))?;
        self.jobs.values().find(|waiter| waiter.priority == next)
    }
}

impl Room {
    pub(super) fn waiting(&self) -> usize {
        self.ranks.len()
    }

    pub(super) fn has(&self, holder: &Holder) -> bool {
        self.granted.contains_key(holder) || self.ranks.contains_key(holder)
    }

    pub(super) fn of(&self, tenant: &Tenant) -> usize {
        self.tenants.get(tenant).map_or(0, |line| line.jobs.len())
    }

    pub(super) fn add(&mut self, waiter: Waiter) {
        let (holder, tenant) = (holder(&waiter), waiter.permit.key.tenant.clone());
        let rank = (waiter.priority, waiter.since, holder.0.clone(), holder.1);
        let charged = self.charged.remove(&tenant).unwrap_or(0.0);
        let now = self.now;
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
    }

    /// Tenants in the order in which they are served.
    pub(super) fn in_order(&self) -> Vec<(&Tenant, &Line)> {
        let mut tenants: Vec<_> = self.tenants.iter().collect();
        tenants.sort_by(|a, b| a.1.share.start.total_cmp(&b.1.share.start).then(a.0.cmp(b.0)));
        tenants
    }

    /// The next job of each tenant, in order.
    pub(super) fn heads(&self) -> impl Iterator<Item = &Waiter> {
        self.in_order().into_iter().filter_map(|(_, line)| line.head())
    }

    /// It gets its slots.
    pub(super) fn serve(&mut self, waiter: &Waiter, weight: u32, until: Timestamp) {
        if let Some(line) = self.tenants.get_mut(&waiter.permit.key.tenant) {
            self.now = self.now.max(line.share.start);
            line.share.charge(waiter.priority, waiter.cost, weight);
        }
        self.remove(&holder(waiter));
        self.granted.insert(holder(waiter), (until, waiter.clone()));
        let now = self.now;
        self.charged.retain(|_, until| *until > now);
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
