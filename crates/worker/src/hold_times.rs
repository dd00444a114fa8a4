//! How far apart probes are that may each cost a slot: the fewer slots are left, the longer.

use std::time::Duration;

use crate::backoff::{LONGEST_UNCLEAR, doubled, first};

/// Between the second and the third probe.
const SECOND: Duration = Duration::from_secs(9);

/// For how long an unclear answer may hold one of so many slots.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HoldTimes {
    /// 0: no limit.
    pub(crate) slots: u32,
    /// The longest that a request waits for its answer.
    pub(crate) post_timeout: Duration,
    /// Where its task can be looked for.
    pub(crate) tested: Duration,
    /// Where no task is known to test the look-up with: as long as such a task can live.
    pub(crate) untested: Duration,
}

impl HoldTimes {
    fn of(self, tested: bool) -> Duration {
        if tested { self.tested } else { self.untested }
    }

    /// The backoff of a route while others of its lane succeed: of four slots or more one is left
    /// free. The first three probes come too soon to be spread, and hold a slot each.
    /// `routes`: how many failing routes share the slots.
    pub(crate) fn route_backoff(self, unclear: u32, tested: bool, routes: u32) -> Duration {
        let spread = match self.slots {
            0 => Duration::ZERO,
            slots => self.of(tested) * routes.max(1) / slots.saturating_sub(3).max(1),
        };
        match unclear {
            0..=2 => first(unclear),
            more => doubled(more - 2).max(spread),
        }
    }

    /// The backoff of a lane, where only a request shows that an outage is over, and may take a
    /// slot. Each is longer than the one before by the same factor, up to the time for which slots
    /// are held. Once all slots were taken, those that are free again are tried one by one.
    pub(crate) fn lane_backoff(self, unclear: u32, tested: bool) -> Duration {
        let held = self.of(tested);
        match unclear {
            0..=2 => first(unclear),
            more if self.slots == 0 => doubled(more - 2),
            more if more < self.slots => {
                let part = f64::from(more - 3) / f64::from(self.slots - 3);
                let times = held.div_duration_f64(SECOND).max(1.0);
                SECOND.mul_f64(times.powf(part)).max(doubled(more - 2))
            }
            _ => (held / (self.slots - 1).max(1)).max(LONGEST_UNCLEAR.min(held)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn without_a_limit_probes_become_rarer_and_stay_bounded() {
        let unlimited = HoldTimes::default();
        let lane = [1, 2, 3, 4, 9].map(|n| unlimited.lane_backoff(n, true).as_millis());
        assert_eq!(lane, [250, 4_500, 9_000, 18_000, 60_000]);
        let route = [1, 2, 3, 9].map(|n| unlimited.route_backoff(n, false, 1).as_millis());
        assert_eq!(route, [250, 4_500, 9_000, 60_000]);
    }

    #[test]
    fn the_fewer_slots_are_left_the_longer_they_are_kept() {
        let hold =
            HoldTimes { slots: 5, tested: S(100), untested: S(1800), ..HoldTimes::default() };
        let lane = |tested| [2, 3, 4, 5, 6].map(|n| hold.lane_backoff(n, tested).as_millis());
        assert_eq!(lane(true), [4_500, 9_000, 30_000, 60_000, 60_000]);
        assert_eq!(lane(false), [4_500, 9_000, 127_279, 450_000, 450_000]);
        let of = |slots, n| HoldTimes { slots, ..hold }.lane_backoff(n, true);
        assert_eq!([1, 2, 3, 4].map(|n| of(1, n).as_millis()), [250, 4_500, 100_000, 100_000]);
        assert_eq!([1, 2, 3, 4].map(|n| of(3, n).as_millis()), [250, 4_500, 60_000, 60_000]);
        for slots in [4, 5, 100, 1000, u32::MAX] {
            let all: Vec<_> = (3..slots.min(2000)).map(|n| of(slots, n)).collect();
            assert!(all.is_sorted() && all[0] == S(9), "{slots} slots: {all:?}");
            let later =
                [slots.saturating_sub(1), slots, slots.saturating_add(1)].map(|n| of(slots, n));
            assert!(later.iter().all(|time| (S(9)..=S(100)).contains(time)), "{slots}: {later:?}");
        }
    }

    #[test]
    fn a_route_leaves_slots_for_others() {
        let hold =
            HoldTimes { slots: 5, tested: S(100), untested: S(1800), ..HoldTimes::default() };
        let route = |tested| [2, 3, 4].map(|n| hold.route_backoff(n, tested, 1).as_millis());
        assert_eq!(route(true), [4_500, 50_000, 50_000]);
        assert_eq!(route(false), [4_500, 900_000, 900_000]);
        assert_eq!(hold.route_backoff(3, false, 2), S(1800), "two routes share the slots");
    }
}
