//! How long to rest after trouble, and how far apart probes are that may each cost a slot.

use std::time::Duration;

use tokio::time::Instant;

/// One that cannot be reached is tried this rarely at most, so that work goes on within 5 s.
const LONGEST_OUTAGE_REST: Duration = Duration::from_secs(4);
/// Between tries that may each cost a slot although the provider answers questions.
const LONGEST_UNCLEAR_REST: Duration = Duration::from_secs(60);
pub(crate) const SHORT: Duration = Duration::from_millis(250);
/// A probe that is not answered by then keeps nobody from probing too.
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
            self.several |= self.troubles == 1;
            return;
        }
        self.troubles += 1;
        self.last_at = Some(now);
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
    /// Where its task can be looked for.
    pub(crate) tested: Duration,
    /// Where no task is known to test the look-up with: as long as such a task can live.
    pub(crate) untested: Duration,
}

impl Held {
    fn of(self, tested: bool) -> Duration {
        if tested { self.tested } else { self.untested }
    }

    /// Between the probes of one route while others of its lane are well: of three slots or more
    /// one is left free. The first two come too soon to be spread.
    pub(crate) fn spread(self, tested: bool) -> Duration {
        match self.slots {
            0 => Duration::ZERO,
            slots => self.of(tested) / slots.saturating_sub(2).max(1),
        }
    }

    /// Between probes that alone tell when an outage is over: only the last slot is kept for long.
    pub(crate) fn lane_spread(self, unclear: u32, tested: bool) -> Duration {
        let spread = self.spread(tested);
        let takes_last = unclear + 1 >= self.slots;
        match spread > LONGEST_UNCLEAR_REST {
            true if takes_last => self.of(tested) / 2,
            true => LONGEST_UNCLEAR_REST,
            false => spread,
        }
    }
}

/// Jitter over an exponential rest, never less than 100 ms.
pub(crate) fn outage_rest(first: Duration, failures: u32, jitter: f64) -> Duration {
    let ceiling = first.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1).min(8)));
    ceiling.min(LONGEST_OUTAGE_REST).mul_f64(0.5 + 0.5 * jitter).max(Duration::from_millis(100))
}

/// A single lost answer delays nobody for long; each further one may hold one more slot.
pub(crate) fn unclear_rest(unclear: u32, jitter: f64, spread: Duration) -> Duration {
    let ceiling = match unclear {
        0 | 1 => SHORT,
        2 => LONGEST_OUTAGE_REST,
        more => {
            let doubled = 2u32.saturating_pow((more - 3).min(8));
            LONGEST_OUTAGE_REST.saturating_mul(doubled).min(LONGEST_UNCLEAR_REST).max(spread)
        }
    };
    ceiling.mul_f64(0.9 + 0.1 * jitter)
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
        let wide = |n, jitter| unclear_rest(n, jitter, S(1));
        assert_eq!(ceilings(wide), [SHORT, S(4), S(4), S(60)]);
        assert!(outage_rest(SHORT, 1, 0.0) >= Duration::from_millis(100));
    }

    #[test]
    fn only_the_last_slot_is_kept_for_as_long_as_a_task_lives() {
        let held = Held { slots: 5, tested: S(100), untested: S(1800) };
        let rests = |tested| [2, 3, 4, 5].map(|n| held.lane_spread(n, tested).as_secs());
        assert_eq!(rests(true), [33, 33, 33, 33]);
        assert_eq!(rests(false), [60, 60, 900, 900]);
        assert_eq!(held.spread(false), S(600));
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
