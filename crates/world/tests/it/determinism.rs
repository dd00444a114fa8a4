//! One seed always gives the same run, byte for byte.

use world::{Plan, run};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for seed in 1..=6 {
        let plan = Plan::of(seed, 60);
        let (first, again) = (run(&plan, None, true), run(&plan, None, true));
        let lines = |report: &world::Report| report.trace.clone().unwrap_or_default();
        let (one, two) = (lines(&first), lines(&again));
        let differs = one.lines().zip(two.lines()).position(|(a, b)| a != b);
        assert_eq!(differs, None, "seed {seed}: {:?}", differs.map(|n| one.lines().nth(n)));
        assert!(first == again && one.len() > 10_000, "seed {seed}");
    }
}
