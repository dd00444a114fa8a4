use async_trait::async_trait;
use job::{Allowance, Allowed, Money, Timestamp};
use ports::{Allowances, LedgerError};

use crate::{RedisLedger, allowances};

#[async_trait]
impl Allowances for RedisLedger {
    async fn spend(
        &self,
        key: &str,
        allowance: &Allowance,
        amount: Option<Money>,
    ) -> Result<Allowed, LedgerError> {
        allowances::spend(self, key, allowance, amount).await
    }

    async fn give_back(&self, key: &str, amount: Money, at: Timestamp) -> Result<(), LedgerError> {
        allowances::give_back(self, key, amount, at).await
    }
}
