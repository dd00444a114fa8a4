//! Which waiting job is next: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) over
//! tenants, and over the priorities of a tenant.
//!
//! Each job is charged its cost when its turn comes, divided by the weight of its tenant or
//! priority. Next is the job whose charge begins first. Times are virtual: charged cost, in
//! milliseconds of a slot at weight 1.

use crate::Priority;

impl Priority {
    /// Its part of a tenant's service beside the other priorities: none of them starves.
    pub const fn weight(self) -> u32 {
        match self {
            Self::High => 9,
            Self::Normal => 3,
            Self::Low => 1,
        }
    }
}

/// A tenant with waiting jobs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FairShare {
    /// When the charge for its next job begins: the tenant with the earliest is next.
    pub start: f64,
    /// The time among its own priorities, and until when each of them is charged.
    pub now: f64,
    pub finish: [f64; 3],
}

impl FairShare {
    /// A tenant whose first job begins to wait. `now`: the start of the tenant served last.
    /// `finish`: until when it is charged for jobs that it had before.
    pub fn begin(now: f64, finish: f64) -> Self {
        Self { start: now.max(finish), now: 0.0, finish: [0.0; 3] }
    }

    /// The priority whose job is next, of those that wait.
    pub fn next(&self, waiting: impl IntoIterator<Item = Priority>) -> Option<Priority> {
        let earlier =
            |a: &Priority, b: &Priority| self.starts(*a).total_cmp(&self.starts(*b)).then(a.cmp(b));
        waiting.into_iter().min_by(earlier)
    }

    fn starts(&self, priority: Priority) -> f64 {
        self.now.max(self.finish[priority as usize])
    }

    /// Its job of this priority has got a slot. `weight`: the tenant's.
    pub fn charge(&mut self, priority: Priority, cost: u64, weight: u32) {
        let (start, cost) = (self.starts(priority), cost as f64);
        self.now = start;
        self.finish[priority as usize] = start + cost / f64::from(priority.weight());
        self.start += cost / f64::from(weight.max(1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Tenants with weights and costs, which always have jobs: what each of them was charged.
    fn served(tenants: &[(u32, u64)], jobs: usize) -> Vec<u64> {
        let mut shares = vec![FairShare::begin(0.0, 0.0); tenants.len()];
        let mut charged = vec![0; tenants.len()];
        for _ in 0..jobs {
            let starts = shares.iter().map(|share| share.start).enumerate();
            let (next, _) = starts.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            let (weight, cost) = tenants[next];
            shares[next].charge(Priority::Normal, cost, weight);
            charged[next] += cost;
        }
        charged
    }

    /// 1 if the weighted service of all is equal (Jain, Chiu and Hawe 1984).
    fn jain(shares: &[f64]) -> f64 {
        let (sum, squares) =
            shares.iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
        sum * sum / (shares.len() as f64 * squares)
    }

    #[test]
    fn service_follows_weights_whatever_jobs_cost() {
        let tenants: Vec<(u32, u64)> = (1..=10).map(|n| (n, 1_000 * u64::from(11 - n))).collect();
        let charged = served(&tenants, 10_000);
        let weighted =
            charged.iter().zip(&tenants).map(|(cost, of)| *cost as f64 / f64::from(of.0));
        let index = jain(&weighted.collect::<Vec<_>>());
        assert!(index > 0.999, "{index}: {charged:?}");
    }

    #[test]
    fn a_tenant_that_comes_late_gets_its_part_and_no_more() {
        let mut busy = FairShare::begin(0.0, 0.0);
        for _ in 0..1_000 {
            busy.charge(Priority::Normal, 100, 1);
        }
        let now = busy.start - 100.0;
        let late = FairShare::begin(now, 0.0);
        assert_eq!(late.start, now, "it is next, and has no credit from before");
        let again = FairShare::begin(now, now + 500.0);
        assert_eq!(again.start, now + 500.0, "leaving and coming back is no gain");
    }

    #[test]
    fn priorities_share_by_weight_and_none_starves() {
        let mut share = FairShare::begin(0.0, 0.0);
        let mut counts = BTreeMap::new();
        for _ in 0..1_300 {
            let next = share.next(Priority::ALL).unwrap();
            share.charge(next, 1_000, 1);
            *counts.entry(next).or_insert(0) += 1;
        }
        let counts: Vec<i32> = counts.into_values().collect();
        for (count, expected) in counts.iter().zip([900, 300, 100]) {
            assert!((count - expected).abs() <= 2, "{counts:?}");
        }
        assert_eq!(share.next([Priority::Low]), Some(Priority::Low));
        assert_eq!(share.next([]), None);
        let fresh = FairShare::begin(0.0, 0.0);
        assert_eq!(fresh.next([Priority::Low, Priority::High]), Some(Priority::High));
    }
}
