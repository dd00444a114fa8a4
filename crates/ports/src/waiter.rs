use std::collections::{BTreeMap, BTreeSet};

use job::{Priority, Record, Tenant, Timestamp};

use crate::{Limits, Permit};

/// A job that waits for slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// What it gets when its turn comes.
    pub permit: Permit,
    pub priority: Priority,
    /// First published, first served among the jobs of a tenant and priority.
    pub since: Timestamp,
    /// What its tenant is charged: the expected time, in milliseconds, times its slots.
    pub cost: u64,
}

impl Waiter {
    /// The job of a record that waits, as of its present revision. `None` for an operation that
    /// takes no slot.
    pub fn of(record: &Record) -> Option<Self> {
        let permit = Permit { revision: record.revision, ..Permit::of(record)? };
        let (priority, since, cost) = (record.priority, record.waits_since(), record.slot_cost());
        Some(Self { permit, priority, since, cost })
    }
}

/// How a tenant is served beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantTerms {
    /// Its part of the service while others wait too; at least 1.
    pub weight: u32,
    /// Slots that it may use in a pool; 0 = no limit.
    pub concurrency: u32,
    /// Submissions a minute over all pools; 0 = no limit.
    pub per_minute: u32,
}

impl TenantTerms {
    /// One of its jobs may have to wait although slots are free.
    pub fn is_limited(&self) -> bool {
        self.concurrency > 0 || self.per_minute > 0
    }
}

impl Default for TenantTerms {
    fn default() -> Self {
        Self { weight: 1, concurrency: 0, per_minute: 0 }
    }
}

/// The terms on which slots are granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantTerms {
    pub limits: Limits,
    /// For tenants that are not in `tenants`.
    pub default: TenantTerms,
    pub tenants: BTreeMap<Tenant, TenantTerms>,
    /// They may use no slots now: their jobs stay in the room, and the others are served.
    pub paused: BTreeSet<Tenant>,
}

impl From<Limits> for GrantTerms {
    /// The same for every tenant.
    fn from(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}

impl GrantTerms {
    pub fn of(&self, tenant: &Tenant) -> TenantTerms {
        self.tenants.get(tenant).copied().unwrap_or(self.default)
    }

    pub fn are_paused_for(&self, tenant: &Tenant) -> bool {
        self.paused.contains(tenant)
    }

    /// It needs more slots than the pool has, or than its tenant may use.
    pub fn never_fits(&self, permit: &Permit) -> bool {
        let exceeds = |most: u32| most > 0 && permit.weight > most;
        exceeds(self.limits.concurrency) || exceeds(self.of(&permit.key.tenant).concurrency)
    }

    /// The weights of so many tenants together, of which these are in `tenants`.
    pub fn weights<'a>(&self, all: u64, named: impl Iterator<Item = &'a TenantTerms>) -> u64 {
        let weight = |terms: &TenantTerms| u64::from(terms.weight.max(1));
        let (count, sum) = named.fold((0, 0), |(n, sum), terms| (n + 1, sum + weight(terms)));
        all.saturating_sub(count) * weight(&self.default) + sum
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// In order. Each holds its permit.
    pub jobs: Vec<Waiter>,
    /// Jobs that need more slots than the pool has, or than their tenant may use: they have left
    /// the room without a grant.
    pub too_wide: Vec<Waiter>,
    pub left: Left,
}

/// Why no more was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// As many were granted as were requested, or as one call of the store grants.
    More,
    /// No job waits whose tenant may use more slots.
    Nobody,
    /// The next job needs more slots than are free. No other job may take them.
    NoSlot,
    /// No submission may be made until this moment: the provider asked for a pause of the pool, or
    /// the rate of the account, or of each tenant that could be next, is used up.
    Paused { until: Timestamp },
    /// The day's limit is reached until this moment.
    DayOver { until: Timestamp },
}

/// Where a job waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Jobs of its tenant that came before it, or have a higher priority.
    pub ahead: u32,
    /// Of all tenants.
    pub waiting: u32,
    /// Tenants with waiting jobs.
    pub tenants: u32,
}

/// A tenant with waiting jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantWaiting {
    pub tenant: Tenant,
    pub waiting: u32,
    /// Slots that it holds in the pool.
    pub used: u32,
}
