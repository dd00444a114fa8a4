//! Batches small writes of many tasks: entries announced, permits given back, reservations settled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ports::{Ledger, LedgerError, OutboxId, PermitReturn, Settlement};
use tokio::sync::mpsc;

use crate::session::Session;

#[derive(Debug)]
enum Small {
    Announced(OutboxId),
    Returned(PermitReturn),
    /// With its account.
    Settled(String, Settlement),
}

/// If more than this wait, the writers wait too.
const WAITING: usize = 4096;
const BATCH: usize = 256;

#[derive(Clone)]
pub struct Batcher {
    sender: mpsc::Sender<Small>,
}

impl Batcher {
    /// The batcher, and the loop that writes until its last clone is dropped.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { sender }, write_all(receiver, ledger, session))
    }

    pub(crate) async fn announced(&self, id: OutboxId) {
        self.put(Small::Announced(id)).await;
    }

    /// Permits that are not needed any more.
    pub(crate) async fn give_back(&self, returns: Vec<PermitReturn>) {
        for back in returns {
            self.put(Small::Returned(back)).await;
        }
    }

    /// Amounts of an account that are spent, or not needed any more.
    pub(crate) async fn settle_reservations(&self, account: &str, settlements: Vec<Settlement>) {
        for settlement in settlements {
            self.put(Small::Settled(account.to_owned(), settlement)).await;
        }
    }

    async fn put(&self, small: Small) {
        if self.sender.send(small).await.is_err() {
            tracing::warn!("a write came after the last batch; what it was for is found later");
        }
    }
}

async fn write_all(
    mut receiver: mpsc::Receiver<Small>,
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let (mut announced, mut returned) = (Vec::new(), Vec::new());
        let mut settled = BTreeMap::<String, Vec<Settlement>>::new();
        for small in batch.drain(..) {
            match small {
                Small::Announced(id) => announced.push(id),
                Small::Returned(permit) => returned.push(permit),
                Small::Settled(account, one) => settled.entry(account).or_default().push(one),
            }
        }
        let fence = session.fence();
        let announcing = async {
            if !announced.is_empty() {
                insist("announced", || ledger.announced(&fence, &announced)).await;
            }
        };
        let returning = async {
            if !returned.is_empty() {
                insist("permits", || ledger.give_permits(&fence, &returned)).await;
            }
        };
        let settling = async {
            for (account, settled) in &settled {
                let settle = || ledger.settle_reservations(&fence, account, settled);
                insist("reservations", settle).await;
            }
        };
        tokio::join!(announcing, returning, settling);
    }
}

/// A few tries. Later the outbox announces the entry again, or the reconciler finds the permit or the
/// reservation.
async fn insist<F>(what: &'static str, mut write: impl FnMut() -> F)
where
    F: Future<Output = Result<(), LedgerError>>,
{
    const TRIES: u32 = 3;
    for attempt in 1..=TRIES {
        match write().await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, what, attempt, "small writes failed"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
