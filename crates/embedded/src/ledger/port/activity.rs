use async_trait::async_trait;
use job::Timestamp;
use ports::{Activity, Ended, LedgerError};

use crate::ledger::{FileLedger, activity};

#[async_trait]
impl Activity for FileLedger {
    async fn ended(&self, since: Timestamp) -> Result<Vec<Ended>, LedgerError> {
        let ns = self.store.ns;
        self.read(move |sql| Ok(activity::since(sql, ns, since)?)).await
    }
}
