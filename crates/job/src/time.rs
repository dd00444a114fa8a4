use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment in Unix milliseconds, the unit of every ledger and of the provider.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const EPOCH: Self = Self(0);

    /// The format that others must use, for error messages.
    pub const FORM: &'static str =
        "RFC 3339 such as 2026-12-01T12:00:00Z, its offset at most 23:59";

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(if millis < 0 { 0 } else { millis as u64 })
    }

    /// A time from another process, if it is plausible: from 2020 on, and at most 5 seconds after
    /// `now`. Capped at `now`.
    pub fn plausible(self, now: Self) -> Option<Self> {
        const FIRST: Timestamp = Timestamp(1_577_836_800_000); // 2020-01-01
        const CLOCKS: Duration = Duration::from_secs(5);
        (self >= FIRST && self <= now + CLOCKS).then(|| self.min(now))
    }

    /// Reads RFC 3339. The last hours of the year 9999, which not every offset has, become the last
    /// moment that can be written again.
    pub fn parse(text: &str) -> Option<Self> {
        if !has_an_hour_of_the_day(offset(text)) {
            return None;
        }
        let last = Self((jiff::Timestamp::MAX.as_second() - 1) * 1000);
        match text.parse::<jiff::Timestamp>() {
            Ok(parsed) => Some(Self(parsed.as_millisecond()).min(last)),
            Err(_) => is_last_day(text).then_some(last),
        }
    }
}

/// The part after the sign of an offset such as `+01:00`; empty for `Z`.
fn offset(text: &str) -> &str {
    let (_, time) = text.split_once(['T', 't', ' ']).unwrap_or_default();
    let time = time.split('[').next().unwrap_or_default();
    time.split_once(['+', '-']).map_or("", |(_, offset)| offset)
}

/// RFC 3339 allows offsets up to 23:59, the parser larger ones.
fn has_an_hour_of_the_day(offset: &str) -> bool {
    let digits: Vec<u32> = offset.chars().filter_map(|c| c.to_digit(10)).collect();
    let pairs: Vec<u32> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |n, d| n * 10 + d)).collect();
    pairs.iter().zip([23, 59, 59]).all(|(number, most)| *number <= most)
}

/// Whether it is a complete time on one of the last two days of the year 9999.
fn is_last_day(text: &str) -> bool {
    let is_last = |day: jiff::civil::Date| day >= jiff::civil::date(9999, 12, 30);
    jiff::fmt::temporal::Pieces::parse(text).is_ok_and(|pieces| {
        is_last(pieces.date()) && pieces.time().is_some() && pieces.offset().is_some()
    })
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_rfc_3339() {
        let noon = Timestamp::parse("2026-12-01T12:00:00Z").unwrap();
        assert_eq!(noon.to_string(), "2026-12-01T12:00:00.000Z");
        assert_eq!(noon, Timestamp::parse("2026-12-01T13:00:00+01:00").unwrap());
        assert_eq!(Timestamp::parse("tomorrow"), None);
    }

    #[test]
    fn an_offset_is_an_hour_and_a_minute_of_the_day() {
        for good in ["+23:59", "-23:59", "+00:00", "-00:00", "+05:30", "z", "Z"] {
            let text = format!("2026-12-01T12:00:00{good}");
            assert!(Timestamp::parse(&text).is_some(), "{text}");
        }
        for wrong in ["+25:00", "-25:00", "+24:00", "+05:99", "+05:60", "+99:99", "+25", "+2500"] {
            for time in ["2026-12-01T12:00:00", "2026-12-01t12:00:00.5", "9999-12-31T23:59:59"] {
                let text = format!("{time}{wrong}");
                assert_eq!(Timestamp::parse(&text), None, "{text}");
            }
        }
    }

    #[test]
    fn the_end_of_the_last_year_is_a_time() {
        for last in [
            "9999-12-30T22:00:00.999Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999-12:00",
            "9999-12-31T23:59:60Z",
        ] {
            let time = Timestamp::parse(last).expect(last);
            assert!(time > Timestamp::parse("9999-12-30T12:00:00Z").unwrap(), "{time}");
            assert_eq!(Timestamp::parse(&time.to_string()), Some(time), "{time}");
        }
        for none in ["9999-12-31", "9999-12-31T23:59:59", "9999-13-01T00:00:00Z", "10000-01-01"] {
            assert_eq!(Timestamp::parse(none), None, "{none}");
        }
    }

    #[test]
    fn a_duration_never_runs_backwards() {
        let early = Timestamp::from_millis(10);
        let late = Timestamp::from_millis(25);
        assert_eq!(late.since(early), Duration::from_millis(15));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn only_a_time_that_can_be_is_taken_from_others() {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let plausible = |millis| Timestamp::from_millis(millis).plausible(now);
        assert_eq!(plausible(1_763_000_000_000), Some(Timestamp::from_millis(1_763_000_000_000)));
        assert_eq!(plausible(1_764_000_004_000), Some(now), "clocks differ a little");
        let microseconds = 1_764_000_000_000_000;
        let seconds = 1_764_000_000;
        let ahead = 1_764_000_060_000;
        for nonsense in [microseconds, seconds, ahead, 0, -1, i64::MAX, i64::MIN] {
            assert_eq!(plausible(nonsense), None, "{nonsense}");
        }
    }
}
