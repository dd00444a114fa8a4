//! Tenants whose cap was found reached. Their jobs wait, and grants pass them over.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::{Tenant, Timestamp};

/// Then one of its jobs tries again: amounts may have been released, or the cap raised.
const LONGEST: Duration = Duration::from_secs(60);

/// The store's clock says when the period ends, and this one may be ahead.
const SHORTEST: Duration = Duration::from_secs(1);

/// Grants name each of them to the ledger.
const MOST: usize = 1_000;

#[derive(Default)]
pub(crate) struct CappedTenants(Mutex<BTreeMap<Tenant, Capped>>);

struct Capped {
    until: Timestamp,
    why: String,
}

impl CappedTenants {
    /// `until`: the end of the period of its cap. `false`: there are too many, and grants do not pass
    /// it over.
    #[must_use]
    pub(crate) fn hold(
        &self,
        tenant: &Tenant,
        why: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> bool {
        let (mut capped, until) = (self.lock(), until.clamp(now + SHORTEST, now + LONGEST));
        if capped.len() >= MOST {
            capped.retain(|_, capped| now < capped.until);
        }
        let fits = capped.len() < MOST || capped.contains_key(tenant);
        if fits {
            capped.insert(tenant.clone(), Capped { until, why: why.to_owned() });
        }
        fits
    }

    pub(crate) fn why_not(&self, tenant: &Tenant, now: Timestamp) -> Option<String> {
        let capped = self.lock();
        let capped = capped.get(tenant).filter(|capped| now < capped.until);
        capped.map(|capped| capped.why.clone())
    }

    pub(crate) fn all(&self, now: Timestamp) -> Vec<Tenant> {
        let mut capped = self.lock();
        capped.retain(|_, capped| now < capped.until);
        capped.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Tenant, Capped>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: usize) -> Tenant {
        Tenant::new(format!("t{n}")).unwrap()
    }

    #[test]
    fn a_tenant_is_held_until_its_period_is_over_or_for_a_minute() {
        let (capped, now) = (CappedTenants::default(), Timestamp::EPOCH);
        let second = Duration::from_secs(1);
        assert!(capped.hold(&tenant(0), "day", now + second, now));
        assert!(capped.hold(&tenant(1), "month", now + 900 * second, now));
        assert_eq!(capped.why_not(&tenant(0), now).as_deref(), Some("day"));
        assert_eq!(capped.why_not(&tenant(0), now + second), None);
        assert!(capped.hold(&tenant(2), "over by this clock", now, now + second));
        assert!(capped.why_not(&tenant(2), now + second).is_some());
        assert_eq!(capped.all(now + 2 * second), [tenant(1)]);
        assert_eq!(capped.all(now + LONGEST), []);
    }

    #[test]
    fn invented_tenants_take_a_bounded_place() {
        let (capped, now) = (CappedTenants::default(), Timestamp::EPOCH);
        let held = (0..2 * MOST).filter(|n| capped.hold(&tenant(*n), "", now + LONGEST, now));
        assert_eq!((held.count(), capped.all(now).len()), (MOST, MOST));
        assert!(capped.hold(&tenant(0), "again", now + LONGEST, now));
        assert!(
            capped.hold(&tenant(MOST), "", now + 2 * LONGEST, now + LONGEST),
            "others are over"
        );
    }
}
