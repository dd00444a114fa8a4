use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// All randomness of a world: the same seed gives the same numbers everywhere (splitmix64).
#[derive(Debug)]
pub struct Chance(AtomicU64);

impl Chance {
    /// The numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(mix(seed ^ STEP)))
    }

    /// A generator of its own, so that one part's numbers do not depend on another part.
    pub fn fork(&self) -> Self {
        Self::new(self.next())
    }

    /// The next 64 bits.
    pub fn next(&self) -> u64 {
        mix(self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP))
    }

    /// Uniform in [0, 1).
    pub fn unit(&self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..count`; 0 when there is nothing to choose.
    pub fn below(&self, count: u64) -> u64 {
        if count == 0 { 0 } else { self.next() % count }
    }

    /// Uniform in `low..=high`.
    pub fn between(&self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// `true` with this probability.
    pub fn happens(&self, often: f64) -> bool {
        often > 0.0 && self.unit() < often
    }

    /// A random duration between two numbers of milliseconds.
    pub fn millis(&self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_everywhere() {
        let throws: Vec<u64> =
            (0..3).map(|_| 0).scan(Chance::new(7), |c, _| Some(c.next())).collect();
        let again: Vec<u64> =
            (0..3).map(|_| 0).scan(Chance::new(7), |c, _| Some(c.next())).collect();
        assert_eq!(throws, again);
        assert_ne!(throws[0], Chance::new(8).next());
    }

    #[test]
    fn throws_stay_within_their_bounds() {
        let chance = Chance::new(1);
        assert!((0..1000).all(|_| (3..=5).contains(&chance.between(3, 5))));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&chance.unit())));
        assert!(!(0..1000).any(|_| chance.happens(0.0)));
    }
}
