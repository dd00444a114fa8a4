//! Slots at the provider that are held by jobs in doubt.

use std::time::{Duration, Instant};

use meter::slots_in_doubt;
use ports::Ledger;
use tokio::sync::Mutex;

/// The ledger is queried at most this often, however many probes arrive.
const FRESH: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Doubted {
    last: Mutex<Option<(Instant, Vec<String>)>>,
}

impl Doubted {
    /// A sentence for each pool that has such slots.
    pub(crate) async fn sentences(&self, ledger: &dyn Ledger, pools: &[String]) -> Vec<String> {
        let mut last = self.last.lock().await;
        if let Some((_, sentences)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return sentences.clone();
        }
        let mut sentences = Vec::new();
        for pool in pools {
            sentences.extend(in_doubt(ledger, pool).await);
        }
        *last = Some((Instant::now(), sentences.clone()));
        sentences
    }
}

/// `None` if there are none, or if the ledger does not answer.
pub(crate) async fn in_doubt(ledger: &dyn Ledger, pool: &str) -> Option<String> {
    match slots_in_doubt(ledger, pool).await.ok()? {
        0 => None,
        1 => Some(format!("1 slot of pool {pool} is held by a doubt")),
        slots => Some(format!("{slots} slots of pool {pool} are held by doubts")),
    }
}
