//! Repeatable random numbers: each is a hash of the seed and of its purpose.

/// A sequence of random numbers for one purpose. The same start gives the same sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance(mix(seed ^ 0x9e37_79b9_7f4a_7c15))
    }

    /// Narrows the stream to `text` (FNV-1a, then mixed).
    pub(crate) fn with_text(self, text: &str) -> Self {
        let hash = text.bytes().fold(self.0 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Chance(mix(hash))
    }

    /// Narrows the stream to `number`.
    pub(crate) fn with(self, number: u64) -> Self {
        Chance(mix(self.0 ^ mix(number)))
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// A number in [0, 1).
    pub(crate) fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True in a share `rate` of all streams: never at 0, always at 1.
    pub(crate) fn happens(self, rate: f64) -> bool {
        self.unit() < rate
    }
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_differ_by_every_part() {
        let draw = |seed, text: &str, n| Chance::new(seed).with_text(text).with(n).bits();
        assert_eq!(draw(1, "a", 1), draw(1, "a", 1));
        let all = [draw(1, "a", 1), draw(2, "a", 1), draw(1, "b", 1), draw(1, "a", 2)];
        for (i, left) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|right| left != right));
        }
    }

    #[test]
    fn a_rate_is_kept() {
        let hits = (0..10_000).filter(|n| Chance::new(7).with(*n).happens(0.3)).count();
        assert!((2_800..3_200).contains(&hits), "{hits} of 10000 at 0.3");
        assert!((0..1_000).all(|n| !Chance::new(7).with(n).happens(0.0)));
        assert!((0..1_000).all(|n| Chance::new(7).with(n).happens(1.0)));
    }
}
