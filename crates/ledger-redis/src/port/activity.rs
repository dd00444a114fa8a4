use async_trait::async_trait;
use job::Timestamp;
use ports::{Activity, Clock, Ended, LedgerError, SystemClock};

use crate::{RedisLedger, activity};

#[async_trait]
impl Activity for RedisLedger {
    async fn ended(&self, since: Timestamp) -> Result<Vec<Ended>, LedgerError> {
        activity::ended(self, since, SystemClock.now()).await
    }
}
