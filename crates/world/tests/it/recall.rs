//! After a loss of the ledger, jobs that may have been sent come before those that surely were not.

use std::time::Duration;

use job::{JobKey, Reached, StateKind, Timestamp};
use ports::header;
use recorder::LEASE;
use tokio::time::sleep;

use crate::installation::{Installation, job};

/// By then the ledger that lost its data is open.
const LATER: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn what_may_have_been_sent_is_found_behind_whole_windows_of_others() {
    let installation = Installation::new();
    let lost = Timestamp::from_millis(1);
    let fence = installation.ledger.join(lost, LEASE).await.unwrap();
    let now = installation.ledger.renew(&fence, LEASE).await.unwrap().now;
    // Two messages with one id: this one was never taken, and the record of the other is lost.
    installation.publish("twice", 1).await;
    for n in 0..6 {
        installation.publish(&format!("fresh-{n}"), 1).await;
    }
    installation.send(job("twice", 1).header(header::REACHED, Reached::Provider.word())).await;
    installation.ledger.open(&fence, now).await.unwrap();
    let _worker = installation.worker().await;
    sleep(LATER).await;
    let key = JobKey::parse("default/twice").unwrap();
    let found = installation.ledger.load(&key).await.unwrap().unwrap();
    assert_eq!(found.record.state.kind(), StateKind::InDoubt);
    let mut accepted = installation.provider.accepted();
    accepted.sort();
    assert_eq!(accepted, [0, 1, 2, 3, 4, 5].map(|n| format!("fresh-{n}")));
}
