use std::time::Duration;

use job::{OnDoubt, RoomBounds, Rules};
use worker::Slots;

use crate::accounts::Account;
use crate::chance::Chance;
use crate::fault::{self, Command, Fault};

/// Everything that is decided before a run begins; the rest follows from the seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The source of all randomness.
    pub seed: u64,
    /// Number of identities that are published.
    pub jobs: u32,
    pub(crate) processes: u32,
    /// Never empty.
    pub(crate) accounts: Vec<Account>,
    /// Of each pool; 0 = no limit.
    pub(crate) slots_of_a_tenant: u32,
    /// How many jobs may wait in the ledger.
    pub(crate) room: RoomBounds,
    pub(crate) provider: Behaviour,
    pub(crate) on_doubt: OnDoubt,
    pub(crate) disorder: bool,
    pub(crate) rates: Rates,
    pub(crate) faults: Vec<(Duration, Fault)>,
    /// A proxy refuses one of the jobs in all attempts.
    pub(crate) blocked: bool,
    /// How long a message may wait in its lane.
    pub(crate) lifetime: Option<Duration>,
    /// Only processes that start after this adopt messages that the broker dead-lettered.
    pub(crate) adopted_from: Duration,
    /// How many ids are used for another job after the record of the first has expired.
    pub(crate) second_lives: u64,
    /// The points at which the successive processes die, if there is only one at a time.
    pub(crate) crash_points: Vec<u64>,
}

/// How the provider behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behaviour {
    pub(crate) ids: Ids,
    /// A task can be found by its external id.
    pub(crate) look_up: bool,
    /// Processes find out themselves whether it can.
    pub(crate) auto: bool,
    pub(crate) callbacks: Callbacks,
    /// The longest time that a task takes.
    pub(crate) task: Duration,
}

/// How it treats external ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// A repeated one is refused.
    Enforced,
    /// A repeated one creates another task.
    Ignored,
    /// They are not stored.
    Dropped,
}

/// Which task id its callbacks contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callbacks {
    Never,
    /// The id under which the task can be queried.
    Queryable,
    /// An id under which the task cannot be queried.
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

/// The probability that a single call fails in each way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) ledger: f64,
    pub(crate) broker: f64,
    /// A call takes long enough for others to overtake it.
    pub(crate) slow: f64,
    /// The POST was not sent.
    pub(crate) not_sent: f64,
    /// The POST was lost on the way.
    pub(crate) vanished: f64,
    /// The task was created and the response lost.
    pub(crate) answer_lost: f64,
    /// The request takes longer to arrive than its sender waits.
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

/// Longer than a ledger that has lost data stays closed: its tasks still run by then.
pub(crate) const LONG_TASK: Duration = Duration::from_secs(40);

/// Most jobs wait for one.
pub(crate) const FEW: Slots = Slots { videos: 3, images: 9, audio: 2 };

/// As narrow as it may be: twice the slots.
pub(crate) const NARROW: RoomBounds = RoomBounds { pool: 1, tenant: 1 };

impl Plan {
    /// A random world; one in eight has two accounts.
    pub fn of(seed: u64, jobs: u32) -> Self {
        match seed % 8 {
            5 => Self::several_accounts(seed, jobs),
            _ => Self::one_account(seed, jobs),
        }
    }

    pub(crate) fn one_account(seed: u64, jobs: u32) -> Self {
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
            accounts: vec![Account::first(Slots {
                videos: slots(3),
                images: slots(4),
                audio: slots(2),
            })],
            slots_of_a_tenant: 0,
            room: RoomBounds::default(),
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
        if chance.happens(0.4) {
            plan.room = NARROW;
        }
        plan
    }

    /// One job and one process at a time; the successive processes die at these points.
    pub fn of_points(seed: u64, points: &[u64]) -> Self {
        let crash_points = points.to_vec();
        let callbacks = Callbacks::Queryable;
        let provider =
            Behaviour { ids: Ids::Ignored, look_up: true, auto: false, callbacks, task: TASK };
        let quiet = Self { blocked: false, ..Self::one_account(seed, 1) };
        let rates = Rates::default();
        let on_doubt = OnDoubt::Park;
        let (faults, lifetime, second_lives) = (Vec::new(), None, 0);
        let alone = Self { processes: 1, provider, on_doubt, rates, faults, ..quiet };
        Self { lifetime, second_lives, crash_points, ..alone }
    }

