//! How long the journal must keep its lines: as long as anything that is rebuilt from them.

use std::time::Duration;

use daemon::Config;
use job::{Cadence, Operation};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The age in every installation so far; the journal is never made shorter.
const LEAST: Duration = Duration::from_secs(14 * 24 * 3600);

/// A record is journaled when it changes. The journal keeps the line for this much longer than the
/// record may stay open or be kept, in case of an outage.
const SLACK: Duration = Duration::from_secs(2 * 24 * 3600);

pub(crate) fn journal_age(config: &Config) -> Duration {
    let doubt = config.doubt.give_up.saturating_add(paced(config.doubt.callback_wait, config));
    let overdue = config.poll.give_up.mul_f64(config.poll.pace);
    let task =
        Cadence::of(&Operation::new("videos/text2video"), config.poll.pace).followed(overdue);
    let longest = [config.ledger.retention, doubt, task].into_iter().max().unwrap_or(LEAST);
    LEAST.max(whole_days(longest.saturating_add(SLACK)))
}

fn paced(wait: Duration, config: &Config) -> Duration {
    wait.mul_f64(config.poll.pace.max(1.0))
}

/// Small changes of a setting do not require another journal.
fn whole_days(age: Duration) -> Duration {
    let days = age.as_secs().div_ceil(DAY.as_secs());
    Duration::from_secs(days * DAY.as_secs())
}

#[cfg(test)]
mod tests {
    use daemon::Sources;

    use super::*;

    fn days(overrides: &[(&str, &str)]) -> u64 {
        let overrides = overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let sources = Sources { overrides: overrides.collect(), ..Sources::default() };
        journal_age(&Config::load(&sources).expect("a configuration").config).as_secs()
            / DAY.as_secs()
    }

    #[test]
    fn the_longest_life_decides_and_two_weeks_are_the_least() {
        for (settings, expected) in [
            (vec![], 14),
            (vec![("ledger.retention", "1h")], 14),
            (vec![("ledger.retention", "12d")], 14),
            (vec![("ledger.retention", "366d")], 368),
            (vec![("doubt.give_up", "30d")], 33),
            (vec![("doubt.give_up", "30d"), ("ledger.retention", "40d")], 42),
            (vec![("poll.pace", "100")], 102),
            (vec![("doubt.callback_wait", "24h"), ("poll.pace", "100")], 103),
        ] {
            assert_eq!(days(&settings), expected, "{settings:?}");
        }
    }
}
