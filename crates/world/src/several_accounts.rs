//! Worlds with two accounts.

use std::time::Duration;

use worker::Slots;

use crate::accounts::{Account, FIRST, Name, OTHER};
use crate::chance::Chance;
use crate::fault::{Fault, TROUBLE};
use crate::plan::{FEW, LONG_TASK, NARROW, Plan, Rates, TASK};

/// Longer than one account needs for the jobs of both.
const DEBT: Duration = Duration::from_secs(150);

impl Plan {
    /// A random world in which one of two accounts is in arrears now and then. In half of them most
    /// jobs wait for a slot.
    pub fn several_accounts(seed: u64, jobs: u32) -> Self {
        let mut plan = Self::one_account(seed, jobs).with_another_account();
        let chance = chance(seed);
        if chance.happens(0.5) {
            plan.accounts = vec![Account::first(few(&chance)), Account::other(few(&chance))];
            plan.room = if chance.happens(0.5) { NARROW } else { plan.room };
        }
        let debts = (0..chance.between(1, 4)).map(|_| debt(&chance));
        plan.faults.extend(debts);
        plan.faults.sort_by_key(|(at, _)| *at);
        if chance.happens(0.25) {
            plan.slots_of_a_tenant = 3;
        }
        plan
    }

    /// No faults, except that one of two accounts is in arrears while most jobs wait for a slot.
    pub fn arrears(seed: u64, jobs: u32) -> Self {
        let account = any(&chance(seed));
        let begin = Duration::from_secs(5);
        let faults = vec![
            (begin, Fault::Arrears(account, DEBT * 2)),
            (begin + DEBT, Fault::PaidUp(account)),
        ];
        let calm = Self::calm(seed, jobs, TASK, faults);
        let room = if seed.is_multiple_of(2) { NARROW } else { calm.room };
        let accounts = vec![Account::first(FEW), Account::other(FEW)];
        Self { accounts, room, ..calm }
    }

    /// No faults, except that both accounts are in arrears for a minute.
    pub fn bankrupt(seed: u64, jobs: u32) -> Self {
        let (begin, wait) = (Duration::from_secs(5), Duration::from_secs(60));
        let faults = [FIRST, OTHER].map(|account| (begin, Fault::Arrears(account, wait)));
        let mut plan = Self::arrears(seed, jobs);
        plan.faults = faults.into();
        // Faults end ten seconds after the last one begins.
        plan.faults.push((begin + wait, Fault::Arrears(FIRST, Duration::ZERO)));
        plan
    }

    /// No faults; tenants may use only a part of the slots of two accounts.
    pub fn limited_tenants(seed: u64, jobs: u32) -> Self {
        let calm = Self::calm(seed, jobs, TASK, Vec::new());
        let slots = Slots { videos: 6, images: 9, audio: 6 };
        let accounts = vec![Account::first(slots), Account::other(slots)];
        Self { accounts, slots_of_a_tenant: 3, ..calm }
    }

    /// No faults, except that everything is lost while POSTs are under way on two accounts, whose
    /// tasks live long: it is unknown with which account each was sent.
    pub fn lost_accounts(seed: u64, jobs: u32) -> Self {
        let at = |second| (Duration::from_secs(second), Fault::Blackout);
        let calm = Self::calm(seed, jobs, LONG_TASK, vec![at(3), at(8)]);
        let accounts = vec![Account::first(FEW), Account::other(FEW)];
        Self { accounts, rates: Rates { lingers: 0.9, ..Rates::default() }, ..calm }
    }

    /// One job, whose account is in arrears, and one process at a time; the successive processes die at
    /// these points.
    pub fn of_a_move(seed: u64, points: &[u64]) -> Self {
        let mut plan = Self::of_points(seed, points).with_another_account();
        plan.faults = vec![
            (Duration::ZERO, Fault::Arrears(FIRST, DEBT * 2)),
            (Duration::from_secs(40), Fault::PaidUp(FIRST)),
        ];
        plan
    }

    /// The same world with a second account, which has other limits.
    #[must_use]
    pub fn with_another_account(mut self) -> Self {
        let Slots { videos, images, audio } = self.accounts[0].slots;
        let less = |slots: u32| slots.div_ceil(2).max(2);
        let slots = Slots { videos: less(videos), images: less(images).max(3), audio: less(audio) };
        self.accounts.truncate(1);
        self.accounts.push(Account::other(slots));
        self
    }
}

/// One of its own: the same seed with one account must not change.
fn chance(seed: u64) -> Chance {
    Chance::new(seed.wrapping_mul(3).wrapping_add(7))
}

fn few(chance: &Chance) -> Slots {
    let slots = |least| u32::try_from(chance.between(least, least + 2)).unwrap_or(2);
    Slots { videos: slots(2), images: slots(3), audio: slots(1) }
}

fn debt(chance: &Chance) -> (Duration, Fault) {
    let wait = chance.millis(1_000, 25_000);
    (chance.millis(0, TROUBLE), Fault::Arrears(any(chance), wait))
}

fn any(chance: &Chance) -> Name {
    if chance.happens(0.5) { FIRST } else { OTHER }
}
