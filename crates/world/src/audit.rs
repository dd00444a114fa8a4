//! Checks the promises once nothing is left to do in a run.

use std::collections::{BTreeMap, BTreeSet};

use job::{CloudEvent, EventKind, JobKey, Outcome, Record, Resource, State};
use memory::{Contents, Parcel};
use ports::header;

use crate::accounts::{Account, note};
use crate::judge::key_of;
use crate::plan::TASK;
use crate::provider::{Books, File, Task};
use crate::report::Report;
use crate::script::{Kind, Publication};
use crate::unbound;
use crate::world::World;

/// Calls with an effect that a world may make for each job: correct programs stay below 40.
const ACTS_PER_JOB: u64 = 60;

/// More of them for each further account: it is paused, tested and reported by itself.
const ACTS_PER_ACCOUNT: u64 = 20;

/// More of them for each second that its task may take beyond the usual: it is polled.
const ACTS_PER_SECOND: u64 = 1;

/// More of them for each job whenever the ledger is rebuilt.
const ACTS_PER_REBUILD: u64 = 12;

/// More for what is looked up until the doubt is given up: a task that the provider denies, and
/// after a loss of the ledger a message that the broker dead-lettered.
const ACTS_PER_DOUBT: u64 = 60;

/// Calls that do not depend on the number of jobs.
const ACTS_BESIDE: u64 = 300;

/// POSTs of one job that may reach the provider; each refusal as busy adds one.
const POSTS_PER_JOB: u32 = 30;

pub(crate) fn is_at_rest(world: &World) -> bool {
    let contents = world.ledger.contents();
    let is_final =
        |key: &&JobKey| contents.records.get(*key).is_some_and(|row| row.record.state.is_final());
    let is_over = |key: &JobKey| match contents.records.get(key).map(|row| &row.record.state) {
        Some(State::Parked { doubt, .. }) => doubt.is_none(),
        _ => !waits_for_others(world, &contents, key),
    };
    let turned_away = |key: &&JobKey| waits_for_others(world, &contents, key);
    let waiting = world.keys().into_iter().filter(|key| turned_away(key)).count();
    contents.unsaid() == 0
        && world.keys().iter().all(|key| is_final(key) || turned_away(key))
        && !contents.all_held().any(|held| is_over(&held.permit.key))
        && world.broker.queues().is_quiet_but_for(waiting * 2)
}

/// Only jobs that succeed show that a refusal concerns this job, and no more are published.
fn waits_for_others(world: &World, contents: &Contents, key: &JobKey) -> bool {
    let blocked = |line: &Publication| line.key == *key && line.kind == Kind::Blocked;
    let record = contents.records.get(key).map(|row| &row.record);
    record.is_some_and(is_turned_away) && world.script.iter().any(blocked)
}

fn is_turned_away(record: &Record) -> bool {
    let tries = matches!(
        record.state,
        State::Queued { .. } | State::Waiting { .. } | State::Submitting { .. }
    );
    tries && record.path_refusals.is_some()
}

/// P8: there were more calls than the jobs explain.
pub(crate) fn spins(world: &World) -> bool {
    let faults = world.trace.faults();
    let of = |kind: &str| faults.get(kind).copied().unwrap_or_default();
    let rebuilds = of("ledger emptied") + of("ledger set back") + of("all at once");
    let longer = world.plan.provider.task.saturating_sub(TASK).as_secs() * ACTS_PER_SECOND;
    let further = (world.plan.accounts.len() as u64 - 1) * ACTS_PER_ACCOUNT;
    let each = ACTS_PER_JOB + further + longer + rebuilds * ACTS_PER_REBUILD;
    let given_up = if rebuilds > 0 { world.broker.queues().buried } else { 0 };
    let doubts = (of("task forgotten") + given_up) * ACTS_PER_DOUBT;
    world.trace.acts() > u64::from(world.plan.jobs) * each + doubts + ACTS_BESIDE
}

/// `first` and `second`: events received before and after ids were used again.
pub(crate) fn verdict(
    world: &World,
    first: &[CloudEvent],
    second: &[CloudEvent],
    rested: bool,
) -> Report {
    let (before, mut heard) = (by_key(first), by_key(second));
    let reborn = world.reborn().clone();
    for (key, events) in before.iter().filter(|(key, _)| !reborn.contains(*key)) {
        heard.entry(key.clone()).or_default().extend(events.iter().cloned());
    }
    let mut audit = Audit { world, heard, violations: Vec::new(), lost: 0 };
    audit.all_jobs();
    audit.lives(&before, &reborn);
    audit.conflicts();
    audit.provider();
    if !rested {
        audit.accuse("the world never came to rest".to_owned());
        audit.remains();
    }
    if spins(world) {
        audit.accuse(format!("{} acts are more than the work explains", world.trace.acts()));
    }
    let Audit { violations, lost, .. } = audit;
    report(world, &[first, second].concat(), violations, lost)
}

