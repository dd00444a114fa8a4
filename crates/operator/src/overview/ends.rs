//! What has ended in the last hour, and in each hour of a day.

use std::time::Duration;

use job::{StateKind, Timestamp};
use ports::Ended;
use serde::Serialize;

const HOUR: Duration = Duration::from_secs(3600);

/// Hours that are told, the present one with them.
const HOURS: u32 = 24;

/// Rounds of jobs that have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ends {
    pub last_hour: Hour,
    /// Oldest first.
    pub hours: Vec<Hour>,
    /// The last hour by pool.
    pub pools: Vec<(String, Hour)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// When it begins.
    #[serde(serialize_with = "as_text")]
    pub since: Timestamp,
    pub succeeded: u64,
    /// Also those that timed out.
    pub failed: u64,
    /// Refused before anything was sent, or cancelled.
    pub others: u64,
}

impl Default for Hour {
    fn default() -> Self {
        Self { since: Timestamp::EPOCH, succeeded: 0, failed: 0, others: 0 }
    }
}

fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl Hour {
    fn beginning(since: Timestamp) -> Self {
        Self { since, ..Self::default() }
    }

    fn add(&mut self, ended: &Ended) {
        match ended.state {
            StateKind::Succeeded => self.succeeded += ended.count,
            StateKind::Failed | StateKind::TimedOut => self.failed += ended.count,
            StateKind::Rejected | StateKind::Cancelled => self.others += ended.count,
            StateKind::Queued
            | StateKind::Waiting
            | StateKind::Submitting
            | StateKind::InDoubt
            | StateKind::Pending
            | StateKind::Parked => {}
        }
    }

    /// Of those that ended at the provider; `None` if none did.
    pub fn failed_share(&self) -> Option<f64> {
        let all = self.succeeded + self.failed;
        #[allow(clippy::cast_precision_loss, reason = "a share needs few digits")]
        (all > 0).then(|| self.failed as f64 / all as f64)
    }
}

impl Ends {
    /// How far back counts are needed.
    pub const LOOKS_BACK: Duration = Duration::from_secs(24 * 3600);

    /// Pure. The last hour begins with a slot, so it is up to five minutes longer.
    pub fn of(ended: &[Ended], now: Timestamp) -> Self {
        let hour = now.as_millis().div_euclid(3_600_000) * 3_600_000;
        let first = Timestamp::from_millis(hour) - HOUR * (HOURS - 1);
        let hours = (0..HOURS).map(|n| Hour::beginning(first + HOUR * n)).collect();
        let since = Ended::slot_of(now - HOUR);
        let mut ends = Self { last_hour: Hour::beginning(since), hours, pools: Vec::new() };
        ended.iter().for_each(|ended| ends.add(ended));
        ends.pools.sort_by(|one, other| one.0.cmp(&other.0));
        ends
    }

    fn add(&mut self, ended: &Ended) {
        if let Some(hour) = self.hours.iter_mut().rev().find(|hour| hour.since <= ended.slot) {
            hour.add(ended);
        }
        if ended.slot < self.last_hour.since {
            return;
        }
        self.last_hour.add(ended);
        match self.pools.iter_mut().find(|(pool, _)| *pool == ended.pool) {
            Some((_, hour)) => hour.add(ended),
            None => {
                let mut hour = Hour::beginning(self.last_hour.since);
                hour.add(ended);
                self.pools.push((ended.pool.clone(), hour));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(minutes_ago: u64, pool: &str, state: StateKind, count: u64) -> Ended {
        let slot = Ended::slot_of(NOW - Duration::from_secs(60 * minutes_ago));
        Ended { slot, pool: pool.to_owned(), state, count }
    }

    /// 11:30 UTC.
    const NOW: Timestamp = Timestamp::from_millis(1_799_926_200_000);

    #[test]
    fn hours_and_the_last_one_are_summed() {
        let all = [
            ended(1, "a:videos", StateKind::Succeeded, 5),
            ended(59, "a:images", StateKind::Failed, 2),
            ended(40, "a:videos", StateKind::TimedOut, 1),
            ended(40, "a:videos", StateKind::Cancelled, 7),
            ended(61, "a:videos", StateKind::Succeeded, 100),
            ended(25 * 60, "a:videos", StateKind::Succeeded, 1_000),
        ];
        let ends = Ends::of(&all, NOW);
        let Hour { succeeded, failed, others, .. } = ends.last_hour;
        assert_eq!((succeeded, failed, others), (5, 3, 7));
        assert_eq!(ends.last_hour.failed_share(), Some(0.375));
        assert_eq!(ends.hours.len(), 24);
        let told: Vec<_> = ends.hours.iter().rev().take(3).map(|hour| hour.succeeded).collect();
        assert_eq!(told, [5, 100, 0]);
        assert_eq!(ends.hours.iter().map(|hour| hour.succeeded).sum::<u64>(), 105);
        let pools: Vec<_> = ends.pools.iter().map(|(pool, hour)| (&**pool, hour.failed)).collect();
        assert_eq!(pools, [("a:images", 2), ("a:videos", 1)]);
        assert_eq!(Ends::of(&[], NOW).last_hour.failed_share(), None);
    }
}
