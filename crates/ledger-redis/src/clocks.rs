//! In a cluster, each tag has its own server and so its own clock.
//!
//! Leases, claims and waits are counted by the clock of the tag that they are stored under. A
//! process counts by the clock of the deciding shard. Where both meet (when a job is due, how old
//! a permit is), a difference of some seconds makes something a little early or late, and no more.

use std::time::Duration;

use futures::future::try_join_all;
use ports::LedgerError;
use tokio::time::Instant;

use crate::RedisLedger;
use crate::link::{Link, Repeat};

/// More than this is not explained by a synchronisation over the network.
const APART: Duration = Duration::from_secs(1);

/// What a server's clock showed before and after an answer, if it had run since `began` like ours.
struct Shown {
    earliest: i128,
    latest: i128,
}

pub(crate) async fn warning(ledger: &RedisLedger) -> Result<Option<String>, LedgerError> {
    let began = Instant::now();
    let each = ledger.links.each().map(|link| ask(link, began));
    Ok(apart(&try_join_all(each).await?))
}

async fn ask(link: &Link, began: Instant) -> Result<Shown, LedgerError> {
    let before = began.elapsed();
    let (seconds, micros): (i64, i64) = link.ask(&redis::cmd("TIME"), Repeat::Safe).await?;
    let after = began.elapsed();
    let shown = i128::from(seconds) * 1000 + i128::from(micros) / 1000;
    Ok(Shown { earliest: shown - millis(after), latest: shown - millis(before) })
}

fn millis(duration: Duration) -> i128 {
    i128::try_from(duration.as_millis()).unwrap_or(i128::MAX)
}

/// Pure. Names a difference that slow answers do not explain.
fn apart(clocks: &[Shown]) -> Option<String> {
    let ahead = clocks.iter().map(|shown| shown.earliest).max()?;
    let behind = clocks.iter().map(|shown| shown.latest).min()?;
    let apart = ahead - behind;
    (apart > millis(APART)).then(|| {
        format!("the clocks of the Redis servers are at least {apart} ms apart: synchronise them")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_difference_that_slow_answers_do_not_explain_is_named() {
        let shown = |earliest, latest| Shown { earliest, latest };
        assert_eq!(apart(&[shown(0, 10), shown(900, 910)]), None);
        assert_eq!(apart(&[shown(0, 3000), shown(2000, 5000)]), None);
        assert!(apart(&[shown(0, 10), shown(2000, 2010)]).unwrap().contains("1990 ms"));
        assert_eq!(apart(&[]), None);
    }
}
