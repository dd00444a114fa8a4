//! What is spent, and what is reserved for work that is not charged yet.

use async_trait::async_trait;
use job::{Caps, Period};

use super::{Fence, LedgerError};
use crate::{HeldReservation, Reservation, Reserved, Settlement, SpentBy};

/// Tenants that are counted by name in each account and period, and as many models: anybody may
/// invent names. Those that come later are counted together, under an empty name, and share a cap.
pub const MOST_SPENDERS: usize = 2_000;

/// How long the sums of a day and of a month are kept, in days.
pub const SPENDING_DAYS: u16 = 40;
pub const SPENDING_MONTH_DAYS: u16 = 130;

/// Sums by account, tenant and model, for each UTC day and month of the store's time. They are lost
/// with the data of the ledger.
#[async_trait]
pub trait Spending: Send + Sync + 'static {
    /// Reserves an amount for a round in the present day and month, unless what is spent and reserved
    /// there would exceed a cap. A round has one reservation: a repeat keeps its amount and its
    /// periods, and renews only its time.
    async fn reserve(
        &self,
        fence: &Fence,
        reservation: &Reservation,
        caps: &Caps,
    ) -> Result<Reserved, LedgerError>;

    /// Ends reservations of an account: their amounts are released, and what was really spent is
    /// counted in the periods in which it was reserved. A round without a reservation is left alone,
    /// so repeats count once.
    async fn settle_reservations(
        &self,
        fence: &Fence,
        account: &str,
        settlements: &[Settlement],
    ) -> Result<(), LedgerError>;

    async fn reservations(&self, account: &str) -> Result<Vec<HeldReservation>, LedgerError>;

    /// What an account has spent in a period: its sum first, then tenants and models by name. Empty
    /// if nothing is known of the period.
    async fn spending(&self, account: &str, period: &Period) -> Result<Vec<SpentBy>, LedgerError>;
}
