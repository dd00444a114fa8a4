//! Settles reservations that were left behind, because a process died or a call was lost: the record
//! shows what is spent.

use std::time::Duration;

use job::reservation_is_over;
use ports::{HeldReservation, LedgerError};

use crate::shared::Shared;

/// A younger one may belong to a job whose record is just being written.
const YOUNG: Duration = Duration::from_secs(30);

pub(crate) async fn reconcile(shared: &Shared) -> Result<(), LedgerError> {
    for held in shared.ledger.reservations(&shared.settings.account).await? {
        if shared.clock.now().since(held.since) < YOUNG {
            continue;
        }
        // An error with one record must not stop the comparison of the others.
        if let Err(error) = compare(shared, &held).await {
            tracing::warn!(job = %held.key, %error, "a reservation could not be compared");
        }
    }
    Ok(())
}

async fn compare(shared: &Shared, held: &HeldReservation) -> Result<(), LedgerError> {
    let stored = shared.ledger.load(&held.key).await?;
    let record = stored.as_ref().map(|stored| &stored.record);
    let account = &shared.settings.account;
    let Some(settled) = reservation_is_over(record, account, held.round, held.since) else {
        return Ok(());
    };
    tracing::info!(job = %held.key, ?settled, "a reservation was left behind");
    let (ledger, fence) = (&shared.ledger, shared.session.fence());
    ledger.settle_reservations(&fence, account, &[held.left_behind(settled)]).await
}
