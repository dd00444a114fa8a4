//! The state of all tasks. Submissions are decided here, one at a time and without waiting.

mod accept;
mod kept;
mod look;
mod paper;
mod snapshot;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::accounts::LimitViolations;
use crate::chance::Chance;
use crate::fault::{self, FaultKind, Spoiled, Target, TaskFaults};
use crate::jobs::Jobs;
use crate::marker::Marker;
use crate::operation::Operation;
use crate::price::Charge;
use crate::rate::RateWindow;
use crate::refusal::Refusal;
use crate::settings::{PerPool, Settings};
use crate::task::{Ending, Facts, Status, View, Wish};

use paper::Paper;

pub(crate) use look::{Key, Look, Spoil};

/// Everything the simulator remembers. Times are Unix microseconds.
#[derive(Debug, Default)]
pub(crate) struct Books {
    tasks: Vec<Entry>,
    by_id: HashMap<u64, usize>,
    /// The newest task under each external id.
    by_external_id: HashMap<String, usize>,
    by_operation: [Vec<usize>; Operation::ALL.len()],
    /// Ends to come, soonest first.
    ends: BinaryHeap<Reverse<(u64, usize)>>,
    /// Status changes to call back, soonest first.
    notices: BinaryHeap<Reverse<(u64, usize, Status)>>,
    rate: RateWindow,
    jobs: Jobs,
    tally: Tally,
    /// Number of tasks ever accepted; a reset does not turn it back, so ids stay unique.
    sequence: u64,
    /// Number of resets.
    era: u64,
    /// None: they end with the process.
    paper: Option<Paper>,
}

#[derive(Debug)]
struct Entry {
    facts: Arc<Facts>,
    looks: u32,
    hidden_looks: u32,
    backwards: bool,
}

/// The plain counters behind [`crate::Accounts`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Tally {
    submissions: u64,
    accepted: u64,
    charged_micro_usd: u64,
    refunded_micro_usd: u64,
    limit_violations: LimitViolations,
    refused_repeats: u64,
    refused_other: u64,
    refused_by_fault: u64,
    queries: u64,
    look_ups: u64,
    lists: u64,
    unauthorized: u64,
    helper_calls: u64,
    helper_micro_usd: u64,
    in_flight: PerPool,
    in_flight_max: PerPool,
    succeeded: u64,
    failed: u64,
    faults: BTreeMap<FaultKind, u64>,
    unmarked: u64,
}

impl Tally {
    fn fault(&mut self, kind: FaultKind) {
        *self.faults.entry(kind).or_default() += 1;
    }
}

/// A create request, read and checked but not yet judged.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) operation: Operation,
    pub(crate) marker: Marker,
    pub(crate) external_id: Option<String>,
    pub(crate) charge: Charge,
    pub(crate) slots: u32,
    pub(crate) wish: Wish,
    /// The result of the check of its body.
    pub(crate) checked: Result<(), Refusal>,
}

/// What becomes of a submission, and how long the answer is held back.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) delay: Duration,
    /// A callback is due sooner than any before.
    pub(crate) wakes_callbacks: bool,
}

#[derive(Debug)]
pub(crate) enum Verdict {
    Created(View),
    Refused(Refusal),
    Spoiled(Spoiled),
    /// No response. [`Books::submit_late`] must be called after this delay.
    Late(Duration, Box<Late>),
}

/// A submission whose task is created after its connection is gone.
#[derive(Debug)]
pub(crate) struct Late {
    submission: Submission,
    job: JobAttempt,
    faults: TaskFaults,
    era: u64,
}

/// The job a submission belongs to and which attempt at it this is.
#[derive(Clone, Debug)]
struct JobAttempt {
    marker: Arc<str>,
    attempt: u32,
}

impl JobAttempt {
    fn chance(&self, settings: &Settings) -> Chance {
        Chance::new(settings.seed).with_text(&self.marker)
    }
}

impl Books {
    /// Counts a POST to a create route that was refused before its body could be judged.
    pub(crate) fn refuse_unread(&mut self) {
        self.tally.submissions += 1;
        self.tally.refused_other += 1;
    }

    pub(crate) fn count_unauthorized(&mut self) {
        self.tally.unauthorized += 1;
    }

    pub(crate) fn count_helper(&mut self, now_us: u64, charge: Charge) {
        self.tally.helper_calls += 1;
        self.tally.helper_micro_usd += charge.micro_usd;
        self.note_counts(now_us);
    }

