use std::time::Duration;

use async_trait::async_trait;
use ports::{
    Fence, GrantTerms, HeldPermit, LedgerError, Permit, PermitReturn, Permits, Permitted, Usage,
};

use crate::ledger::{FileLedger, permits, turns};

#[async_trait]
impl Permits for FileLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Result<Permitted, LedgerError> {
        let (ns, permit, terms) = (self.store.ns, permit.clone(), terms.clone());
        self.fenced(fence, move |tx| Ok(permits::take(tx, ns, &permit, &terms)?)).await
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        let (ns, returns) = (self.store.ns, returns.to_vec());
        self.fenced(fence, move |tx| {
            for returned in &returns {
                permits::give(tx, ns, returned)?;
            }
            Ok(())
        })
        .await
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        let (ns, owner, pool) = (self.store.ns, fence.owner.clone(), pool.to_owned());
        self.fenced(fence, move |tx| Ok(turns::take(tx, ns, &pool, &owner, lasts)?)).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        let (ns, owner, pool) = (self.store.ns, fence.owner.clone(), pool.to_owned());
        self.fenced(fence, move |tx| Ok(turns::end(tx, ns, &pool, &owner)?)).await
    }

    async fn usage(&self, pool: &str) -> Result<Usage, LedgerError> {
        let (ns, pool) = (self.store.ns, pool.to_owned());
        self.read(move |sql| Ok(permits::usage(sql, ns, &pool)?)).await
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        let (ns, pool) = (self.store.ns, pool.to_owned());
        let held = self.read(move |sql| Ok(permits::held(sql, ns, &pool)?)).await?;
        Ok(held.into_iter().filter_map(|held| self.unreadable.skip(held)).collect())
    }
}