fn by_key(heard: &[CloudEvent]) -> BTreeMap<JobKey, Vec<CloudEvent>> {
    let mut all: BTreeMap<JobKey, Vec<CloudEvent>> = BTreeMap::new();
    for event in heard {
        if let Some(key) = key_of(event) {
            all.entry(key).or_default().push(event.clone());
        }
    }
    all
}

struct Audit<'a> {
    world: &'a World,
    heard: BTreeMap<JobKey, Vec<CloudEvent>>,
    violations: Vec<String>,
    lost: u64,
}

impl Audit<'_> {
    fn accuse(&mut self, what: String) {
        self.violations.push(what);
    }

    /// P1 and P3: each identity has one outcome, and it was announced.
    fn all_jobs(&mut self) {
        for key in self.world.keys() {
            let record = {
                let contents = self.world.ledger.contents();
                contents.records.get(key).map(|row| row.record.clone())
            };
            let before = self.violations.len();
            match record {
                Some(record) => self.job(&record),
                None => self.accuse(format!("{key} has no record")),
            }
            self.lost += u64::from(self.violations.len() > before);
        }
    }

    fn job(&mut self, record: &Record) {
        let key = &record.key;
        if waits_for_others(self.world, &self.world.ledger.contents(), key) {
            return;
        }
        let Some(kind) = kind_of(&record.state) else {
            return self.accuse(format!("{key} is still {}", record.state.word()));
        };
        let events = self.heard.get(key).map(Vec::as_slice).unwrap_or_default();
        let is_it =
            |event: &&CloudEvent| event.kind() == Some(kind) && event.data.round == record.round;
        if !events.iter().any(|event| is_it(&event)) {
            self.accuse(format!("nobody was told that {key} was {}", kind.word()));
        }
        self.refused(record);
        self.paid(record);
    }

    /// Otherwise consumers would drop an event, because they have received its id before.
    fn lives(&mut self, before: &BTreeMap<JobKey, Vec<CloudEvent>>, reborn: &BTreeSet<JobKey>) {
        for key in reborn {
            let of = |heard: &BTreeMap<JobKey, Vec<CloudEvent>>| -> BTreeSet<String> {
                heard.get(key).into_iter().flatten().map(|event| event.id.clone()).collect()
            };
            if !of(before).is_disjoint(&of(&self.heard)) {
                self.accuse(format!("{key} was announced under an event id of its first life"));
            }
        }
    }

    /// A valid job is never rejected: neither for an error on the way nor for another job.
    fn refused(&mut self, record: &Record) {
        let State::Settled { outcome: Outcome::Rejected { error }, .. } = &record.state else {
            return;
        };
        let is_right = |line: &Publication| matches!(line.kind, Kind::Good | Kind::Other);
        let mut lines = self.world.script.iter().filter(|line| line.key == record.key);
        if lines.all(is_right) {
            self.accuse(format!("{} was right, and was rejected: {error:?}", record.key));
        }
    }

    /// The outcome agrees with the task that was paid for.
    fn paid(&mut self, record: &Record) {
        let key = &record.key;
        let books = self.world.provider.books();
        let ids =
            books.by_marker.get(&Publication::marker(key)).map(Vec::as_slice).unwrap_or_default();
        let last = ids.last().and_then(|id| books.tasks.get_key_value(id));
        let decided = self.world.decided().contains(key);
        let wrong = contradiction(record, last).filter(|_| !decided);
        drop(books);
        if let Some(wrong) = wrong {
            self.accuse(format!("{key} {wrong}"));
        }
    }

    /// The second request is among the dead letters, and the conflict was announced.
    fn conflicts(&mut self) {
        let lines = &self.world.script;
        let second = |line: &&Publication| line.kind == Kind::Other;
        for key in lines.iter().filter(second).map(|line| &line.key) {
            if lines.iter().any(|line| line.key == *key && line.kind.leaves_its_id()) {
                continue;
            }
            let id = key.to_string();
            let ours = |letter: &&Parcel| letter.message.id == id;
            let died = |letter: &Parcel| letter.message.get(header::DEATH).is_some();
            let deaths: Vec<bool> =
                self.world.broker.queues().dead().filter(ours).map(died).collect();
            // The broker may dead-letter the second message repeatedly before it is consumed.
            let (kept, given_up) = (!deaths.is_empty(), deaths.contains(&true));
            let events = self.heard.get(key).map(Vec::as_slice).unwrap_or_default();
            let told = events.iter().any(|event| event.kind() == Some(EventKind::Conflict));
            if kept && !told && given_up {
                self.world.trace.fault("conflict given up");
            } else if !kept || !told {
                self.accuse(format!("{key} had a conflict: kept {kept}, told {told}"));
            }
        }
    }

    /// P2, P4 and P8, from the provider's own records.
    fn provider(&mut self) {
        let books = self.world.provider.books();
        let mut wrong: Vec<String> =
            books.double_paid.iter().map(|marker| format!("{marker} was paid twice")).collect();
        for account in &self.world.plan.accounts {
            wrong.extend(too_many_at_once(&books, account));
        }
        wrong.extend(unbound::strayed(self.world, &books));
        let stormy = books.posts.iter().filter(|(_, posts)| **posts > POSTS_PER_JOB);
        wrong.extend(stormy.map(|(marker, posts)| format!("{marker} was sent {posts} times")));
        drop(books);
        self.violations.extend(wrong);
    }

    /// Reports what is left to do.
    fn remains(&mut self) {
        let contents = self.world.ledger.contents();
        let held: Vec<String> =
            contents.all_held().map(|held| format!("{} holds a permit", held.permit.key)).collect();
        let unsaid = contents.unsaid();
        drop(contents);
        self.violations.extend(held.into_iter().take(5));
        if unsaid > 0 {
            self.accuse(format!("{unsaid} entries are unsaid"));
        }
        if !self.world.broker.queues().is_quiet() {
            self.accuse("the broker is not empty".to_owned());
        }
    }
}

