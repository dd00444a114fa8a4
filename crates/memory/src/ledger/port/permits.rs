use std::time::Duration;

use async_trait::async_trait;
use ports::{
    Fence, GrantTerms, HeldPermit, LedgerError, Permit, PermitReturn, Permits, Permitted, Usage,
};

use crate::ledger::MemoryLedger;

#[async_trait]
impl Permits for MemoryLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Result<Permitted, LedgerError> {
        let mut contents = self.writing(fence)?;
        let answer = contents.take_permit(permit, terms);
        self.wake(&mut contents);
        Ok(answer)
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        returns.iter().for_each(|back| contents.give_permit(back));
        self.wake(&mut contents);
        Ok(())
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        Ok(self.writing(fence)?.take_turn(pool, &fence.owner, lasts))
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        self.writing(fence)?.end_turn(pool, &fence.owner);
        Ok(())
    }

    async fn usage(&self, pool: &str) -> Result<Usage, LedgerError> {
        Ok(self.contents().usage(pool))
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        Ok(self.contents().held(pool))
    }
}
