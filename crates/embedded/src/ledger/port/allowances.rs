use async_trait::async_trait;
use job::{Allowance, Allowed, Money, Timestamp};
use ports::{Allowances, LedgerError};

use crate::ledger::{FileLedger, allowances};

#[async_trait]
impl Allowances for FileLedger {
    async fn spend(
        &self,
        key: &str,
        allowance: &Allowance,
        amount: Option<Money>,
    ) -> Result<Allowed, LedgerError> {
        let (ns, key, allowance) = (self.store.ns, key.to_owned(), *allowance);
        self.write(move |tx| Ok(allowances::spend(tx, ns, &key, &allowance, amount)?)).await
    }

    async fn give_back(&self, key: &str, amount: Money, at: Timestamp) -> Result<(), LedgerError> {
        let (ns, key) = (self.store.ns, key.to_owned());
        self.write(move |tx| Ok(allowances::give_back(tx, ns, &key, amount, at)?)).await
    }
}
