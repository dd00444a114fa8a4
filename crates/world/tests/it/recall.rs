//! After a loss of the ledger, what may have been sent comes before whatever was surely not.

use std::time::Duration;

use job::{JobKey, Reached, StateKind, Timestamp};
use ports::header;
use recorder::LEASE;
use tokio::time::sleep;

use crate::town::{Town, job};

/// Of the ledger that lost its memory, which is open by then.
const LATER: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn what_may_have_been_sent_is_found_behind_whole_windows_of_others() {
    let town = Town::new();
    let lost = Timestamp::from_millis(1);
    let fence = town.ledger.join(lost, LEASE).await.unwrap();
    let now = town.ledger.renew(&fence, LEASE).await.unwrap().now;
    // Twice under one id: this one was never seen, and the record of the other is gone.
    town.publish("twice", 1).await;
    for n in 0..6 {
        town.publish(&format!("fresh-{n}"), 1).await;
    }
    town.send(job("twice", 1).header(header::REACHED, Reached::Provider.word())).await;
    town.ledger.open(&fence, now).await.unwrap();
    let _worker = town.worker().await;
    sleep(LATER).await;
    let key = JobKey::parse("default/twice").unwrap();
    let found = town.ledger.load(&key).await.unwrap().unwrap();
    assert_eq!(found.record.state.kind(), StateKind::InDoubt);
    let mut accepted = town.provider.accepted();
    accepted.sort();
    assert_eq!(accepted, [0, 1, 2, 3, 4, 5].map(|n| format!("fresh-{n}")));
}
