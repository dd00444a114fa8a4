mod doubt;
mod person;
mod watched;

use crate::revision::next_revision;
use crate::{
    Cadence, Doubt, EventKind, ExternalId, Fact, Kept, Moment, Outcome, Passed, PathRefusals,
    Problem, Record, Rules, Rung, State, Timestamp, Watch,
};

/// What the shell must do once the new record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Say it, through the outbox.
    Announce(EventKind),
    /// The slot at the provider is free. `unspent`: nothing was created, so the day's brake
    /// gets its submission back.
    ReleasePermit { round: u32, unspent: bool },
    /// Publish the job message again, through the outbox: the record waits for a delivery. Not
    /// before the wait is over, if there is one.
    Requeue { after: Option<Rung> },
}

/// A legal move: the next record, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub record: Record,
    pub effects: Vec<Effect>,
}

/// A fact that cannot happen in this state: the caller read something stale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {state} cannot be {fact}")]
pub struct Illegal {
    pub state: &'static str,
    pub fact: &'static str,
}

/// The whole life of a job: every state and fact is either a move or a named illegal one.
pub fn transition(
    record: Record,
    fact: Fact,
    at: Moment,
    rules: &Rules,
) -> Result<Step, Box<Illegal>> {
    let revision = next_revision(record.revision, at.now);
    let only_asked = record.restored && fact == Fact::CancelRequested;
    let mut step = moved(record, fact, at, rules)?;
    step.record.revision = revision;
    step.record.restored = only_asked && !step.record.state.is_final();
    Ok(step)
}

