use std::time::Duration;

use job::{OnDoubt, Rules};
use worker::Slots;

use crate::chance::Chance;
use crate::fault::{self, Command, Fault};

/// All that is decided before a run begins; everything else follows from the seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where all randomness comes from.
    pub seed: u64,
    /// Identities that are published.
    pub jobs: u32,
    pub(crate) processes: u32,
    pub(crate) slots: Slots,
    pub(crate) provider: Behaviour,
    pub(crate) on_doubt: OnDoubt,
    pub(crate) disorder: bool,
    pub(crate) rates: Rates,
    pub(crate) faults: Vec<(Duration, Fault)>,
    /// Somebody on the way refuses one of the jobs for good.
    pub(crate) blocked: bool,
    /// How long a message may wait in its lane.
    pub(crate) lifetime: Option<Duration>,
    /// Only processes that begin after this adopt what the broker gives up.
    pub(crate) adopted_from: Duration,
    /// How many ids are used for another job once the record of the first has expired.
    pub(crate) second_lives: u64,
    /// At which point each incarnation of the only process dies.
    pub(crate) crash_points: Vec<u64>,
}

/// How the provider treats its callers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behaviour {
    pub(crate) ids: Ids,
    /// A task can be found by its external id.
    pub(crate) look_up: bool,
    /// Whoever asks finds out by itself whether that is so.
    pub(crate) auto: bool,
    pub(crate) callbacks: Callbacks,
    /// The longest that a task takes.
    pub(crate) task: Duration,
}

/// What it does with external ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// A repeated one is refused.
    Enforced,
    /// A repeated one is another task.
    Ignored,
    /// They are forgotten.
    Dropped,
}

/// What it says when a task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callbacks {
    Never,
    /// The id under which the task can be queried.
    Queryable,
    /// An id that the gateway in front of it does not know.
    Foreign,
}

impl Behaviour {
    fn of(chance: &Chance) -> Self {
        let ids = match chance.below(20) {
            0..=10 => Ids::Enforced,
            11..=16 => Ids::Ignored,
            _ => Ids::Dropped,
        };
        let look_up = chance.happens(0.75) && ids != Ids::Dropped;
        let callbacks = match chance.below(10) {
            0..=3 => Callbacks::Never,
            4..=7 => Callbacks::Queryable,
            _ => Callbacks::Foreign,
        };
        Self { ids, look_up, auto: false, callbacks, task: TASK }
    }
}

/// How often of one a single call goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) ledger: f64,
    pub(crate) broker: f64,
    /// A call takes long enough to be overtaken.
    pub(crate) slow: f64,
    /// The POST never left.
    pub(crate) not_sent: f64,
    /// The POST vanished on its way.
    pub(crate) vanished: f64,
    /// The task was created and the answer lost.
    pub(crate) answer_lost: f64,
    /// The request is under way for longer than its sender waits.
    pub(crate) lingers: f64,
    pub(crate) busy: f64,
    pub(crate) look_lost: f64,
    pub(crate) callback_lost: f64,
    pub(crate) callback_twice: f64,
    /// A job message is published twice.
    pub(crate) twins: f64,
    /// A task succeeds before its file can be read.
    pub(crate) late_files: f64,
    /// A task succeeds without a file.
    pub(crate) no_files: f64,
}

pub(crate) const TASK: Duration = Duration::from_secs(6);

/// Longer than a ledger that has lost something stays closed: its tasks still run by then.
const LONG_TASK: Duration = Duration::from_secs(40);

impl Plan {
    /// A random world of its own.
    pub fn of(seed: u64, jobs: u32) -> Self {
        let chance = Chance::new(seed);
        let processes = u32::try_from(chance.between(1, 4)).unwrap_or(1);
        let provider = Behaviour::of(&chance);
        let enforces_ids = provider.ids == Ids::Enforced;
        let resubmit = enforces_ids && chance.happens(0.2);
        let slots = |least| u32::try_from(chance.between(least, 40)).unwrap_or(40);
        let mut plan = Self {
            seed,
            jobs,
            processes,
            slots: Slots { videos: slots(3), images: slots(4), audio: slots(2) },
            provider,
            on_doubt: if resubmit { OnDoubt::Resubmit } else { OnDoubt::Park },
            disorder: chance.happens(0.5),
            rates: Rates::of(&chance),
            faults: fault::throw(&chance, processes, enforces_ids),
            second_lives: if chance.happens(0.3) { chance.between(1, 6) } else { 0 },
            lifetime: chance.happens(0.25).then(|| chance.millis(500, 10_000)),
            adopted_from: Duration::ZERO,
            blocked: false,
            crash_points: Vec::new(),
        };
        if chance.happens(0.2) {
            plan.provider.task = LONG_TASK;
        }
        plan.provider.auto = chance.happens(0.5);
        plan.blocked = chance.happens(0.15);
        plan.faults.extend(fault::of_others(&chance, &plan.faults));
        plan.faults.sort_by_key(|(at, _)| *at);
        plan
    }

