//! Small writes that many tasks need, gathered: entries announced, permits given back.

use std::sync::Arc;
use std::time::Duration;

use ports::{Ledger, LedgerError, OutboxId, PermitReturn, Session};
use tokio::sync::mpsc;

#[derive(Debug)]
pub(crate) enum Mark {
    Announced(OutboxId),
    Released(PermitReturn),
}

/// More than this waiting holds the writers back.
const WAITING: usize = 4096;
const BATCH: usize = 256;

#[derive(Clone)]
pub(crate) struct Marks {
    sender: mpsc::Sender<Mark>,
}

impl Marks {
    /// The marks, and the loop that writes them until every sender is gone.
    pub(crate) fn new(
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { sender }, write_all(receiver, ledger, session))
    }

    pub(crate) async fn put(&self, mark: Mark) {
        if self.sender.send(mark).await.is_err() {
            tracing::warn!("a mark came after the last batch; it is found again later");
        }
    }
}

async fn write_all(
    mut receiver: mpsc::Receiver<Mark>,
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let (mut announced, mut released) = (Vec::new(), Vec::new());
        for mark in batch.drain(..) {
            match mark {
                Mark::Announced(id) => announced.push(id),
                Mark::Released(permit) => released.push(permit),
            }
        }
        let fence = session.fence();
        let announcing = async {
            if !announced.is_empty() {
                insist("announced", || ledger.announced(&fence, &announced)).await;
            }
        };
        let releasing = async {
            if !released.is_empty() {
                insist("permits", || ledger.give_permits(&fence, &released)).await;
            }
        };
        tokio::join!(announcing, releasing);
    }
}

/// A few tries; what still fails is said again by the outbox or found by the reconciler.
async fn insist<F>(what: &'static str, mut write: impl FnMut() -> F)
where
    F: Future<Output = Result<(), LedgerError>>,
{
    const TRIES: u32 = 3;
    for attempt in 1..=TRIES {
        match write().await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, what, attempt, "marks were not written"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