    /// Judges one submission: rate, injected faults, body, repeat, money, slots, in this order.
    pub(crate) fn submit(
        &mut self,
        now_us: u64,
        settings: &Settings,
        submission: Submission,
    ) -> Judged {
        self.settle(now_us);
        self.tally.submissions += 1;
        self.tally.unmarked += u64::from(!submission.marker.explicit);
        let (marker, attempt) = self.jobs.attempt(&submission.marker.name);
        let job = JobAttempt { marker, attempt };
        let target =
            Target { operation: submission.operation, chance: job.chance(settings), attempt };
        let faults = fault::of_create(&settings.faults, &target);
        let delay = faults.delay.unwrap_or_default();
        if faults.delay.is_some() {
            self.tally.fault(FaultKind::DelayMs);
        }
        let mut wakes_callbacks = false;
        let (before, marker) = (self.tasks.len(), Arc::clone(&job.marker));
        let verdict = if !self.rate.admit(now_us, settings.rate_per_second) {
            self.tally.limit_violations.rate += 1;
            Verdict::Refused(Refusal::TOO_FAST)
        } else if let Some((kind, spoiled)) = faults.instead {
            self.tally.fault(kind);
            self.tally.refused_by_fault += 1;
            Verdict::Spoiled(spoiled)
        } else if let Some(after) = faults.created_late {
            self.tally.fault(FaultKind::CreatedLate);
            Verdict::Late(
                after,
                Box::new(Late { submission, job, faults: faults.task, era: self.era }),
            )
        } else {
            match self.accept(now_us, settings, submission, &job, &faults.task) {
                Err(refusal) => Verdict::Refused(refusal),
                Ok(accepted) => {
                    wakes_callbacks = accepted.wakes_callbacks;
                    self.spoil(accepted.view, faults.spoiled)
                }
            }
        };
        let place = (self.tasks.len() > before).then_some(before);
        self.note_submission(now_us, &marker, place);
        Judged { verdict, delay, wakes_callbacks }
    }

    fn spoil(&mut self, view: View, spoiled: Option<(FaultKind, Spoiled)>) -> Verdict {
        match spoiled {
            None => Verdict::Created(view),
            Some((kind, spoiled)) => {
                self.tally.fault(kind);
                Verdict::Spoiled(spoiled)
            }
        }
    }

    /// Creates the task of a submission that got no response. True if a callback is due sooner than
    /// any before. Does nothing if the state was reset in between.
    pub(crate) fn submit_late(
        &mut self,
        now_us: u64,
        settings: &Settings,
        late: Box<Late>,
    ) -> bool {
        self.settle(now_us);
        if late.era != self.era {
            return false;
        }
        let accepted = self.accept(now_us, settings, late.submission, &late.job, &late.faults);
        match accepted {
            Ok(_) => self.note_late(now_us, self.tasks.len() - 1),
            Err(_) => self.note_counts(now_us),
        }
        accepted.is_ok_and(|accepted| accepted.wakes_callbacks)
    }

    /// Ends every task that is due: frees its slots, counts it, refunds a failed one.
    pub(crate) fn settle(&mut self, now_us: u64) {
        while let Some(Reverse((ends_us, place))) = self.ends.peek().copied() {
            if ends_us > now_us {
                break;
            }
            self.ends.pop();
            let facts = Arc::clone(&self.tasks[place].facts);
            *self.tally.in_flight.of_mut(facts.operation.pool()) -= facts.slots;
            match facts.ending {
                Ending::Fail(_) => {
                    self.tally.failed += 1;
                    self.tally.refunded_micro_usd += facts.charge.micro_usd;
                    self.jobs.refunded(&facts.marker);
                }
                Ending::Succeed | Ending::SucceedWithoutUrl => self.tally.succeeded += 1,
            }
        }
    }

    /// The callbacks that are due, in order.
    pub(crate) fn due_notices(&mut self, now_us: u64) -> Vec<View> {
        let mut due = Vec::new();
        while let Some(Reverse((at_us, place, status))) = self.notices.peek().copied() {
            if at_us > now_us {
                break;
            }
            self.notices.pop();
            due.push(View { facts: Arc::clone(&self.tasks[place].facts), status });
        }
        due
    }

    /// When the next callback is due.
    pub(crate) fn next_notice_us(&self) -> Option<u64> {
        self.notices.peek().map(|Reverse((at_us, _, _))| *at_us)
    }

    /// Forgets everything but the sequence of ids.
    pub(crate) fn reset(&mut self) {
        let mut paper = self.paper.take();
        paper.iter_mut().for_each(Paper::clear);
        let (sequence, era) = (self.sequence, self.era + 1);
        *self = Books { sequence, era, paper, ..Books::default() };
    }
}
