use std::fmt;

use crate::Timestamp;

/// A day or a month in UTC, in which spending is counted. Its text is `2026-11-30` or `2026-11`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    first: jiff::civil::Date,
    length: Length,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Length {
    Day,
    Month,
}

impl Period {
    pub fn day_of(now: Timestamp) -> Self {
        Self { first: date_of(now), length: Length::Day }
    }

    pub fn month_of(now: Timestamp) -> Self {
        Self { first: date_of(now).first_of_month(), length: Length::Month }
    }

    /// Its day, then its month.
    pub fn both_of(now: Timestamp) -> [Self; 2] {
        [Self::day_of(now), Self::month_of(now)]
    }

    /// Reads `2026-11-30` or `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.len() {
            10 => Some(Self { first: text.parse().ok()?, length: Length::Day }),
            7 => Some(Self { first: format!("{text}-01").parse().ok()?, length: Length::Month }),
            _ => None,
        }
    }

    pub fn is_day(&self) -> bool {
        self.length == Length::Day
    }

    /// Its first moment.
    pub fn begin(&self) -> Timestamp {
        start_of(self.first)
    }

    /// The first moment after it.
    pub fn end(&self) -> Timestamp {
        let next = match self.length {
            Length::Day => self.first.tomorrow(),
            Length::Month => self.first.last_of_month().tomorrow(),
        };
        next.map_or(Timestamp::from_millis(i64::MAX), start_of)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Length::Day => write!(f, "{}", self.first),
            Length::Month => write!(f, "{:04}-{:02}", self.first.year(), self.first.month()),
        }
    }
}

fn date_of(now: Timestamp) -> jiff::civil::Date {
    let time = jiff::Timestamp::from_millisecond(now.as_millis());
    let utc = |time| jiff::tz::Offset::UTC.to_datetime(time).date();
    time.map_or(jiff::civil::Date::MAX, utc)
}

fn start_of(date: jiff::civil::Date) -> Timestamp {
    let start = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
    Timestamp::from_millis(start.map_or(i64::MAX, jiff::Timestamp::as_millisecond))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn periods_begin_and_end_at_midnight_utc() {
        for (now, day, month) in [
            ("2026-11-30T23:59:59.999Z", "2026-11-30", "2026-11"),
            ("2026-12-01T00:00:00Z", "2026-12-01", "2026-12"),
            ("2028-02-29T12:00:00Z", "2028-02-29", "2028-02"),
        ] {
            assert_eq!(Period::day_of(at(now)).to_string(), day);
            assert_eq!(Period::month_of(at(now)).to_string(), month);
        }
        assert_eq!(Period::day_of(at("2026-12-31T01:00:00Z")).end(), at("2027-01-01T00:00:00Z"));
        let month = Period::parse("2028-02").unwrap();
        assert_eq!(month.begin(), at("2028-02-01T00:00:00Z"));
        assert_eq!(month.end(), at("2028-03-01T00:00:00Z"));
    }

    #[test]
    fn only_days_and_months_are_read() {
        for text in ["2026", "2026-13", "2026-02-30", "2026-1-1", "", "2026-11-30T"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
        assert!(Period::parse("2026-11-30").unwrap().is_day());
        assert!(!Period::parse("2026-11").unwrap().is_day());
    }
}
