use std::collections::BTreeMap;

use job::{Priority, Tenant, Timestamp};

use crate::{Limits, Permit};

/// A job that waits for slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// What it gets when its turn comes.
    pub permit: Permit,
    pub priority: Priority,
    /// First come, first served among the jobs of a tenant and priority.
    pub since: Timestamp,
    /// What its tenant is charged: the expected time, in milliseconds, times its slots.
    pub cost: u64,
}

/// How many jobs may wait in a pool; 0 = any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomBounds {
    pub tenant: u32,
    pub pool: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It waits, or its grant is not confirmed yet; also if so before the call.
    In,
    TenantFull,
    PoolFull,
}

/// How a tenant is served beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantTerms {
    /// Its part of the service while others wait too; at least 1.
    pub weight: u32,
    /// Slots that it may use in a pool; 0 = no limit.
    pub concurrency: u32,
}

impl Default for TenantTerms {
    fn default() -> Self {
        Self { weight: 1, concurrency: 0 }
    }
}

/// The terms on which slots are granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantTerms {
    pub limits: Limits,
    /// For tenants that are not in `tenants`.
    pub default: TenantTerms,
    pub tenants: BTreeMap<Tenant, TenantTerms>,
}

impl GrantTerms {
    pub fn of(&self, tenant: &Tenant) -> TenantTerms {
        self.tenants.get(tenant).copied().unwrap_or(self.default)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// In order. Each holds its permit.
    pub jobs: Vec<Waiter>,
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