fn moved(record: Record, fact: Fact, at: Moment, rules: &Rules) -> Result<Step, Box<Illegal>> {
    use State::{InDoubt, Parked, Pending, Queued, Settled, Submitting, Tombstone};
    let mv = Move { record, at, rules, effects: Vec::new() };
    match (mv.record.state.clone(), fact) {
        // A task that exists beats every plan to submit again.
        (Queued { .. }, Fact::Accepted { task_id, status }) => Ok(mv.pending(task_id, status)),
        (_, Fact::Strayed { task_id }) => Ok(mv.strayed(task_id)),
        (Queued { .. }, Fact::Taken { owner, intent, post_deadline }) => {
            Ok(mv.take(State::Submitting { owner, intent, post_deadline }))
        }
        (Queued { .. }, Fact::DeadlinePassed) => Ok(mv.deadline_passed()),
        (Queued { .. }, Fact::Expired { why, may_be_sent }) => Ok(mv.expired(why, may_be_sent)),
        // What was sent may be running and paid for: its outcome is waited for.
        (Tombstone | Queued { .. }, Fact::CancelRequested) if !mv.record.sent_before => {
            Ok(mv.cancel_unsent())
        }
        (Queued { .. }, Fact::GivenUp { why }) => Ok(mv.set_aside(why)),
        // Refused before it was sent (again): a task of an earlier send is for a person.
        (Queued { .. }, Fact::Refused { error }) if mv.record.sent_before => {
            Ok(mv.set_aside(error.message))
        }
        (Queued { .. }, Fact::Refused { error }) => {
            Ok(mv.settle(Outcome::Rejected { error }, EventKind::Rejected))
        }
        (Queued { .. }, Fact::OwnerLost { cause }) => Ok(mv.doubt(cause, at.now)),
        (Queued { .. }, Fact::Repeated { cause }) => Ok(mv.repeated(cause, at.now)),
        // It waits to be sent again, and a callback tells that it was received before.
        (Queued { .. }, Fact::Proposed { task_id }) => Ok(mv.doubt_again(None, &task_id)),

        (Submitting { .. }, Fact::Accepted { task_id, status }) => Ok(mv.pending(task_id, status)),
        (Submitting { .. }, Fact::PutOff { why }) => Ok(mv.queue(why)),
        (Submitting { .. }, Fact::NotSent { why }) => Ok(mv.queue(why)),
        (Submitting { .. }, Fact::PathRefused { why, passed }) => Ok(mv.path_refused(why, passed)),
        (Submitting { .. }, Fact::Refused { error }) => Ok(mv.refused(error)),
        (
            Submitting { post_deadline, .. },
            Fact::AnswerLost { cause } | Fact::OwnerLost { cause },
        ) => Ok(mv.doubt(cause, post_deadline)),
        (Submitting { post_deadline, .. }, Fact::Repeated { cause }) => {
            Ok(mv.repeated(cause, post_deadline))
        }

        (InDoubt { .. }, Fact::Accepted { task_id, status }) => Ok(mv.pending(task_id, status)),
        // The very POST that is in doubt turns out to have been answered.
        (InDoubt { .. }, Fact::PutOff { why }) => Ok(mv.queue(why)),
        (InDoubt { .. }, Fact::NotSent { why }) => Ok(mv.queue(why)),
        (InDoubt { .. }, Fact::PathRefused { why, passed }) => Ok(mv.path_refused(why, passed)),
        (InDoubt { .. }, Fact::Refused { error }) => Ok(mv.refused(error)),
        (InDoubt { doubt }, Fact::Denied) => Ok(mv.denied(doubt)),
        (InDoubt { doubt }, Fact::LookUpFailed { why }) => Ok(mv.unanswered(doubt, why)),
        (InDoubt { doubt }, Fact::GivenUp { why }) => Ok(mv.given_up(doubt, why)),
        (InDoubt { doubt }, Fact::Repeated { cause }) => Ok(mv.believe(doubt, cause)),
        (InDoubt { doubt }, Fact::Unheard { why }) => Ok(mv.unheard(doubt, why)),
        (InDoubt { doubt }, Fact::Unproven { evidence, answered }) => {
            Ok(mv.unproven(doubt, evidence, answered))
        }
        (InDoubt { doubt } | Parked { doubt: Some(doubt), .. }, Fact::Resubmit { why }) => {
            Ok(mv.queue_again(doubt, &why, None))
        }
        (InDoubt { .. }, Fact::Abandoned { error }) => Ok(mv.release(false).abandon(error)),

        (Pending { looks, .. }, Fact::Seen { status }) => Ok(mv.seen(status, looks)),
        (Pending { looks, status, .. }, Fact::LookFailed { why }) => {
            Ok(mv.unseen(status, looks, &why))
        }
        (Pending { looks, status, .. }, Fact::LookDenied { why }) => {
            Ok(mv.denied_look(status, looks, &why))
        }
        (Pending { looks, status, .. }, Fact::Unread { answer }) => {
            Ok(mv.unread(status, looks, answer))
        }
        (Pending { .. }, Fact::Abandoned { error }) if mv.record.may_be_gone() => {
            Ok(mv.release(false).abandon(error))
        }
        (Pending { .. }, Fact::Ended { outcome }) => Ok(mv.ended(outcome)),

        (Parked { doubt: Some(_), .. }, Fact::Accepted { task_id, status }) => {
            Ok(mv.pending(task_id, status))
        }
        (Parked { doubt: Some(doubt), .. }, Fact::Proposed { task_id }) => {
            Ok(mv.doubt_again(Some(doubt), &task_id))
        }
        (Parked { .. }, Fact::Abandoned { error }) => Ok(mv.abandon(error)),
        (Parked { .. }, Fact::Refused { error }) => {
            Ok(mv.settle(Outcome::Failed { error }, EventKind::Failed))
        }
        // What may have been paid is a doubt to be settled: `cancelled` tells that it was not.
        (Parked { doubt: None, .. }, Fact::CancelRequested) if !mv.record.may_have_been_paid() => {
            Ok(mv.cancel())
        }
        (Parked { why, doubt, .. }, Fact::Dropped) => Ok(mv.dropped(&why, doubt.is_some())),
        // A doubt is settled first: its task may exist.
        (Parked { doubt: None, .. } | Settled { .. }, Fact::Again { why }) => Ok(mv.again(why)),
        (Parked { doubt: None, .. } | Settled { .. }, Fact::Replayed { letter })
            if !mv.record.may_have_been_paid() =>
        {
            Ok(mv.replayed(letter))
        }

        (state, fact) => Err(Box::new(Illegal { state: state.word(), fact: fact.word() })),
    }
}

