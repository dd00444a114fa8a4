//! Tasks counted by the job they belong to: this is where a double payment shows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(crate) struct Jobs {
    by_name: HashMap<Arc<str>, Job>,
    /// Number of jobs by their number of accepted tasks, 0 left out.
    pub(crate) tasks_per_job: BTreeMap<u32, u64>,
    /// Jobs with more than one accepted task.
    pub(crate) double_paid: u64,
    /// Jobs with more than one accepted task that was not refunded.
    pub(crate) double_charged: u64,
    /// Jobs with at least one accepted task.
    pub(crate) paid: u64,
}

#[derive(Debug, Default)]
struct Job {
    attempts: u32,
    accepted: u32,
    charged: u32,
}

impl Jobs {
    /// Notes a submission of the job and answers its number, from 1.
    pub(crate) fn attempt(&mut self, marker: &str) -> (Arc<str>, u32) {
        if let Some((name, _)) = self.by_name.get_key_value(marker) {
            let name = Arc::clone(name);
            let job = self.by_name.entry(Arc::clone(&name)).or_default();
            job.attempts += 1;
            return (name, job.attempts);
        }
        let name: Arc<str> = Arc::from(marker);
        self.by_name.insert(Arc::clone(&name), Job { attempts: 1, ..Job::default() });
        (name, 1)
    }

    pub(crate) fn accepted(&mut self, name: &Arc<str>) {
        let job = self.by_name.entry(Arc::clone(name)).or_default();
        job.accepted += 1;
        job.charged += 1;
        match job.accepted {
            1 => self.paid += 1,
            2 => self.double_paid += 1,
            _ => {}
        }
        if job.charged == 2 {
            self.double_charged += 1;
        }
        let accepted = job.accepted;
        self.leave_bucket(accepted - 1);
        *self.tasks_per_job.entry(accepted).or_default() += 1;
    }

    fn leave_bucket(&mut self, tasks: u32) {
        if let Some(jobs) = self.tasks_per_job.get_mut(&tasks) {
            *jobs -= 1;
            if *jobs == 0 {
                self.tasks_per_job.remove(&tasks);
            }
        }
    }

    pub(crate) fn refunded(&mut self, name: &Arc<str>) {
        if let Some(job) = self.by_name.get_mut(name) {
            if job.charged == 2 {
                self.double_charged -= 1;
            }
            job.charged -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_follows_every_acceptance() {
        let mut jobs = Jobs::default();
        for name in ["a", "b", "a", "c", "a", "b"] {
            let (name, _) = jobs.attempt(name);
            jobs.accepted(&name);
        }
        assert_eq!(jobs.tasks_per_job, BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
        assert_eq!((jobs.paid, jobs.double_paid, jobs.double_charged), (3, 2, 2));
    }

    #[test]
    fn a_refund_clears_the_double_charge_but_not_the_double_payment() {
        let mut jobs = Jobs::default();
        let (name, first) = jobs.attempt("a");
        jobs.accepted(&name);
        jobs.refunded(&name);
        let (name, second) = jobs.attempt("a");
        jobs.accepted(&name);
        assert_eq!((first, second), (1, 2));
        assert_eq!((jobs.double_paid, jobs.double_charged), (1, 0));
        let (name, _) = jobs.attempt("a");
        jobs.accepted(&name);
        assert_eq!(jobs.double_charged, 1);
        jobs.refunded(&name);
        assert_eq!(jobs.double_charged, 0);
    }
}
