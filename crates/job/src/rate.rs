//! How many submissions a minute are made (GCRA): one moment says until when the rate is used up.

use crate::Timestamp;

const MINUTE_US: i64 = 60_000_000;

/// Submissions a minute, evenly spread; so many may be made at once after a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    per_minute: i64,
    at_once: i64,
}

impl Rate {
    /// So many as are due in one second may be made at once. `None` for 0: no limit.
    pub fn new(per_minute: u32) -> Option<Self> {
        Self::at_once(per_minute, per_minute / 60)
    }

    /// For clients of an HTTP API: a whole minute's may be made at once. `None` for 0: no limit.
    pub fn of_client(per_minute: u32) -> Option<Self> {
        Self::at_once(per_minute, per_minute)
    }

    fn at_once(per_minute: u32, at_once: u32) -> Option<Self> {
        let rate = Self { per_minute: per_minute.into(), at_once: at_once.max(1).into() };
        (per_minute > 0).then_some(rate)
    }

    /// From one submission to the next, in µs; rounded up, so that there are never more.
    pub fn interval_us(self) -> i64 {
        (MINUTE_US + self.per_minute - 1) / self.per_minute
    }

    /// How far ahead of the time the rate may be used up, in µs.
    pub fn ahead_us(self) -> i64 {
        (self.at_once - 1) * self.interval_us()
    }

    /// `None`: a submission may be made now. Otherwise when. `used_up`: until when the rate is, in µs.
    pub fn next(self, used_up: i64, now: Timestamp) -> Option<Timestamp> {
        let at = self.bounded(used_up, now).saturating_sub(self.ahead_us());
        let at_ms = at.div_euclid(1_000) + i64::from(at.rem_euclid(1_000) > 0);
        (at_ms > now.as_millis()).then(|| Timestamp::from_millis(at_ms))
    }

    /// Until when it is used up after one more submission, in µs.
    #[must_use]
    pub fn after(self, used_up: i64, now: Timestamp) -> i64 {
        self.begins(used_up, now).saturating_add(self.interval_us())
    }

    /// How many submissions may be made now.
    pub fn left(self, used_up: i64, now: Timestamp) -> u32 {
        let free = as_micros(now).saturating_add(self.ahead_us()) - self.begins(used_up, now);
        u32::try_from(free.div_euclid(self.interval_us()) + 1).unwrap_or(0)
    }

    /// A rest saves up nothing.
    fn begins(self, used_up: i64, now: Timestamp) -> i64 {
        self.bounded(used_up, now).max(as_micros(now))
    }

    /// A later moment was stored by a clock that has been set back since.
    fn bounded(self, used_up: i64, now: Timestamp) -> i64 {
        // Clocks are read in ms.
        let now_us = as_micros(now).saturating_add(1_000);
        used_up.min(now_us.saturating_add(self.ahead_us()).saturating_add(self.interval_us()))
    }
}

fn as_micros(now: Timestamp) -> i64 {
    now.as_millis().saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// How many submissions this time allows, made as soon as they may be.
    fn made(rate: Rate, time: Duration) -> usize {
        let (mut used_up, mut now, mut made) = (0, NOW, 0);
        while now < NOW + time {
            match rate.next(used_up, now) {
                Some(later) => now = later,
                None => {
                    used_up = rate.after(used_up, now);
                    made += 1;
                }
            }
        }
        made
    }

    #[test]
    fn a_minute_has_as_many_submissions_as_are_allowed() {
        for per_minute in [1, 7, 60, 61, 600, 6_000, 59_999] {
            let rate = Rate::new(per_minute).expect("a rate");
            let minutes = 3;
            let (made, most) = (made(rate, Duration::from_secs(60 * minutes)), per_minute as usize);
            let ahead = most / 60;
            let whole = minutes as usize * most;
            let least = whole - whole / 500;
            assert!((least..=whole + ahead + 1).contains(&made), "{per_minute}: {made}");
        }
    }

    #[test]
    fn no_more_than_a_second_s_submissions_are_made_at_once() {
        for (per_minute, at_once) in [(1, 1), (30, 1), (60, 1), (120, 2), (6_000, 100)] {
            let rate = Rate::new(per_minute).expect("a rate");
            assert_eq!(made(rate, Duration::from_millis(1)), at_once, "{per_minute}");
        }
    }

    #[test]
    fn a_client_may_make_a_minute_s_submissions_at_once() {
        for per_minute in [1, 7, 60, 61, 600, 6_000, 59_999] {
            let rate = Rate::of_client(per_minute).expect("a rate");
            assert_eq!(made(rate, Duration::from_millis(1)), per_minute as usize, "{per_minute}");
            let in_all = made(rate, Duration::from_secs(180));
            let most = 4 * per_minute - 1;
            let least = most - per_minute / 100;
            assert!((least as usize..=most as usize).contains(&in_all), "{per_minute}: {in_all}");
        }
    }

    #[test]
    fn so_many_as_are_left_may_be_made_now() {
        for rate in [Rate::new(600), Rate::of_client(1), Rate::of_client(600)] {
            let rate = rate.expect("a rate");
            let at_once = made(rate, Duration::from_millis(1)) as u32;
            let mut used_up = 0;
            for left in (0..=at_once).rev() {
                assert_eq!(rate.left(used_up, NOW), left, "{rate:?}");
                assert_eq!(rate.next(used_up, NOW).is_none(), left > 0, "{rate:?}");
                used_up = if left > 0 { rate.after(used_up, NOW) } else { used_up };
            }
            let next = rate.next(used_up, NOW).expect("later");
            let before = Timestamp::from_millis(next.as_millis() - 1);
            assert_eq!((rate.left(used_up, before), rate.left(used_up, next)), (0, 1), "{rate:?}");
            let rested = next + Duration::from_secs(3_600);
            assert_eq!(rate.left(used_up, rested), at_once, "a rest saves up no more: {rate:?}");
        }
    }

    #[test]
    fn a_rest_saves_up_no_more() {
        let rate = Rate::new(120).expect("a rate");
        let used_up = rate.after(0, NOW);
        let later = NOW + Duration::from_secs(3_600);
        let two = rate.after(rate.after(used_up, later), later);
        let next = later + Duration::from_millis(500);
        assert_eq!((rate.next(two, later), rate.next(two, next)), (Some(next), None));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_for_long() {
        let rate = Rate::new(60).expect("a rate");
        let ahead = NOW + Duration::from_secs(6 * 3_600);
        let used_up = rate.after(0, ahead);
        let next = rate.next(used_up, NOW).expect("later");
        assert!(next <= NOW + Duration::from_millis(1_001), "{next}");
        assert_eq!(rate.after(used_up, NOW), (NOW.as_millis() + 1) * 1_000 + 2_000_000);
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!((Rate::new(0), Rate::of_client(0)), (None, None));
        let most = Rate::new(u32::MAX).expect("a rate");
        assert_eq!(most.next(most.after(0, NOW), NOW), None);
    }
}