struct Move<'a> {
    record: Record,
    at: Moment,
    rules: &'a Rules,
    effects: Vec<Effect>,
}

impl Move<'_> {
    fn to(mut self, state: State, what: impl Into<String>) -> Step {
        self.record.state = state;
        self.record.note(self.at.now, what);
        Step { record: self.record, effects: self.effects }
    }

    fn effect(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    fn release(self, unspent: bool) -> Self {
        let round = self.record.round;
        self.effect(Effect::ReleasePermit { round, unspent })
    }

    fn take(mut self, submitting: State) -> Step {
        self.record.attempt += 1;
        self.record.watch = Watch::default();
        self.to(submitting, "submitting")
    }

    /// What may already be running is looked for first: it may have been paid for.
    fn deadline_passed(self) -> Step {
        if self.record.sent_before {
            let now = self.at.now;
            return self.doubt("sent before, and the deadline has passed since".to_owned(), now);
        }
        self.too_late()
    }

    fn expired(mut self, why: String, may_be_sent: bool) -> Step {
        if self.record.sent_before || may_be_sent {
            let now = self.at.now;
            // Denied, it ends: sent again, it would expire in the same lane again.
            self.record.deadline = Some(self.record.deadline.map_or(now, |at| at.min(now)));
            let sent = if may_be_sent { "perhaps sent before" } else { "sent before" };
            return self.doubt(format!("{sent}, and since then {why}"), now);
        }
        let error = Problem::new("expired", why).advice(
            "publish without an expiration, and remove any message-ttl policy from the queue",
        );
        self.settle(Outcome::TimedOut { error }, EventKind::TimedOut)
    }

    fn too_late(self) -> Step {
        let error = Problem::new("deadline", "the deadline passed before the job was submitted")
            .advice("give a later deadline, or raise the limits that made it wait")
            .billed(false);
        self.settle(Outcome::TimedOut { error }, EventKind::TimedOut)
    }

    fn cancel(self) -> Step {
        self.settle(Outcome::Cancelled, EventKind::Cancelled)
    }

    fn settle(mut self, outcome: Outcome, kind: EventKind) -> Step {
        self.record.request = Kept::Nothing;
        let what = outcome.word();
        let at = self.at.now;
        self.effect(Effect::Announce(kind)).to(State::Settled { outcome, at }, what)
    }

    fn park(self, why: String, doubt: Option<Doubt>) -> Step {
        let at = self.at.now;
        let what = format!("parked: {why}");
        self.effect(Effect::Announce(EventKind::Parked)).to(State::Parked { why, doubt, at }, what)
    }

    /// Back to the broker's queue. The try is not counted, and the slot is given back, unless an
    /// earlier send of this round may have created a task that uses it.
    fn queue(mut self, why: String) -> Step {
        self.record.attempt = self.record.attempt.saturating_sub(1);
        let what = format!("queued: {why}");
        let mv = if self.record.sent_before { self } else { self.release(true) };
        mv.to(State::Queued { why: Some(why) }, what)
    }

    /// The job's own only where others pass meanwhile. What may have been sent before is looked
    /// for rather than given up.
    fn path_refused(mut self, why: String, passed: Passed) -> Step {
        let now = self.at.now;
        let refusals = PathRefusals::after(self.record.path_refusals.take(), now, passed);
        let why = format!("{why} ({})", refusals.words());
        match (refusals.is_the_job_s(), self.record.sent_before) {
            (true, true) => self.doubt(format!("sent before, and now {why}"), now),
            (true, false) => {
                let advice = "something between here and the provider refuses this request and \
                              lets others pass: compare it with them, and ask the gateway";
                self.refused(Problem::new("path", why).advice(advice))
            }
            (false, _) => {
                self.record.path_refusals = Some(refusals);
                self.queue(why)
            }
        }
    }

    /// Nobody tries any more. What may have been sent stays in doubt, with its slot.
    fn set_aside(self, why: String) -> Step {
        let doubt = self.record.sent_before.then(|| {
            let now = self.at.now;
            Doubt::begun(now, "sent before, and not looked for since".to_owned(), now)
        });
        self.park(why, doubt)
    }

    fn refused(self, error: Problem) -> Step {
        let error = error.billed(false);
        self.release(true).settle(Outcome::Rejected { error }, EventKind::Rejected)
    }

    fn pending(mut self, task_id: String, status: String) -> Step {
        let now = self.at.now;
        self.record.submitted_at = Some(now);
        self.record.watch = Watch::default();
        self.record.path_refusals = None;
        if self.record.retries == 0 {
            self.record.request = Kept::Nothing;
        }
        let cadence = Cadence::of(&self.record.operation, self.rules.pace);
        let next_look = cadence.next_look(0, now, now, self.at.jitter);
        let what = format!("submitted as task {task_id}");
        self.record.set_task(Some(task_id));
        let mv = match self.rules.announce_submitted {
            true => self.effect(Effect::Announce(EventKind::Submitted)),
            false => self,
        };
        mv.to(State::Pending { status, looks: 0, next_look }, what)
    }

    /// The permit is kept: a task may be running.
    fn doubt(mut self, cause: String, post_deadline: Timestamp) -> Step {
        let mut doubt = Doubt::begun(self.at.now, cause, self.settles_at(post_deadline));
        if let State::Submitting { intent, .. } = &self.record.state {
            doubt.intent = Some(intent.clone());
        }
        let what = format!("in doubt: {}", doubt.cause);
        self.record.sent_before = true;
        self.to(State::InDoubt { doubt }, what)
    }

    /// A deadline that was set before the clock jumped says nothing: the POST may be as young as
    /// the steady time since.
    fn settles_at(&self, post_deadline: Timestamp) -> Timestamp {
        let planned = post_deadline + self.rules.settling;
        match self.at.steady_since > self.record.last_change() {
            true => planned.max(self.at.now + self.rules.post_timeout + self.rules.settling),
            false => planned,
        }
    }

    fn is_too_late(&self) -> bool {
        self.record.deadline.is_some_and(|deadline| deadline <= self.at.now)
    }

    /// The provider accepted an earlier submission of this job under a task id that this record
    /// cannot take any more: it was paid for, so it is kept where people look.
    fn strayed(mut self, task_id: String) -> Step {
        let state = self.record.state.clone();
        let what = format!("the provider also accepted it as task {task_id}");
        self.record.add_other_task(task_id);
        self.to(state, what)
    }

    fn ended(self, outcome: Outcome) -> Step {
        let mv = self.release(false);
        match &outcome {
            Outcome::Failed { error } if mv.record.retries > 0 => {
                let why = format!("failed ({}), and the job asked for a retry", error.message);
                mv.again(why)
            }
            Outcome::Failed { .. } => mv.settle(outcome, EventKind::Failed),
            Outcome::Succeeded { .. } => mv.settle(outcome, EventKind::Succeeded),
            Outcome::Rejected { .. } => mv.settle(outcome, EventKind::Rejected),
            Outcome::TimedOut { .. } => mv.settle(outcome, EventKind::TimedOut),
            Outcome::Cancelled => mv.settle(outcome, EventKind::Cancelled),
        }
    }

    /// A new round: new external id, new event ids, a new payment.
    fn again(mut self, why: String) -> Step {
        self.record.round += 1;
        self.record.retries = self.record.retries.saturating_sub(1);
        self.record.attempt = 0;
        self.record.set_task(None);
        self.record.sent_before = false;
        self.record.watch = Watch::default();
        self.record.submitted_at = None;
        self.record.replayed = None;
        self.record.may_begin_again = false;
        self.record.cancel_requested = false;
        self.record.path_refusals = None;
        let installation = &self.rules.installation;
        self.record.external_id = ExternalId::derive(
            installation,
            &self.record.key,
            &self.record.life,
            self.record.round,
        );
        let what = format!("round {}: {why}", self.record.round);
        let state = State::Queued { why: Some(why) };
        // A settled record has dropped its request: then the operator's message brings it.
        match self.record.request.is_nothing() {
            true => self.to(state, what),
            false => self.effect(Effect::Requeue { after: None }).to(state, what),
        }
    }
}
