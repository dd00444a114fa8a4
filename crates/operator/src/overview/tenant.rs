//! The jobs of tenants in a pool.

use std::collections::BTreeMap;

use job::Tenant;
use ports::{GrantTerms, HeldPermit, TenantWaiting};
use serde::Serialize;

#[derive(Debug, PartialEq, Serialize)]
pub struct TenantStats {
    pub tenant: Tenant,
    pub waiting: u32,
    /// Slots.
    pub running: u32,
    pub weight: u32,
    /// The part of the slots that is its own while its jobs wait; 0 if none waits.
    pub share: f64,
}

impl TenantStats {
    pub fn words(&self) -> String {
        let Self { tenant, waiting, running, weight, share } = self;
        let share = match waiting {
            0 => String::new(),
            _ => format!(", share {:.1} %", 100.0 * share),
        };
        format!("  {tenant}: {running} slots in use, {waiting} jobs wait, weight {weight}{share}")
    }
}

/// One row for each tenant with waiting or running jobs, most waiting jobs first.
pub(super) fn rows(
    terms: &GrantTerms,
    waiting: Vec<TenantWaiting>,
    held: &[HeldPermit],
) -> Vec<TenantStats> {
    let weight = |tenant: &Tenant| terms.of(tenant).weight.max(1);
    let all: f64 = waiting.iter().map(|row| f64::from(weight(&row.tenant))).sum();
    let mut rows: BTreeMap<Tenant, TenantStats> = BTreeMap::new();
    let row = |tenant: &Tenant| TenantStats {
        tenant: tenant.clone(),
        waiting: 0,
        running: 0,
        weight: weight(tenant),
        share: 0.0,
    };
    for HeldPermit { permit, .. } in held {
        let tenant = &permit.key.tenant;
        rows.entry(tenant.clone()).or_insert_with(|| row(tenant)).running += permit.weight;
    }
    for TenantWaiting { tenant, waiting, .. } in waiting {
        let stats = rows.entry(tenant.clone()).or_insert_with(|| row(&tenant));
        (stats.waiting, stats.share) = (waiting, f64::from(stats.weight) / all);
    }
    let mut rows: Vec<TenantStats> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.waiting, row.running)));
    rows
}

#[cfg(test)]
mod tests {
    use job::{JobKey, Timestamp};
    use ports::{Permit, TenantTerms};

    use super::*;

    fn tenant(name: &str) -> Tenant {
        Tenant::new(name).unwrap()
    }

    fn held(key: &str, weight: u32) -> HeldPermit {
        let (pool, key) = ("default:images".to_owned(), JobKey::parse(key).unwrap());
        let permit = Permit { pool, key, round: 1, weight, revision: 1 };
        HeldPermit { permit, since: Timestamp::EPOCH }
    }

    #[test]
    fn shares_are_those_of_tenants_whose_jobs_wait() {
        let mut terms = GrantTerms::default();
        terms.tenants.insert(
            tenant("a"),
            TenantTerms { weight: 3, concurrency: 0, ..TenantTerms::default() },
        );
        let waiting = |name, waiting| TenantWaiting { tenant: tenant(name), waiting, used: 0 };
        let held = [held("a/1", 2), held("c/1", 4), held("a/2", 1)];
        let rows = rows(&terms, vec![waiting("a", 5), waiting("b", 9)], &held);
        let row = |name, waiting, running, weight, share| TenantStats {
            tenant: tenant(name),
            waiting,
            running,
            weight,
            share,
        };
        let expected = [row("b", 9, 0, 1, 0.25), row("a", 5, 3, 3, 0.75), row("c", 0, 4, 1, 0.0)];
        assert_eq!(rows, expected);
        assert_eq!(rows[1].words(), "  a: 3 slots in use, 5 jobs wait, weight 3, share 75.0 %");
        assert_eq!(rows[2].words(), "  c: 4 slots in use, 0 jobs wait, weight 1");
    }
}
