//! Opens a closed gate when its reason is gone, and closes an open one when the account is
//! paused by somebody else.

use std::sync::Arc;
use std::time::Duration;

use job::Resource;
use ports::{Permit, Phase};
use tokio_util::sync::CancellationToken;

use crate::gate::{Door, Gate, Reopen};
use crate::shared::Shared;

const CAPACITY_CHECK: Duration = Duration::from_millis(100);
const PAUSE_CHECK: Duration = Duration::from_secs(1);

/// Why nothing is submitted although broker and provider are well.
pub(crate) const REBUILT: &str = "the ledger has lost its memory and is being rebuilt";

pub(crate) async fn keep(
    shared: Arc<Shared>,
    gate: Arc<Gate>,
    resource: Resource,
    stop: CancellationToken,
) {
    loop {
        let present = gate.door();
        let wait = match &present {
            Door::Open { .. } | Door::Closed { until: Reopen::WhenResumed, .. } => PAUSE_CHECK,
            Door::Closed { until: Reopen::WhenFree { .. } | Reopen::WhenRebuilt, .. } => {
                CAPACITY_CHECK
            }
            Door::Closed { until: Reopen::After(rest), .. } => *rest,
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = gate.wait_for(|door| *door != present) => continue,
            () = shared.clock.sleep(wait) => {}
        }
        if shared.session.phase() < Phase::Recalling {
            gate.close(REBUILT, Reopen::WhenRebuilt);
            continue;
        }
        match present {
            Door::Closed { until: Reopen::WhenRebuilt, .. } => gate.open(u16::MAX),
            Door::Open { .. } => close_if_paused(&shared, &gate).await,
            Door::Closed { until: Reopen::WhenFree { need }, .. } => {
                open_if_free(&shared, &gate, resource, need).await;
            }
            Door::Closed { until: Reopen::After(_), .. } => gate.open(1),
            Door::Closed { until: Reopen::WhenResumed, .. } => {
                if pause_reason(&shared).await.is_none() {
                    gate.open(1);
                }
            }
        }
    }
}

/// A wide job waits for all its slots: narrow ones that would take them wait with it.
async fn open_if_free(shared: &Shared, gate: &Gate, resource: Resource, need: u32) {
    let limit = shared.settings.slots.of(resource);
    match shared.ledger.used(&Permit::pool_of(&shared.settings.account, resource)).await {
        Ok(used) if limit == 0 || used.saturating_add(need) <= limit => {
            let free = (limit.saturating_sub(used) / need.max(1)).max(1);
            gate.open(u16::try_from(free).unwrap_or(u16::MAX));
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, %resource, "free slots could not be counted"),
    }
}

async fn close_if_paused(shared: &Shared, gate: &Gate) {
    if let Some(why) = pause_reason(shared).await {
        gate.close(why, Reopen::WhenResumed);
    }
}

/// Why the account rests, while it does.
async fn pause_reason(shared: &Shared) -> Option<String> {
    match shared.ledger.paused(&shared.settings.account).await {
        Ok(pause) => pause.filter(|pause| pause.until > shared.clock.now()).map(|p| p.reason),
        Err(error) => {
            tracing::warn!(%error, "whether the account is paused could not be read");
            None
        }
    }
}
