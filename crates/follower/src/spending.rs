//! Restores what is reserved and spent, as far as records show it: caps must hold after a loss too.

use job::{Caps, Record, Timestamp};
use ports::{Fence, LedgerError, Reservation, Settlement};

use crate::shared::Shared;

pub(crate) struct SpendingCount<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) fence: &'a Fence,
    /// What is reserved is counted with each record, and not once for all of them.
    pub(crate) is_open: bool,
}

/// What is reserved for a job whose task may be running.
pub(crate) fn reservation(record: &Record) -> Option<Reservation> {
    let estimate = record.estimate.filter(|estimate| estimate.reserved)?;
    record.may_be_running().then(|| Reservation::of(record, estimate.amount, false))
}

impl SpendingCount<'_> {
    /// Before the record is written: if this process dies in between, an amount may be counted twice,
    /// and never too little. Only what was submitted today: the present periods are counted.
    pub(crate) async fn count(&self, record: &Record, now: Timestamp) -> Result<(), LedgerError> {
        if !self.shared.settings.counts_spending {
            return Ok(());
        }
        match reservation(record) {
            Some(reservation) if self.is_open => self.reserve(&reservation).await,
            Some(_) => Ok(()),
            None if submitted_today(record, now) => self.spend(record).await,
            None => Ok(()),
        }
    }

    /// Whatever the caps are: it may be spent.
    pub(crate) async fn reserve(&self, reservation: &Reservation) -> Result<(), LedgerError> {
        let ledger = &self.shared.ledger;
        ledger.reserve(self.fence, reservation, &Caps::default()).await.map(drop)
    }

    async fn spend(&self, record: &Record) -> Result<(), LedgerError> {
        let (Some(estimate), Some(settled)) = (record.estimate, record.settles()) else {
            return Ok(());
        };
        self.reserve(&Reservation::of(record, estimate.amount, false)).await?;
        let (key, round) = (record.key.clone(), record.round);
        let settlement = Settlement { key, round, settled, since: None };
        let (ledger, account) = (&self.shared.ledger, &record.account);
        ledger.settle_reservations(self.fence, account, &[settlement]).await
    }
}

pub(crate) fn submitted_today(record: &Record, now: Timestamp) -> bool {
    const DAY: i64 = 86_400_000;
    let day = |at: Timestamp| at.as_millis().div_euclid(DAY);
    record.submitted_at.is_some_and(|at| day(at) == day(now))
}