    /// One job and one process, whose incarnations die at these points.
    pub fn of_points(seed: u64, points: &[u64]) -> Self {
        let crash_points = points.to_vec();
        let callbacks = Callbacks::Queryable;
        let provider =
            Behaviour { ids: Ids::Ignored, look_up: true, auto: false, callbacks, task: TASK };
        let quiet = Self { blocked: false, ..Self::of(seed, 1) };
        let rates = Rates::default();
        let on_doubt = OnDoubt::Park;
        let (faults, lifetime, second_lives) = (Vec::new(), None, 0);
        let alone = Self { processes: 1, provider, on_doubt, rates, faults, ..quiet };
        Self { lifetime, second_lives, crash_points, ..alone }
    }

    /// Calm, but for a provider that again and again forgets tasks that it has accepted.
    pub fn forgetful(seed: u64, jobs: u32) -> Self {
        let at = |second| (Duration::from_secs(second), Fault::TasksForgotten);
        Self::calm(seed, jobs, LONG_TASK, (1..6).map(|turn| at(turn * 5)).collect())
    }

    /// Calm, but for every process that dies again and again as the ledger is emptied: what was
    /// under way is told only by the messages, and by the clocks of their producers.
    pub fn blackouts(seed: u64, jobs: u32) -> Self {
        let at = |second| (Duration::from_secs(second), Fault::Blackout);
        let calm = Self::calm(seed, jobs, TASK, (1..6).map(|turn| at(turn * 2)).collect());
        Self { rates: Rates { slow: 0.3, ..Rates::default() }, ..calm }
    }

    /// Calm, but for a broker that soon gives messages up, and a person who replays them before any
    /// process adopts them, as every process dies and the ledger is emptied.
    pub fn given_up(seed: u64, jobs: u32) -> Self {
        let at = |second: u64, fault| (Duration::from_secs(second), fault);
        let mut faults: Vec<_> = (1..6).map(|turn| at(turn * 10, Fault::Blackout)).collect();
        faults.extend((1..12).map(|turn| at(turn * 5, Fault::Command(Command::Replay))));
        faults.sort_by_key(|(at, _)| *at);
        let calm = Self::calm(seed, jobs, TASK, faults);
        let rates = Rates { slow: 0.3, ..Rates::default() };
        let (lifetime, adopted_from) = (Some(Duration::from_secs(1)), Duration::from_secs(50));
        Self { rates, lifetime, adopted_from, ..calm }
    }

    /// Calm, but for a provider that keeps no external ids and most of whose answers are lost: of
    /// few routes is a task known by which a look-up could be tested.
    pub fn unanswered(seed: u64, jobs: u32) -> Self {
        let calm = Self::calm(seed, jobs, TASK, Vec::new());
        let (look_up, auto, callbacks) = (false, true, Callbacks::Never);
        let provider = Behaviour { ids: Ids::Dropped, look_up, auto, callbacks, task: TASK };
        Self { provider, rates: Rates { answer_lost: 0.9, ..Rates::default() }, ..calm }
    }

    /// No trouble but these faults, beside a provider that takes a repeated id for another task.
    fn calm(seed: u64, jobs: u32, task: Duration, faults: Vec<(Duration, Fault)>) -> Self {
        let callbacks = Callbacks::Queryable;
        let provider = Behaviour { ids: Ids::Ignored, look_up: true, auto: false, callbacks, task };
        let (on_doubt, rates, lifetime, second_lives) = (OnDoubt::Park, Rates::default(), None, 0);
        let world = Self::of(seed, jobs);
        Self { provider, faults, on_doubt, rates, lifetime, second_lives, ..world }
    }

    /// How long a POST may take; simulated waits are a tenth of the real ones.
    pub(crate) const POST: Duration = Duration::from_secs(5);

    /// What may still be under way when a POST's sender has given up: the time a lease lasts
    /// beyond a slow answer, a lingering request, a look-up that is not up to date.
    pub(crate) const SETTLING: Duration = Duration::from_secs(8);

    pub(crate) fn rules(&self) -> Rules {
        Rules {
            installation: "world".to_owned(),
            pace: 0.1,
            post_timeout: Self::POST,
            settling: Self::SETTLING,
            denials_trusted: self.provider.look_up || self.provider.auto,
            on_doubt: self.on_doubt,
            doubt_give_up: Duration::from_secs(60),
            max_attempts: 8,
            ..Rules::default()
        }
    }
}

impl Rates {
    /// Every world has its own troubles; some have none of a kind.
    fn of(chance: &Chance) -> Self {
        let some = |most: f64| if chance.happens(0.6) { most * chance.unit() } else { 0.0 };
        Self {
            ledger: some(0.02),
            broker: some(0.02),
            slow: some(0.1),
            not_sent: some(0.05),
            vanished: some(0.03),
            answer_lost: some(0.1),
            lingers: some(0.02),
            busy: some(0.05),
            look_lost: some(0.1),
            callback_lost: some(0.3),
            callback_twice: some(0.2),
            twins: some(0.2),
            late_files: some(0.2),
            no_files: some(0.03),
        }
    }
}
