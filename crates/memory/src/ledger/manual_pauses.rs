//! Pauses by hand.

use std::collections::BTreeMap;

use async_trait::async_trait;
use job::{ManualPause, PauseScope};
use ports::{LedgerError, MOST_MANUAL_PAUSES, ManualPauses};

use super::{Contents, MemoryLedger};

#[async_trait]
impl ManualPauses for MemoryLedger {
    async fn pause_by_hand(&self, account: &str, pause: &ManualPause) -> Result<bool, LedgerError> {
        let mut contents = self.contents();
        let there = contents.paused_by_hand(account);
        let fits = there.len() < MOST_MANUAL_PAUSES || there.contains_key(&pause.scope);
        if fits {
            there.insert(pause.scope.clone(), pause.clone());
        }
        Ok(fits)
    }

    async fn resume_by_hand(&self, account: &str, scope: &PauseScope) -> Result<bool, LedgerError> {
        Ok(self.contents().paused_by_hand(account).remove(scope).is_some())
    }

    async fn paused_by_hand(&self, account: &str) -> Result<Vec<ManualPause>, LedgerError> {
        Ok(self.contents().paused_by_hand(account).values().cloned().collect())
    }
}

impl Contents {
    /// Those that have not ended.
    fn paused_by_hand(&mut self, account: &str) -> &mut BTreeMap<PauseScope, ManualPause> {
        let now = self.now;
        let there = self.manual_pauses.entry(account.to_owned()).or_default();
        there.retain(|_, pause| pause.is_in_force(now));
        there
    }
}
