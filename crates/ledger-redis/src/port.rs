//! The traits of the port; each method calls the function of its part.

mod acceptances;
mod accounts;
mod activity;
mod allowances;
mod due;
mod manual_pauses;
mod members;
mod permits;
mod records;
mod slot_limits;
mod spending;
mod waiting;

use async_trait::async_trait;
use ports::{Ledger, LedgerError};

use crate::{RedisLedger, durability, safety};

#[async_trait]
impl Ledger for RedisLedger {
    async fn check(&self) -> Result<(), LedgerError> {
        safety::check(self).await
    }

    async fn warnings(&self) -> Result<Vec<String>, LedgerError> {
        durability::warnings(self).await
    }
}
