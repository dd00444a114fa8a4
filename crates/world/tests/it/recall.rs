//! After a loss of the ledger, jobs that may have been sent come before those that surely were not, and
//! no job is recorded as new before all are known.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Reached, StateKind, Timestamp, WaitingCount};
use memory::{MemoryLedger, StoreTime};
use ports::{Fence, GrantTerms, Ledger, LedgerError, LedgerLayer, Permit, Permitted, header};
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

/// Loses its data while a job asks for a slot, and answers when the worker has joined it again.
struct LosesAll(Arc<MemoryLedger>);

#[async_trait]
impl LedgerLayer for LosesAll {
    fn inner(&self) -> &dyn Ledger {
        self.0.as_ref()
    }

    async fn take_permit(
        &self,
        _: &Fence,
        _: &Permit,
        _: &GrantTerms,
    ) -> Result<Permitted, LedgerError> {
        self.0.contents().forget();
        while self.0.contents().generation.is_none() {
            sleep(Duration::from_millis(100)).await;
        }
        // The worker learns it with the answer.
        sleep(Duration::from_millis(100)).await;
        Ok(Permitted::AtLimit { used: 9, slots: 9, waiting: WaitingCount::default() })
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_taken_before_the_loss_is_not_recorded_as_new_after_it() {
    let mut installation = Installation::new();
    let ledger = Arc::new(MemoryLedger::new(StoreTime::simulated(), Duration::from_secs(300)));
    installation.ledger = Arc::new(LosesAll(ledger.clone()));
    let _worker = installation.worker().await;
    sleep(LATER).await;
    installation.publish("taken", 1).await;
    sleep(LATER).await;
    assert!(ledger.contents().generation.is_some(), "the worker has joined it again");
    assert_eq!(ledger.contents().records.len(), 0);
}
