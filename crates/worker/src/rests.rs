//! How long to rest after trouble, and how far apart probes are that may each cost a slot.

use std::time::Duration;

use tokio::time::Instant;

/// One that cannot be reached is tried this rarely at most, so that work goes on within 5 s.
const LONGEST_OUTAGE_REST: Duration = Duration::from_secs(4);
/// Between tries that may each cost a slot although the provider answers questions: so that work
/// goes on within 5 s after a short outage.
pub(crate) const UNCLEAR_REST: Duration = Duration::from_millis(4_500);
const SECOND_UNCLEAR_REST: Duration = Duration::from_secs(9);
const LONGEST_UNCLEAR_REST: Duration = Duration::from_secs(60);
const LONGEST_REFUSED_REST: Duration = Duration::from_secs(30);
pub(crate) const SHORT: Duration = Duration::from_millis(250);
/// A probe that is not answered by then keeps nobody from probing too; the next one, twice as long.
pub(crate) const PROBE_PATIENCE: Duration = Duration::from_secs(4);

/// Troubles in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Streak {
    troubles: u32,
    /// Several requests met the first of them.
    several: bool,
    last_at: Option<Instant>,
}

impl Streak {
    /// Requests that were under way together meet one trouble, not many.
    pub(crate) fn add(&mut self, sent_at: Instant, now: Instant) {
        if self.last_at.is_some_and(|at| sent_at <= at) {
            return self.several();
        }
        self.troubles += 1;
        self.last_at = Some(now);
    }

    /// Of another worker, once; whether it is news. What was sent before the last trouble is known,
    /// or was our own; clocks are read anew each time.
    pub(crate) fn hear(&mut self, sent_at: Instant) -> bool {
        let news = self.last_at.is_none_or(|at| sent_at > at + SHORT / 2);
        if news {
            self.add(sent_at, sent_at);
        }
        news
    }

    /// Whether all of it was before a request that was sent then and understood.
    pub(crate) fn is_before(&self, sent_at: Instant) -> bool {
        self.last_at.is_some_and(|at| at <= sent_at)
    }

    pub(crate) fn several(&mut self) {
        self.several |= self.troubles == 1;
    }

    pub(crate) fn is_none(&self) -> bool {
        self.troubles == 0
    }

    pub(crate) fn troubles(&self) -> u32 {
        self.troubles
    }

    /// Where several met the first, none need try whether it was only a single one's.
    pub(crate) fn tries(&self) -> u32 {
        self.troubles + u32::from(self.several)
    }
}

/// For how long an answer that is not understood may hold one of so many slots.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// 0: no limit.
    pub(crate) slots: u32,
    /// Longest that a request waits for its answer.
    pub(crate) post_timeout: Duration,
    /// Where its task can be looked for.
    pub(crate) tested: Duration,
    /// Where no task is known to test the look-up with: as long as such a task can live.
    pub(crate) untested: Duration,
}

impl Held {
    fn of(self, tested: bool) -> Duration {
        if tested { self.tested } else { self.untested }
    }

    /// Of a route while others of its lane are well: of three slots or more one is left free. The
    /// first two come too soon to be spread.
    /// `routes`: how many share the slots and are in trouble.
    pub(crate) fn route_rest(self, unclear: u32, tested: bool, routes: u32) -> Duration {
        let spread = match self.slots {
            0 => Duration::ZERO,
            slots => self.of(tested) * routes.max(1) / slots.saturating_sub(2).max(1),
        };
        match unclear {
            0..=2 => first_rest(unclear),
            more => grown(2, more - 2).max(spread),
        }
    }

    /// Of a lane, where only a request tells when an outage is over, and may take a slot: each rest
    /// is as many times the one before, up to the time for which slots are held. Once all were
    /// taken, those that come back are tried one after the other.
    pub(crate) fn lane_rest(self, unclear: u32, tested: bool) -> Duration {
        let held = self.of(tested);
        match unclear {
            0..=2 => first_rest(unclear),
            more if self.slots == 0 => grown(2, more - 2),
            more if more < self.slots => {
                let part = f64::from(more - 3) / f64::from(self.slots - 3);
                let times = held.div_duration_f64(SECOND_UNCLEAR_REST).max(1.0);
                SECOND_UNCLEAR_REST.mul_f64(times.powf(part)).max(grown(2, more - 2))
            }
            _ => (held / (self.slots - 1).max(1)).max(LONGEST_UNCLEAR_REST.min(held)),
        }
    }
}