fn too_many_at_once(books: &Books, account: &Account) -> Vec<String> {
    let mut wrong = Vec::new();
    for resource in Resource::ALL {
        let peak = books.peaks.get(&(account.name, resource.as_str())).copied().unwrap_or_default();
        let limit = account.slots.of(resource);
        if peak > limit {
            wrong.push(format!("{}{peak} {resource} ran at once, {limit} may", note(account.name)));
        }
    }
    wrong
}

/// The event for a state; `None` while the job has not ended.
fn kind_of(state: &State) -> Option<EventKind> {
    match state {
        State::Parked { .. } => Some(EventKind::Parked),
        State::Settled { outcome, .. } => Some(match outcome {
            Outcome::Succeeded { .. } => EventKind::Succeeded,
            Outcome::Failed { .. } => EventKind::Failed,
            Outcome::Rejected { .. } => EventKind::Rejected,
            Outcome::TimedOut { .. } => EventKind::TimedOut,
            Outcome::Cancelled => EventKind::Cancelled,
        }),
        _ => None,
    }
}

/// Pure: compares the record with the last task that the provider accepted for the job.
fn contradiction(record: &Record, last: Option<(&String, &Task)>) -> Option<String> {
    let known = record.task_id.as_ref();
    match (&record.state, last) {
        (State::Settled { outcome: Outcome::Succeeded { .. }, .. }, Some((id, task))) => {
            let wrong = task.fails || task.file == File::Never || known != Some(id);
            wrong.then(|| format!("succeeded, but not as {id}"))
        }
        // An operator dropped it before anything was sent.
        (State::Settled { outcome: Outcome::Failed { error }, .. }, None)
            if error.kind == "dropped" =>
        {
            None
        }
        (State::Settled { outcome: Outcome::Failed { error }, .. }, Some((id, task))) => {
            let right = task.fails || task.file == File::Never && error.kind == "no_output";
            (!right || known != Some(id)).then(|| format!("failed, but not as {id}"))
        }
        (State::Settled { outcome, .. }, None) => {
            let needs = matches!(outcome, Outcome::Succeeded { .. } | Outcome::Failed { .. });
            needs.then(|| format!("{} without a task", outcome.word()))
        }
        // A failed round was paid too; the next round may be rejected.
        (_, Some((_, task))) if task.fails => None,
        (State::Settled { outcome, .. }, Some((id, _))) => {
            Some(format!("was {}, and {id} is paid for", outcome.word()))
        }
        (State::Parked { doubt: None, .. }, Some((id, _))) => {
            Some(format!("was parked without a doubt, and {id} is paid for"))
        }
        _ => None,
    }
}

fn report(world: &World, heard: &[CloudEvent], mut violations: Vec<String>, lost: u64) -> Report {
    let findings = world.judge.findings();
    violations.extend(findings.violations.iter().cloned());
    let distinct: BTreeSet<&String> = heard.iter().map(|event| &event.id).collect();
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for row in world.ledger.contents().records.values() {
        *outcomes.entry(row.record.state.word().to_owned()).or_default() += 1;
    }
    let mut faults = world.trace.faults();
    faults.insert("given up by the broker", world.broker.queues().buried);
    faults.insert("moved to another account", findings.moves);
    faults.insert("found with another account", findings.finds);
    Report {
        seed: world.plan.seed,
        jobs: u64::from(world.plan.jobs),
        lost,
        double_paid: world.provider.books().double_paid.len() as u64,
        duplicate_events: (heard.len() - distinct.len()) as u64,
        outcomes,
        faults,
        late_writes_refused: findings.late_refused,
        millis: world.time.elapsed_ms(),
        calls: world.trace.calls(),
        acts: world.trace.acts(),
        trace_hash: world.trace.hash(),
        trace: world.trace.text(),
        violations,
    }
}
