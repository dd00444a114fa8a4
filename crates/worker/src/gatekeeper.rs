//! Opens a closed gate when its reason is gone, and closes an open one when the account is
//! paused by somebody else.

use std::sync::Arc;
use std::time::Duration;

use job::{Resource, State};
use ports::{LedgerError, Permit, Phase};
use tokio_util::sync::CancellationToken;

use crate::gate::{Door, Gate, Reopen};
use crate::shared::Shared;
use crate::up::{ASK_AGAIN, Questions};

const CAPACITY_CHECK: Duration = Duration::from_millis(100);
const PAUSE_CHECK: Duration = Duration::from_secs(1);

/// Why nothing is submitted although broker and provider are well.
pub(crate) const REBUILT: &str = "the ledger has lost its memory and is being rebuilt";

/// Checks of a full lane between two looks at who holds its slots.
const LOOK_EVERY: u32 = 20;

pub(crate) async fn keep(
    shared: Arc<Shared>,
    gate: Arc<Gate>,
    resource: Resource,
    stop: CancellationToken,
) {
    let mut full = Full::default();
    // Before the first rest: an idle installation takes its first job at once.
    close_if_paused(&shared, &gate).await;
    check(&shared, &gate, resource, &mut full, gate.door()).await;
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
        check(&shared, &gate, resource, &mut full, present).await;
    }
}

async fn check(shared: &Shared, gate: &Gate, resource: Resource, full: &mut Full, present: Door) {
    if shared.session.phase() < Phase::Recalling {
        return gate.close(REBUILT, Reopen::WhenRebuilt);
    }
    match present {
        Door::Closed { until: Reopen::WhenRebuilt, .. } => gate.open(u16::MAX),
        Door::Open { .. } => close_if_paused(shared, gate).await,
        Door::Closed { until: Reopen::WhenFree { need }, .. } => {
            full.open_if_free(shared, gate, resource, need).await;
        }
        Door::Closed { until: Reopen::After(_), .. } => {
            match full.questions.allow(shared, gate, resource).await {
                true => gate.open(1),
                false => gate.rest_on(ASK_AGAIN),
            }
        }
        Door::Closed { until: Reopen::WhenResumed, .. } => {
            if pause_reason(shared).await.is_none() {
                gate.open(1);
            }
        }
    }
}

/// How long a lane has been full.
#[derive(Default)]
struct Full {
    checks: u32,
    /// Doubled with every look that found a slot held by a job that waits.
    window: u16,
    questions: Questions,
}

impl Full {
    /// A wide job waits for all its slots: narrow ones that would take them wait with it.
    async fn open_if_free(&mut self, shared: &Shared, gate: &Gate, resource: Resource, need: u32) {
        let limit = shared.settings.slots.of(resource);
        match shared.ledger.used(&Permit::pool_of(&shared.settings.account, resource)).await {
            Ok(used) => match room(limit, used, need) {
                Some(jobs) => {
                    (self.checks, self.window) = (0, 0);
                    gate.open(jobs);
                }
                None => self.look_at_holders(shared, gate, resource).await,
            },
            Err(error) => tracing::warn!(%error, %resource, "free slots could not be counted"),
        }
    }

    /// A job that is to be sent again keeps its slot while it waits in the lane: if such jobs
    /// hold the slots that are missing, only taking them can ever free one.
    async fn look_at_holders(&mut self, shared: &Shared, gate: &Gate, resource: Resource) {
        self.checks += 1;
        if !self.checks.is_multiple_of(LOOK_EVERY) {
            return;
        }
        match is_held_by_waiting(shared, resource).await {
            Ok(true) => {
                self.window = self.window.saturating_mul(2).max(1);
                gate.open(self.window);
            }
            Ok(false) => self.window = 0,
            Err(error) => tracing::warn!(%error, %resource, "slots could not be looked at"),
        }
    }
}

/// Pure. For how many jobs of `need` slots each there is room; `None` while not for one.
/// `limit`: 0 is none.
fn room(limit: u32, used: u32, need: u32) -> Option<u16> {
    if limit == 0 {
        return Some(u16::MAX);
    }
    let jobs = limit.saturating_sub(used) / need.max(1);
    (jobs > 0).then(|| u16::try_from(jobs).unwrap_or(u16::MAX))
}

async fn is_held_by_waiting(shared: &Shared, resource: Resource) -> Result<bool, LedgerError> {
    let pool = Permit::pool_of(&shared.settings.account, resource);
    for held in shared.ledger.permits(&pool).await? {
        let stored = shared.ledger.load(&held.permit.key).await?;
        if stored.is_some_and(|stored| matches!(stored.record.state, State::Queued { .. })) {
            return Ok(true);
        }
    }
    Ok(false)
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

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn a_lane_opens_for_as_many_jobs_as_have_room() {
        assert_eq!(room(5, 5, 1), None);
        assert_eq!(room(5, 3, 1), Some(2));
        assert_eq!(room(9, 2, 3), Some(2), "wide jobs");
        assert_eq!(room(9, 7, 3), None, "a wide job waits for all its slots");
        assert_eq!(room(5, 8, 1), None, "the limit was lowered");
        assert_eq!(room(u32::MAX, 0, 1), Some(u16::MAX));
        assert_eq!(room(0, 70, 1), Some(u16::MAX), "no limit is no narrow window");
    }
}
