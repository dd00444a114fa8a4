use maud::{Markup, html};
use operator::{Retried, RetryPlan, Tally};

/// What came of an action on many jobs.
#[derive(Debug, Default)]
pub(super) struct Report {
    done: Vec<String>,
    not_done: Vec<String>,
}

impl Report {
    pub(super) fn of_cancelled(tally: Tally) -> Self {
        let Tally { cancelled, unseen, too_late } = tally;
        let mut report = Self { done: vec![format!("{cancelled} cancelled")], ..Self::default() };
        if unseen > 0 {
            report.done.push(format!("{unseen} are cancelled when a worker takes them"));
        }
        if too_late > 0 {
            report.not_done.push(format!("{too_late} were submitted or had ended"));
        }
        report
    }

    pub(super) fn of_plan(plan: &RetryPlan) -> Self {
        let not_done = plan.stays.iter().map(|(key, why)| format!("{key}: {why}")).collect();
        Self { done: Vec::new(), not_done }
    }

    pub(super) fn add(&mut self, retried: Retried) {
        match retried {
            Retried::Begun(record) => self.done.push(format!("{}: a new round", record.key)),
            Retried::Stays(record, why) => self.not_done.push(format!("{}: {why}", record.key)),
        }
    }

    /// For the log.
    pub(super) fn words(&self) -> String {
        [&self.done[..], &self.not_done[..]].concat().join("; ")
    }

    pub(super) fn markup(&self) -> Markup {
        html! {
            p role="status" .effect {
                @if self.not_done.is_empty() { "Done." } @else { "Done, with exceptions." }
            }
            ul {
                @for line in self.done.iter().chain(&self.not_done).take(200) { li { (line) } }
            }
            p { a href="/console/jobs" { "Back to the jobs" } }
        }
    }
}
