//! Whether answers from the provider are understood, and how long a lane rests while they are
//! not. Until one is understood, one job at a time is sent: each unclear answer may cost a slot.

use std::time::Duration;

use tokio::time::Instant;

/// One that cannot be reached is tried this rarely at most, so that work goes on within 5 s.
const LONGEST_OUTAGE_REST: Duration = Duration::from_secs(4);
/// Between tries that may each cost a slot although the provider answers questions.
const LONGEST_UNCLEAR_REST: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(250);
/// A probe that is not answered by then keeps nobody from probing too.
const PROBE_PATIENCE: Duration = Duration::from_secs(4);
/// An answer tells for so long how things are.
const FRESH: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct LaneHealth {
    /// The time for which an unclear answer may hold a slot, shared among the slots: of three slots
    /// or more, the probes of one worker that are so far apart leave one free.
    spread: Duration,
    /// Requests that were not received or not let through, in a row.
    failures: u32,
    /// Requests whose outcome is unknown, in a row.
    unclear: u32,
    understood: Option<Understood>,
    /// When trouble was last counted.
    troubled_at: Option<Instant>,
    probe: Option<Probe>,
    probes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Understood {
    at: Instant,
    sent_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    number: u64,
    over: Instant,
}

/// Leave to send one request; `probe`: as the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    pub(crate) sent_at: Instant,
    probe: Option<u64>,
}

impl LaneHealth {
    /// `held`: how long an unclear answer may hold one of so many slots; 0 slots: no limit.
    pub(crate) fn new(slots: u32, held: Duration) -> Self {
        // The first two come too soon to be spread.
        let spread = match slots {
            0 => Duration::ZERO,
            slots => held / slots.saturating_sub(2).max(1),
        };
        Self { spread, ..Self::default() }
    }

    /// Leave to send now, or until when to wait for the probe that is under way.
    pub(crate) fn leave(&mut self, now: Instant) -> Result<Leave, Instant> {
        if !self.is_unsure(now) {
            return Ok(Leave { sent_at: now, probe: None });
        }
        if let Some(probe) = self.probe.filter(|probe| probe.over > now) {
            return Err(probe.over);
        }
        self.probes += 1;
        self.probe = Some(Probe { number: self.probes, over: now + PROBE_PATIENCE });
        Ok(Leave { sent_at: now, probe: Some(self.probes) })
    }

    /// The request is over, or was never made.
    pub(crate) fn over(&mut self, leave: &Leave) {
        if self.probe.map(|probe| probe.number) == leave.probe {
            self.probe = None;
        }
    }

    pub(crate) fn is_unsure(&self, now: Instant) -> bool {
        let fresh = |understood: Understood| now - understood.at < FRESH;
        self.is_troubled() || !self.understood.is_some_and(fresh)
    }

    /// Requests failed, and none has succeeded since.
    pub(crate) fn is_troubled(&self) -> bool {
        self.failures + self.unclear > 0
    }

    /// Answers that could not be understood, in a row.
    pub(crate) fn unclear(&self) -> u32 {
        self.unclear
    }

    pub(crate) fn understood(&mut self, sent_at: Instant, now: Instant) {
        (self.failures, self.unclear) = (0, 0);
        self.understood = Some(Understood { at: now, sent_at });
    }

    /// How long to rest; `None`: a later request was understood, so that it tells of the past.
    pub(crate) fn not_reached(&mut self, sent_at: Instant, jitter: f64) -> Option<Duration> {
        self.is_news(sent_at).then(|| {
            self.failures += self.counts(sent_at);
            outage_rest(Duration::from_secs(1), self.failures, jitter)
        })
    }

    pub(crate) fn not_let_through(&mut self, sent_at: Instant, jitter: f64) -> Option<Duration> {
        self.is_news(sent_at).then(|| {
            self.failures += self.counts(sent_at);
            outage_rest(SHORT, self.failures, jitter)
        })
    }

    pub(crate) fn not_understood(&mut self, sent_at: Instant, jitter: f64) -> Option<Duration> {
        self.is_news(sent_at).then(|| {
            self.unclear += self.counts(sent_at);
            unclear_rest(self.unclear, jitter, self.spread)
        })
    }

