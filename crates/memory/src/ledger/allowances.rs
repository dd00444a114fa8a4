//! What the keys of the gateway have used.

use async_trait::async_trait;
use job::{Allowance, Allowed, Money, Timestamp};
use ports::{Allowances, LedgerError};

use super::MemoryLedger;

#[async_trait]
impl Allowances for MemoryLedger {
    async fn spend(
        &self,
        key: &str,
        allowance: &Allowance,
        amount: Option<Money>,
    ) -> Result<Allowed, LedgerError> {
        let mut contents = self.contents();
        let now = contents.now;
        let used = contents.allowances.entry(key.to_owned()).or_default();
        Ok(allowance.spend(used, amount, now))
    }

    async fn give_back(&self, key: &str, amount: Money, at: Timestamp) -> Result<(), LedgerError> {
        if let Some(used) = self.contents().allowances.get_mut(key) {
            used.give_back(amount, at);
        }
        Ok(())
    }
}
