//! Random requests of keys, to compare what a store allows with the pure decision.

use std::collections::BTreeMap;
use std::time::Duration;

use job::{Allowance, Allowed, Cap, Money, Timestamp, UsedAllowance};

use super::fixture::Dice;

/// The part of a store that counts what keys use, at a time that the caller sets.
pub trait TimedAllowances {
    fn spend(
        &mut self,
        key: &str,
        allowance: &Allowance,
        amount: Option<Money>,
        now: Timestamp,
    ) -> Allowed;

    fn give_back(&mut self, key: &str, amount: Money, at: Timestamp);
}

/// In the course of months, with a clock that is set back at times: each answer is that of the pure
/// decision.
pub fn allows_as_decided(store: &mut impl TimedAllowances) {
    for seed in 1..=8 {
        let mut requests = Requests::of(seed);
        let (mut model, mut now) = (BTreeMap::<String, UsedAllowance>::new(), BEGIN);
        for step in 0..200 {
            now = requests.later(now);
            let Request { key, allowance, amount } = requests.next();
            let key = format!("k{seed}_{key}");
            let used = model.entry(key.clone()).or_default();
            if requests.is_given_back() {
                let (amount, at) = (amount.unwrap_or_default(), requests.earlier(now));
                store.give_back(&key, amount, at);
                used.give_back(amount, at);
                continue;
            }
            let answer = store.spend(&key, &allowance, amount, now);
            let expected = allowance.spend(used, amount, now);
            assert_eq!(
                answer, expected,
                "seed {seed}, step {step}: {now} {allowance:?} {amount:?}"
            );
        }
    }
}

/// Some weeks before a year ends, in a leap year.
const BEGIN: Timestamp = Timestamp::from_millis(1_860_000_000_000);

const HOUR_MS: i64 = 3_600_000;

pub(super) struct Requests {
    dice: Dice,
}

pub(super) struct Request {
    pub(super) key: usize,
    pub(super) allowance: Allowance,
    pub(super) amount: Option<Money>,
}

impl Requests {
    pub(super) fn of(seed: u64) -> Self {
        Self { dice: Dice(seed) }
    }

    pub(super) fn next(&mut self) -> Request {
        let key = self.dice.below(3);
        // What was used up at one rate is due at another, as when a key is changed.
        let per_minute = self.one_of([0, 1, 7, 60, 61, 600, 6_000, 60_000, 1_000_000, u32::MAX]);
        let budget = Cap { day: self.cap(), month: self.cap() };
        let amounts = [None, Some(0), Some(1), Some(140_000), Some(980_001), Some(3_000_000)];
        let amount = self.one_of(amounts).map(Money::from_micros);
        Request { key, allowance: Allowance { per_minute, budget }, amount }
    }

    /// One request in ten is given back instead.
    pub(super) fn is_given_back(&mut self) -> bool {
        self.dice.below(10) == 0
    }

    fn cap(&mut self) -> Option<Money> {
        let caps = [None, None, Some(0), Some(5_000_000), Some(50_000_000), Some(50_000_001)];
        self.one_of(caps).map(Money::from_micros)
    }

    fn later(&mut self, now: Timestamp) -> Timestamp {
        let steps = [0, 0, 1, 37, 999, 60_000, HOUR_MS, 5 * HOUR_MS, 26 * HOUR_MS];
        match self.dice.below(20) {
            0 => back(now, self.one_of([1, 5_000, HOUR_MS, 30 * HOUR_MS])),
            _ => now + Duration::from_millis(self.one_of(steps).unsigned_abs()),
        }
    }

    /// A moment of this day, of an earlier day, or of an earlier month.
    fn earlier(&mut self, now: Timestamp) -> Timestamp {
        let ago = self.one_of([0, 0, 1, 24 * HOUR_MS, 31 * 24 * HOUR_MS]);
        back(now, ago)
    }

    fn one_of<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        all[self.dice.below(N as u64)]
    }
}

fn back(now: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_millis(now.as_millis() - ms)
}
