//! A pool whose jobs never run out, at a provider that refuses more tasks than its limit, in virtual time.

use super::*;

const TICK: Duration = Duration::from_millis(50);
/// From the request to its answer, in ticks.
const ANSWER: u64 = 10;

pub(super) struct Pool {
    pub(super) limit: SlotLimit,
    pub(super) provider: u32,
    pub(super) sent: u32,
    pub(super) refused: u32,
    range: SlotRange,
    tick: u64,
    /// When each task ends.
    tasks: Vec<u64>,
    /// When the answers of refused requests arrive.
    answers: Vec<u64>,
    /// Slots at the provider that were in use at each tick, and all of them.
    used: (u64, u64),
    random: u64,
}

impl Pool {
    pub(super) fn new(range: SlotRange, provider: u32) -> Self {
        let limit = SlotLimit::begin(range, NOW);
        let (tasks, answers) = (Vec::new(), Vec::new());
        let counts = (0, 0);
        let (sent, refused) = counts;
        Self {
            limit,
            provider,
            sent,
            refused,
            range,
            tick: 0,
            tasks,
            answers,
            used: (0, 0),
            random: 7,
        }
    }

    pub(super) fn forget_counts(&mut self) {
        (self.sent, self.refused, self.used) = (0, 0, (0, 0));
    }

    pub(super) fn used_share(&self) -> f64 {
        self.used.0 as f64 / self.used.1 as f64
    }

    pub(super) fn run(&mut self, seconds: u64) {
        let ticks = seconds * 1_000 / TICK.as_millis() as u64;
        for _ in 0..ticks {
            self.tick += 1;
            self.tasks.retain(|ends| *ends > self.tick);
            self.read_answers();
            self.fill();
            let used = self.tasks.len() as u64;
            self.used = (self.used.0 + used, self.used.1 + u64::from(self.provider));
        }
    }

    fn now(&self) -> Timestamp {
        NOW + TICK * u32::try_from(self.tick).expect("a short run")
    }

    fn in_use(&self) -> u32 {
        (self.tasks.len() + self.answers.len()) as u32
    }

    fn read_answers(&mut self) {
        let (tick, waiting) = (self.tick, self.answers.len());
        for _ in self.answers.iter().filter(|at| **at <= tick) {
            let overload = full(waiting as u32 + self.tasks.len() as u32);
            self.limit = self.limit.refused(self.range, overload, self.now());
        }
        self.answers.retain(|at| *at > tick);
    }

    fn fill(&mut self) {
        let now = self.now();
        while !self.limit.is_paused(now) && self.in_use() < self.limit.slots {
            self.send();
        }
        self.limit = self.limit.grown(self.range, now).unwrap_or_else(|| self.limit.clone());
    }

    fn send(&mut self) {
        self.sent += 1;
        if (self.tasks.len() as u32) < self.provider {
            // Tasks of four to eight seconds.
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            self.tasks.push(self.tick + 80 + (self.random >> 33) % 80);
        } else {
            self.refused += 1;
            self.answers.push(self.tick + ANSWER);
        }
    }
}
