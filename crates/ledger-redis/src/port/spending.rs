use async_trait::async_trait;
use job::{Caps, Period};
use ports::{
    Fence, HeldReservation, LedgerError, Reservation, Reserved, Settlement, Spending, SpentBy,
};

use crate::{RedisLedger, spending};

#[async_trait]
impl Spending for RedisLedger {
    async fn reserve(
        &self,
        fence: &Fence,
        reservation: &Reservation,
        caps: &Caps,
    ) -> Result<Reserved, LedgerError> {
        spending::reserve(self, fence, reservation, caps).await
    }

    async fn settle_reservations(
        &self,
        fence: &Fence,
        account: &str,
        settlements: &[Settlement],
    ) -> Result<(), LedgerError> {
        spending::settle(self, fence, account, settlements).await
    }

    async fn reservations(&self, account: &str) -> Result<Vec<HeldReservation>, LedgerError> {
        spending::reservations(self, account).await
    }

    async fn spending(&self, account: &str, period: &Period) -> Result<Vec<SpentBy>, LedgerError> {
        spending::spending(self, account, period).await
    }
}
