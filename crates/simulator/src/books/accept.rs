//! Accepting a submission: the last gates, then the new task.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Books, Entry, JobAttempt, Submission};
use crate::fault::{FaultKind, TaskFaults};
use crate::refusal::Refusal;
use crate::settings::{ExternalIds, Settings};
use crate::task::{Ending, Facts, Status, View};
use crate::{ident, span};

pub(super) struct Accepted {
    pub(super) view: View,
    pub(super) wakes_callbacks: bool,
}

impl Books {
    pub(super) fn accept(
        &mut self,
        now_us: u64,
        settings: &Settings,
        submission: Submission,
        job: &JobAttempt,
        faults: &TaskFaults,
    ) -> Result<Accepted, Refusal> {
        self.gate(settings, &submission)?;
        let facts = Arc::new(self.facts(now_us, settings, submission, job, faults));
        self.count_faults(faults);
        let place = self.enter(Entry {
            facts: Arc::clone(&facts),
            looks: 0,
            hidden_looks: faults.hidden_looks,
            backwards: faults.backwards,
        });
        let wakes_callbacks = settings.callbacks.enabled && self.announce(place, now_us);
        let view = View { facts, status: Status::Submitted };
        Ok(Accepted { view, wakes_callbacks })
    }

    fn gate(&mut self, settings: &Settings, submission: &Submission) -> Result<(), Refusal> {
        if let Err(refusal) = &submission.checked {
            self.tally.refused_other += 1;
            return Err(refusal.clone());
        }
        let repeated = settings.external_ids == ExternalIds::Enforced
            && submission
                .external_id
                .as_ref()
                .is_some_and(|id| self.by_external_id.contains_key(id));
        if repeated {
            self.tally.refused_repeats += 1;
            return Err(Refusal::REPEATED);
        }
        if !self.affords(settings, submission.charge.micro_usd) {
            self.tally.refused_other += 1;
            return Err(Refusal::NO_MONEY);
        }
        let pool = submission.operation.pool();
        let limit = settings.concurrency.of(pool);
        if limit > 0 && self.tally.in_flight.of(pool).saturating_add(submission.slots) > limit {
            self.tally.limit_violations.concurrency += 1;
            return Err(Refusal::TOO_MANY);
        }
        Ok(())
    }

    fn affords(&self, settings: &Settings, micro_usd: u64) -> bool {
        let spent = self.tally.charged_micro_usd - self.tally.refunded_micro_usd;
        settings.credit_usd.is_none_or(|usd| (spent + micro_usd) as f64 <= usd * 1_000_000.0)
    }

    fn facts(
        &mut self,
        now_us: u64,
        settings: &Settings,
        submission: Submission,
        job: &JobAttempt,
        faults: &TaskFaults,
    ) -> Facts {
        let draw = job.chance(settings).with(0).with(u64::from(job.attempt));
        let span = span::draw(settings, submission.operation, draw);
        let after = |span: std::time::Duration| {
            now_us.saturating_add(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
        };
        self.sequence += 1;
        let dropped = settings.external_ids == ExternalIds::Dropped;
        Facts {
            id: ident::task_id(settings.id_style, now_us / 1_000, self.sequence),
            operation: submission.operation,
            marker: Arc::clone(&job.marker),
            external_id: submission.external_id.filter(|_| !dropped),
            accepted_us: now_us,
            processing_us: after(span.submitted),
            ends_us: (!faults.never_ends).then(|| after(span.whole)),
            ending: faults.ending.map_or(Ending::Succeed, |(_, ending)| ending),
            charge: submission.charge,
            slots: submission.slots,
            wish: submission.wish,
        }
    }

    fn count_faults(&mut self, faults: &TaskFaults) {
        let struck = [
            faults.ending.map(|(kind, _)| kind),
            (faults.hidden_looks > 0).then_some(FaultKind::NotFoundAfterCreate),
            faults.backwards.then_some(FaultKind::StatusBackwards),
            faults.never_ends.then_some(FaultKind::NeverEnds),
        ];
        struck.into_iter().flatten().for_each(|kind| self.tally.fault(kind));
    }

    /// A new task, at the place that is answered.
    pub(super) fn enter(&mut self, entry: Entry) -> usize {
        let (place, facts) = (self.tasks.len(), Arc::clone(&entry.facts));
        self.by_id.insert(facts.id, place);
        if let Some(external_id) = &facts.external_id {
            self.by_external_id.insert(external_id.clone(), place);
        }
        self.by_operation[facts.operation.index()].push(place);
        if let Some(ends_us) = facts.ends_us {
            self.ends.push(Reverse((ends_us, place)));
        }
        self.jobs.accepted(&facts.marker);
        self.tally.accepted += 1;
        self.tally.charged_micro_usd += facts.charge.micro_usd;
        let pool = facts.operation.pool();
        let held = self.tally.in_flight.of_mut(pool);
        *held += facts.slots;
        let most = self.tally.in_flight_max.of_mut(pool);
        *most = (*most).max(*held);
        self.tasks.push(entry);
        place
    }

    /// Plans the callbacks of a task from `now_us` on. True when one of them is now the soonest.
    pub(super) fn announce(&mut self, place: usize, now_us: u64) -> bool {
        let facts = Arc::clone(&self.tasks[place].facts);
        if facts.wish.callback_url.is_none() {
            return false;
        }
        let before = self.next_notice_us();
        if facts.ends_us != Some(facts.processing_us) && facts.processing_us >= now_us {
            self.notices.push(Reverse((facts.processing_us, place, Status::Processing)));
        }
        if let Some(ends_us) = facts.ends_us.filter(|ends_us| *ends_us >= now_us) {
            self.notices.push(Reverse((ends_us, place, facts.last_status())));
        }
        self.next_notice_us() != before
    }
}
