//! Rounds that have ended.

use async_trait::async_trait;
use job::Timestamp;
use ports::{Activity, Ended, LedgerError};

use super::MemoryLedger;

#[async_trait]
impl Activity for MemoryLedger {
    async fn ended(&self, since: Timestamp) -> Result<Vec<Ended>, LedgerError> {
        let contents = self.contents();
        let first = Ended::slot_of(since);
        let all = contents.ended.iter().filter(|((slot, ..), _)| *slot >= first);
        Ok(all
            .map(|((slot, pool, state), count)| Ended {
                slot: *slot,
                pool: pool.clone(),
                state: *state,
                count: *count,
            })
            .collect())
    }
}