    /// No faults, except that the provider repeatedly forgets tasks that it has accepted.
    pub fn forgetful(seed: u64, jobs: u32) -> Self {
        let at = |second| (Duration::from_secs(second), Fault::TasksForgotten);
        Self::calm(seed, jobs, LONG_TASK, (1..6).map(|turn| at(turn * 5)).collect())
    }

    /// No faults, except that all processes die repeatedly while the ledger is emptied: only the
    /// messages and the clocks of producers show what was being done.
    pub fn blackouts(seed: u64, jobs: u32) -> Self {
        let at = |second| (Duration::from_secs(second), Fault::Blackout);
        let calm = Self::calm(seed, jobs, TASK, (1..6).map(|turn| at(turn * 2)).collect());
        Self { rates: Rates { slow: 0.3, ..Rates::default() }, ..calm }
    }

    /// The same with so few slots, and so few places in the ledger, that most jobs wait for one when
    /// everything is lost.
    pub fn crowds(seed: u64, jobs: u32) -> Self {
        let at = |second| (Duration::from_secs(second), Fault::Blackout);
        let calm = Self::calm(seed, jobs, TASK, (1..6).map(|turn| at(turn * 12)).collect());
        let accounts = vec![Account::first(FEW)];
        let rates = Rates { slow: 0.9, ..Rates::default() };
        let room = if seed.is_multiple_of(2) { NARROW } else { RoomBounds::default() };
        Self { accounts, room, rates, ..calm }
    }

    /// No faults, except that the broker soon dead-letters messages, and an operator replays them
    /// before any process adopts them, while processes die and the ledger is emptied.
    pub fn given_up(seed: u64, jobs: u32) -> Self {
        let at = |second: u64, fault| (Duration::from_secs(second), fault);
        // The first ones while most slots are being filled: then most POSTs are under way.
        let mut faults = [3, 6, 9, 20].map(|second| at(second, Fault::Blackout)).to_vec();
        faults.extend((1..5).map(|turn| at(turn * 5, Fault::Command(Command::Replay))));
        faults.sort_by_key(|(at, _)| *at);
        let calm = Self::calm(seed, jobs, TASK, faults);
        let rates = Rates { slow: 0.9, ..Rates::default() };
        let (lifetime, adopted_from) = (Some(Duration::from_secs(1)), Duration::from_secs(20));
        Self { rates, lifetime, adopted_from, ..calm }
    }

    /// No faults, except that the provider stores no external ids and most of its responses are
    /// lost: for few routes a task is known with which a look-up can be tested.
    pub fn unanswered(seed: u64, jobs: u32) -> Self {
        let calm = Self::calm(seed, jobs, TASK, Vec::new());
        let (look_up, auto, callbacks) = (false, true, Callbacks::Never);
        let provider = Behaviour { ids: Ids::Dropped, look_up, auto, callbacks, task: TASK };
        Self { provider, rates: Rates { answer_lost: 0.9, ..Rates::default() }, ..calm }
    }

    /// Only these faults, with a provider that creates another task for a repeated id.
    pub(crate) fn calm(
        seed: u64,
        jobs: u32,
        task: Duration,
        faults: Vec<(Duration, Fault)>,
    ) -> Self {
        let callbacks = Callbacks::Queryable;
        let provider = Behaviour { ids: Ids::Ignored, look_up: true, auto: false, callbacks, task };
        let (on_doubt, rates, lifetime, second_lives) = (OnDoubt::Park, Rates::default(), None, 0);
        let world = Self::one_account(seed, jobs);
        Self { provider, faults, on_doubt, rates, lifetime, second_lives, ..world }
    }

    /// How long a POST may take; simulated waits are a tenth of the real ones.
    pub(crate) const POST: Duration = Duration::from_secs(5);

    /// What may be unfinished when the sender of a POST has given up: a lease that outlasts a slow
    /// response, a request still on the way, a look-up that is out of date.
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
    /// Every world has other rates; some have none of a kind.
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
