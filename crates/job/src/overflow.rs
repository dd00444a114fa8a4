//! The queues for jobs that find no place in the ledger.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Priority, Resource, Tenant};

/// A queue in the broker whose jobs wait for a place in the waiting room. Each resource has
/// [`EACH`](Self::EACH) of them. The jobs of a tenant and priority are in one queue, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OverflowQueue {
    pub resource: Resource,
    /// Below [`EACH`](Self::EACH).
    pub number: u8,
}

impl OverflowQueue {
    /// Each job of a queue waits for those before it, also for those of another tenant: with more
    /// queues that is rarer.
    pub const EACH: u8 = 8;

    pub fn all() -> impl Iterator<Item = Self> {
        let of = |resource| (0..Self::EACH).map(move |number| Self { resource, number });
        Resource::ALL.into_iter().flat_map(of)
    }

    /// The priorities of a tenant have different queues.
    pub fn of(resource: Resource, tenant: &Tenant, priority: Priority) -> Self {
        let step = match priority {
            Priority::High => 0,
            Priority::Normal => 1,
            Priority::Low => 2,
        };
        // FNV-1a: the same in every process and version.
        let hash = tenant.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let number = hash.wrapping_add(step) % u64::from(Self::EACH);
        Self { resource, number: u8::try_from(number).unwrap_or(0) }
    }
}

impl fmt::Display for OverflowQueue {
    /// `videos.3`: the tail of the queue's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.resource, self.number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn number(tenant: &str, priority: Priority) -> u8 {
        OverflowQueue::of(Resource::Videos, &Tenant::new(tenant).unwrap(), priority).number
    }

    #[test]
    fn every_version_finds_the_same_queue() {
        let numbers = ["default", "acme", "a", "b"].map(|tenant| number(tenant, Priority::Normal));
        assert_eq!(numbers, [7, 0, 5, 6]);
    }

    #[test]
    fn priorities_of_a_tenant_have_different_queues() {
        let numbers = Priority::ALL.map(|priority| number("acme", priority));
        assert_eq!(BTreeSet::from(numbers).len(), 3);
    }

    #[test]
    fn tenants_spread_over_all_queues() {
        let numbers = (0..100).map(|n| number(&format!("tenant-{n}"), Priority::Normal));
        let mut counts = [0; OverflowQueue::EACH as usize];
        numbers.for_each(|number| counts[usize::from(number)] += 1);
        assert!(counts.iter().all(|count| (4..=25).contains(count)), "{counts:?}");
    }

    #[test]
    fn all_queues_are_listed_once() {
        let names: BTreeSet<String> = OverflowQueue::all().map(|q| q.to_string()).collect();
        assert_eq!(names.len(), 24);
        assert_eq!(names.first().map(String::as_str), Some("audio.0"));
    }
}
