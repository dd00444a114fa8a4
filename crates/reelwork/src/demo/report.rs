//! Three counts side by side: jobs published, events received, submissions charged.

use job::{EventKind, JobKey};
use serde::Serialize;
use simulator::Accounts;

use crate::cli::{Backend, Demo};
use crate::demo::consumer::Consumer;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    backend: &'static str,
    /// Jobs published and confirmed by the broker.
    jobs: u64,
    succeeded: u64,
    failed: u64,
    rejected: u64,
    parked: u64,
    /// Different events received by the consumer.
    events: u64,
    duplicate_events: u64,
    /// Jobs published without an outcome received.
    lost: u64,
    /// Submissions accepted by the provider, which charges for each.
    paid_submissions: u64,
    /// Jobs with more than one accepted submission.
    double_paid: u64,
    provider_calls: ProviderCalls,
    seconds: f64,
    jobs_per_second: f64,
}

#[derive(Debug, Serialize)]
struct ProviderCalls {
    submit: u64,
    query: u64,
}

impl Report {
    pub(crate) fn of(
        options: &Demo,
        published: &[JobKey],
        consumer: &Consumer,
        accounts: &Accounts,
        seconds: f64,
    ) -> Self {
        let jobs = published.len() as u64;
        let lost = published.iter().filter(|key| consumer.outcome(key).is_none()).count() as u64;
        let round = |value: f64| (value * 100.0).round() / 100.0;
        Self {
            backend: match options.backend {
                Backend::Embedded => "embedded",
                Backend::Rabbitmq => "rabbitmq",
            },
            jobs,
            succeeded: consumer.count(EventKind::Succeeded),
            failed: consumer.count(EventKind::Failed),
            rejected: consumer.count(EventKind::Rejected),
            parked: consumer.count(EventKind::Parked),
            events: consumer.events(),
            duplicate_events: consumer.repeats(),
            lost,
            paid_submissions: accounts.accepted,
            double_paid: accounts.double_paid,
            provider_calls: ProviderCalls {
                submit: accounts.submissions,
                query: accounts.queries + accounts.look_ups + accounts.lists,
            },
            seconds: round(seconds),
            jobs_per_second: round((jobs - lost) as f64 / seconds.max(0.001)),
        }
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.lost == 0 && self.double_paid == 0
    }

    pub(crate) fn words(&self) -> String {
        format!(
            "{} jobs on {} in {} s ({} jobs/s)\n\
             events     {} ({} succeeded, {} failed, {} rejected, {} parked; {} repeats)\n\
             provider   {} submissions, {} paid, {} queries\n\
             lost {}   paid twice {}",
            self.jobs,
            self.backend,
            self.seconds,
            self.jobs_per_second,
            self.events,
            self.succeeded,
            self.failed,
            self.rejected,
            self.parked,
            self.duplicate_events,
            self.provider_calls.submit,
            self.paid_submissions,
            self.provider_calls.query,
            self.lost,
            self.double_paid
        )
    }
}
