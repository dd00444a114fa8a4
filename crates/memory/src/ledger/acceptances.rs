//! Jobs that a gateway has accepted.

use std::time::Duration;

use async_trait::async_trait;
use job::{Acceptance, JobKey, Timestamp};
use ports::{Acceptances, LedgerError};

use super::{Contents, MemoryLedger};

#[async_trait]
impl Acceptances for MemoryLedger {
    async fn accept(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
        since: Timestamp,
        keep_for: Duration,
    ) -> Result<Acceptance, LedgerError> {
        let mut contents = self.contents();
        if let Some(there) = contents.acceptance(key).filter(|a| a.accepted_at >= since) {
            return Ok(there);
        }
        let until = contents.now + keep_for;
        contents.accepted.insert(key.clone(), (acceptance.clone(), until));
        Ok(acceptance.clone())
    }

    async fn acceptance(&self, key: &JobKey) -> Result<Option<Acceptance>, LedgerError> {
        Ok(self.contents().acceptance(key))
    }

    async fn mark_published(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
    ) -> Result<(), LedgerError> {
        if let Some((there, _)) = self.contents().accepted.get_mut(key)
            && there == acceptance
        {
            there.published = true;
        }
        Ok(())
    }
}

impl Contents {
    fn acceptance(&self, key: &JobKey) -> Option<Acceptance> {
        let (there, until) = self.accepted.get(key)?;
        (*until > self.now).then(|| there.clone())
    }
}
