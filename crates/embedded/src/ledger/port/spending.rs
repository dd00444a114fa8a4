use async_trait::async_trait;
use job::{Caps, Period};
use ports::{
    Fence, HeldReservation, LedgerError, Reservation, Reserved, Settlement, Spending, SpentBy,
};

use crate::ledger::{FileLedger, spending};

#[async_trait]
impl Spending for FileLedger {
    async fn reserve(
        &self,
        fence: &Fence,
        reservation: &Reservation,
        caps: &Caps,
    ) -> Result<Reserved, LedgerError> {
        let (ns, reservation, caps) = (self.store.ns, reservation.clone(), *caps);
        self.fenced(fence, move |tx| Ok(spending::reserve(tx, ns, &reservation, &caps)?)).await
    }

    async fn settle_reservations(
        &self,
        fence: &Fence,
        account: &str,
        settlements: &[Settlement],
    ) -> Result<(), LedgerError> {
        let (ns, account, settlements) = (self.store.ns, account.to_owned(), settlements.to_vec());
        self.fenced(fence, move |tx| {
            for settlement in &settlements {
                spending::settle(tx, ns, &account, settlement)?;
            }
            Ok(())
        })
        .await
    }

    async fn reservations(&self, account: &str) -> Result<Vec<HeldReservation>, LedgerError> {
        let (ns, account) = (self.store.ns, account.to_owned());
        let held = self.read(move |sql| Ok(spending::reservations(sql, ns, &account)?)).await?;
        Ok(held.into_iter().filter_map(|held| self.unreadable.skip(held)).collect())
    }

    async fn spending(&self, account: &str, period: &Period) -> Result<Vec<SpentBy>, LedgerError> {
        let (ns, account, period) = (self.store.ns, account.to_owned(), period.clone());
        self.read(move |sql| Ok(spending::all(sql, ns, &account, &period)?)).await
    }
}
