//! Which waiting job is next: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) over
//! tenants, and over the priorities of a tenant.
//!
//! Each job is charged its cost when its turn comes, divided by the weight of its tenant or
//! priority. Next is the job whose charge begins first. Times are virtual: charged cost, in
//! milliseconds of a slot at weight 1.
//!
//! A tenant that begins to wait is charged from the present virtual time on. It also moves with the
//! service of each waiting tenant's part (Bennett and Zhang, 1997), or else tenants that keep coming
//! would all begin before one that waits.

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

/// The virtual times of a room.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FairTime {
    /// A tenant that begins to wait is charged from here on.
    pub now: f64,
    /// The latest start of a charge.
    pub served: f64,
}

impl FairTime {
    /// A tenant's job of this priority has got its slots. `weight`: the tenant's. `all`: the weights
    /// of all tenants that waited, with it.
    pub fn serve(
        &mut self,
        share: &mut FairShare,
        priority: Priority,
        cost: u64,
        weight: u32,
        all: u64,
    ) {
        // Only a tenant that its own limit held back begins before: it saves up no credit.
        self.served = self.served.max(share.start);
        self.now = (self.now + cost as f64 / all.max(1) as f64).max(self.served);
        share.start = self.served;
        share.charge(priority, cost, weight);
    }
}

impl FairShare {
    /// A tenant whose first job begins to wait. `now`: [`FairTime::now`]. `finish`: until when it is
    /// charged for jobs that it had before.
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

    fn charge(&mut self, priority: Priority, cost: u64, weight: u32) {
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

    /// The place of the tenant that is next.
    fn next(shares: &[FairShare]) -> usize {
        let starts = shares.iter().map(|share| share.start).enumerate();
        starts.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
    }

    /// Tenants with weights and costs, which always have jobs: what each of them was charged.
    fn served(tenants: &[(u32, u64)], jobs: usize) -> Vec<u64> {
        let all = tenants.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut time = FairTime::default();
        let mut shares = vec![FairShare::begin(0.0, 0.0); tenants.len()];
        let mut charged = vec![0; tenants.len()];
        for _ in 0..jobs {
            let next = next(&shares);
            let (weight, cost) = tenants[next];
            time.serve(&mut shares[next], Priority::Normal, cost, weight, all);
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
        let (mut time, mut busy) = (FairTime::default(), FairShare::begin(0.0, 0.0));
        for _ in 0..1_000 {
            time.serve(&mut busy, Priority::Normal, 100, 1, 1);
        }
        let late = FairShare::begin(time.now, 0.0);
        assert_eq!(late.start, busy.start, "it has no credit from before");
        let again = FairShare::begin(time.now, time.now + 500.0);
        assert_eq!(again.start, time.now + 500.0, "leaving and coming back is no gain");
    }

    /// New tenants, of which some always wait, each with one job.
    #[test]
    fn a_tenant_with_many_jobs_keeps_its_part_beside_ever_new_ones() {
        const NEW: usize = 3;
        let mut time = FairTime::default();
        let mut shares = vec![FairShare::begin(0.0, 0.0); 1 + NEW];
        let mut jobs_of_busy = 0;
        for _ in 0..1_000 {
            let next = next(&shares);
            time.serve(&mut shares[next], Priority::Normal, 100, 1, 1 + NEW as u64);
            match next {
                0 => jobs_of_busy += 1,
                _ => shares[next] = FairShare::begin(time.now, 0.0),
            }
        }
        assert!((240..=260).contains(&jobs_of_busy), "{jobs_of_busy} of 1000, its part is 250");
    }

    #[test]
    fn a_tenant_that_was_held_back_saves_up_no_credit() {
        let (mut time, mut held) = (FairTime::default(), FairShare::begin(0.0, 0.0));
        let mut busy = held;
        for _ in 0..100 {
            time.serve(&mut busy, Priority::Normal, 100, 1, 2);
        }
        time.serve(&mut held, Priority::Normal, 100, 1, 2);
        assert_eq!(held.start, busy.start, "one job, then they take turns");
    }

    #[test]
    fn priorities_share_by_weight_and_none_starves() {
        let (mut time, mut share) = (FairTime::default(), FairShare::begin(0.0, 0.0));
        let mut counts = BTreeMap::new();
        for _ in 0..1_300 {
            let next = share.next(Priority::ALL).unwrap();
            time.serve(&mut share, next, 1_000, 1, 1);
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
