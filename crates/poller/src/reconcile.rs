//! Frees permits whose release was lost: the record shows that the permit has ended.

use std::sync::Arc;
use std::time::Duration;

use job::{Resource, slot_is_over, slot_was_unspent};
use ports::{HeldPermit, LedgerError, Permit, PermitReturn};
use recorder::Phase;
use tokio_util::sync::CancellationToken;

use crate::reservations;
use crate::shared::Shared;

/// A younger permit may belong to a job whose record is just being written.
const YOUNG: Duration = Duration::from_secs(30);

pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.clock.sleep(shared.settings.reconcile) => {}
        }
        // Before this phase a record may be missing although its task is running.
        if shared.session.phase() < Phase::Open {
            continue;
        }
        for resource in Resource::ALL {
            if let Err(error) = reconcile(&shared, resource).await {
                tracing::warn!(%error, %resource, "permits could not be compared");
            }
        }
        if !shared.settings.counts_spending {
            continue;
        }
        if let Err(error) = reservations::reconcile(&shared).await {
            tracing::warn!(%error, "reservations could not be compared");
        }
    }
}

async fn reconcile(shared: &Shared, resource: Resource) -> Result<(), LedgerError> {
    let pool = Permit::pool_of(&shared.settings.account, resource);
    for held in shared.ledger.permits(&pool).await? {
        if shared.clock.now().since(held.since) < YOUNG {
            continue;
        }
        // An error with one record must not stop the comparison of the others.
        if let Err(error) = compare(shared, &held).await {
            tracing::warn!(job = %held.permit.key, %error, "a permit could not be compared");
        }
    }
    Ok(())
}

async fn compare(shared: &Shared, held: &HeldPermit) -> Result<(), LedgerError> {
    let permit = &held.permit;
    let stored = shared.ledger.load(&permit.key).await?;
    let record = stored.as_ref().map(|stored| &stored.record);
    let (account, now) = (&shared.settings.account, shared.clock.now());
    if !slot_is_over(record, account, permit.round, now, shared.settings.rules.pace) {
        return Ok(());
    }
    tracing::info!(job = %permit.key, "a permit was left behind and is given back");
    let unspent = slot_was_unspent(record, account);
    let back = PermitReturn { unspent, ..held.left_behind() };
    shared.ledger.give_permits(&shared.session.fence(), &[back]).await
}