/// A single lost answer delays nobody for long.
fn first_rest(unclear: u32) -> Duration {
    if unclear < 2 { SHORT } else { UNCLEAR_REST }
}

fn grown(factor: u32, times: u32) -> Duration {
    let rest = UNCLEAR_REST.saturating_mul(factor.saturating_pow(times.min(8)));
    rest.min(LONGEST_UNCLEAR_REST)
}

/// Of a route alone that is not let through: its jobs are put back meanwhile.
pub(crate) fn refused_rest(refusals: u32, jitter: f64) -> Duration {
    let ceiling = SHORT.saturating_mul(2u32.saturating_pow(refusals.saturating_sub(1).min(8)));
    jittered(ceiling.min(LONGEST_REFUSED_REST), jitter)
}

/// So that workers do not try at once.
pub(crate) fn jittered(rest: Duration, jitter: f64) -> Duration {
    rest.mul_f64(0.9 + 0.1 * jitter)
}

/// Jitter over an exponential rest, never less than 100 ms.
pub(crate) fn outage_rest(first: Duration, failures: u32, jitter: f64) -> Duration {
    let ceiling = first.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1).min(8)));
    ceiling.min(LONGEST_OUTAGE_REST).mul_f64(0.5 + 0.5 * jitter).max(Duration::from_millis(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn rests_grow_and_stay_bounded() {
        let ceilings = |rest: fn(u32, f64) -> Duration| [1, 2, 3, 9].map(|n| rest(n, 1.0));
        let down = |n, jitter| outage_rest(S(1), n, jitter);
        assert_eq!(ceilings(down), [S(1), S(2), S(4), S(4)]);
        assert!(outage_rest(SHORT, 1, 0.0) >= Duration::from_millis(100));
        let unlimited = Held::default();
        let rests = [1, 2, 3, 4, 9].map(|n| unlimited.lane_rest(n, true).as_millis());
        assert_eq!(rests, [250, 4_500, 9_000, 18_000, 60_000]);
        let rests = [1, 2, 3, 9].map(|n| unlimited.route_rest(n, false, 1).as_millis());
        assert_eq!(rests, [250, 4_500, 9_000, 60_000]);
    }

    #[test]
    fn the_fewer_slots_are_left_the_longer_they_are_kept() {
        let held = Held { slots: 5, tested: S(100), untested: S(1800), ..Held::default() };
        let rests = |tested| [2, 3, 4, 5, 6].map(|n| held.lane_rest(n, tested).as_millis());
        assert_eq!(rests(true), [4_500, 9_000, 30_000, 60_000, 60_000]);
        assert_eq!(rests(false), [4_500, 9_000, 127_279, 450_000, 450_000]);
        let of = |slots, n| Held { slots, ..held }.lane_rest(n, true);
        assert_eq!([1, 2, 3, 4].map(|n| of(1, n).as_millis()), [250, 4_500, 100_000, 100_000]);
        assert_eq!([1, 2, 3, 4].map(|n| of(3, n).as_millis()), [250, 4_500, 60_000, 60_000]);
        for slots in [4, 5, 100, 1000, u32::MAX] {
            let rests: Vec<_> = (3..slots.min(2000)).map(|n| of(slots, n)).collect();
            assert!(rests.is_sorted() && rests[0] == S(9), "{slots} slots: {rests:?}");
            let later =
                [slots.saturating_sub(1), slots, slots.saturating_add(1)].map(|n| of(slots, n));
            assert!(later.iter().all(|rest| (S(9)..=S(100)).contains(rest)), "{slots}: {later:?}");
        }
        let rests = |tested| [2, 3, 4].map(|n| held.route_rest(n, tested, 1).as_millis());
        assert_eq!(rests(true), [4_500, 33_333, 33_333]);
        assert_eq!(rests(false), [4_500, 600_000, 600_000]);
        assert_eq!(held.route_rest(3, false, 2), S(1200), "two routes share the slots");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_fail_together_are_two_troubles_at_most() {
        let (mut streak, now) = (Streak::default(), Instant::now());
        streak.add(now, now);
        assert_eq!(streak.tries(), 1);
        (0..25).for_each(|_| streak.add(now, now));
        assert_eq!((streak.tries(), streak.troubles()), (2, 1));
        (0..2).for_each(|_| streak.add(now + S(1), now + S(1)));
        assert_eq!((streak.tries(), streak.troubles()), (3, 2));
    }
}