    /// Requests that were under way together meet one trouble, not many.
    fn counts(&mut self, sent_at: Instant) -> u32 {
        let known = self.troubled_at.is_some_and(|at| sent_at <= at);
        if !known {
            self.troubled_at = Some(Instant::now());
        }
        u32::from(!known)
    }

    fn is_news(&self, sent_at: Instant) -> bool {
        self.understood.is_none_or(|understood| understood.sent_at <= sent_at)
    }
}

/// Jitter over an exponential rest, never less than 100 ms.
fn outage_rest(first: Duration, failures: u32, jitter: f64) -> Duration {
    let ceiling = first.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1).min(8)));
    ceiling.min(LONGEST_OUTAGE_REST).mul_f64(0.5 + 0.5 * jitter).max(Duration::from_millis(100))
}

/// A single lost answer delays nobody for long; each further one may hold one more slot.
fn unclear_rest(unclear: u32, jitter: f64, spread: Duration) -> Duration {
    let ceiling = match unclear {
        0 | 1 => SHORT,
        2 => LONGEST_OUTAGE_REST,
        more => {
            let doubled = 2u32.saturating_pow((more - 3).min(8));
            LONGEST_OUTAGE_REST.saturating_mul(doubled).max(spread)
        }
    };
    ceiling.min(LONGEST_UNCLEAR_REST).mul_f64(0.9 + 0.1 * jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[tokio::test(start_paused = true)]
    async fn one_job_at_a_time_until_an_answer_is_understood() {
        let (mut health, now) = (LaneHealth::default(), Instant::now());
        let probe = health.leave(now).unwrap();
        assert_eq!(health.leave(now), Err(now + PROBE_PATIENCE));
        health.not_understood(now, 0.5);
        health.over(&probe);
        let probe = health.leave(now + S(1)).unwrap();
        assert!(health.leave(now + S(1)).is_err(), "still one at a time");
        health.understood(probe.sent_at, now + S(2));
        for _ in 0..50 {
            assert!(health.leave(now + S(2)).is_ok());
        }
        assert!(health.leave(now + S(20)).is_ok());
        assert!(health.leave(now + S(20)).is_err(), "after a pause one goes first again");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_fail_together_are_one_trouble() {
        let (mut health, now) = (LaneHealth::default(), Instant::now());
        for _ in 0..25 {
            health.not_understood(now, 1.0);
        }
        assert_eq!(health.unclear(), 1);
        assert_eq!(health.not_understood(now + S(1), 1.0), Some(S(4)), "the probe after it");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_without_an_answer_keeps_the_lane_for_seconds_only() {
        let (mut health, now) = (LaneHealth::default(), Instant::now());
        let hangs = health.leave(now).unwrap();
        let next = health.leave(now + PROBE_PATIENCE).unwrap();
        health.over(&hangs);
        assert!(health.leave(now + PROBE_PATIENCE).is_err(), "the second probe is under way");
        health.understood(next.sent_at, now + S(5));
        assert_eq!(health.not_understood(hangs.sent_at, 0.5), None, "news of the past");
        assert!(!health.is_unsure(now + S(6)));
    }

    #[tokio::test(start_paused = true)]
    async fn probes_into_an_outage_leave_a_slot_for_the_next() {
        let (slots, held) = (5, S(100));
        let (mut health, began) = (LaneHealth::new(slots, held), Instant::now());
        let (mut now, mut sent) = (began, Vec::new());
        while now < began + S(600) {
            sent.retain(|at| now - *at < held);
            assert!((sent.len() as u32) < slots, "no slot for a probe after {:?}", now - began);
            sent.push(now);
            tokio::time::advance(now - Instant::now()).await;
            now += health.not_understood(now, 1.0).unwrap();
        }
    }

    #[test]
    fn rests_grow_and_stay_bounded() {
        let ceilings = |rest: fn(u32, f64) -> Duration| [1, 2, 3, 9].map(|n| rest(n, 1.0));
        let down = |n, jitter| outage_rest(S(1), n, jitter);
        assert_eq!(ceilings(down), [S(1), S(2), S(4), S(4)]);
        let wide = |n, jitter| unclear_rest(n, jitter, S(1));
        assert_eq!(ceilings(wide), [SHORT, S(4), S(4), S(60)]);
        assert!(outage_rest(SHORT, 1, 0.0) >= Duration::from_millis(100));
    }
}
