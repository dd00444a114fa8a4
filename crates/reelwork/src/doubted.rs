//! Slots at the provider that are held by doubts.

use std::time::{Duration, Instant};

use meter::slots_in_doubt;
use ports::Ledger;
use tokio::sync::Mutex;

/// Whoever probes, the ledger is not asked more often.
const FRESH: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Doubted {
    last: Mutex<Option<(Instant, Vec<String>)>>,
}

impl Doubted {
    /// A sentence for each pool that has such slots.
    pub(crate) async fn told(&self, ledger: &dyn Ledger, pools: &[String]) -> Vec<String> {
        let mut last = self.last.lock().await;
        if let Some((_, told)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return told.clone();
        }
        let mut told = Vec::new();
        for pool in pools {
            told.extend(in_doubt(ledger, pool).await);
        }
        *last = Some((Instant::now(), told.clone()));
        told
    }
}

/// `None` where none are, or where the ledger does not say.
pub(crate) async fn in_doubt(ledger: &dyn Ledger, pool: &str) -> Option<String> {
    match slots_in_doubt(ledger, pool).await.ok()? {
        0 => None,
        1 => Some(format!("1 slot of pool {pool} is held by a doubt")),
        slots => Some(format!("{slots} slots of pool {pool} are held by doubts")),
    }
}
