//! Makes [`Accounts`](crate::Accounts) from the state.

use super::Books;
use crate::accounts::{Accounts, CallbackCounts, HelperCounts, TaskEntry};
use crate::price::usd;
use crate::task::Facts;

impl Books {
    /// The accounts at `now_us`; with every task when `with_tasks`.
    pub(crate) fn snapshot(
        &mut self,
        now_us: u64,
        with_tasks: bool,
        callbacks: CallbackCounts,
    ) -> Accounts {
        self.settle(now_us);
        let tally = &self.tally;
        Accounts {
            submissions: tally.submissions,
            accepted: tally.accepted,
            charged_usd: usd(tally.charged_micro_usd),
            refunded_usd: usd(tally.refunded_micro_usd),
            limit_violations: tally.limit_violations,
            refused_repeats: tally.refused_repeats,
            refused_other: tally.refused_other,
            refused_by_fault: tally.refused_by_fault,
            queries: tally.queries,
            look_ups: tally.look_ups,
            lists: tally.lists,
            unauthorized: tally.unauthorized,
            helpers: HelperCounts {
                calls: tally.helper_calls,
                charged_usd: usd(tally.helper_micro_usd),
            },
            callbacks,
            in_flight: tally.in_flight,
            in_flight_max: tally.in_flight_max,
            unfinished: tally.accepted - tally.succeeded - tally.failed,
            succeeded: tally.succeeded,
            failed: tally.failed,
            faults: tally.faults.clone(),
            jobs: self.jobs.paid,
            double_paid: self.jobs.double_paid,
            double_charged: self.jobs.double_charged,
            tasks_per_job: self.jobs.tasks_per_job.clone(),
            unmarked: tally.unmarked,
            tasks: with_tasks
                .then(|| self.tasks.iter().map(|entry| task_entry(&entry.facts, now_us)).collect()),
        }
    }
}

fn task_entry(facts: &Facts, now_us: u64) -> TaskEntry {
    TaskEntry {
        task_id: facts.id.to_string(),
        marker: facts.marker.to_string(),
        operation: facts.operation.name().to_owned(),
        external_task_id: facts.external_id.clone(),
        accepted_at_ms: facts.accepted_us / 1_000,
        finished_at_ms: facts.ends_us.filter(|ends_us| *ends_us <= now_us).map(|us| us / 1_000),
        status: facts.status_at(now_us).word().to_owned(),
        usd: usd(facts.charge.micro_usd),
    }
}
