//! Opens a closed gate when its reason is gone, and closes an open one when the account is
//! paused by somebody else.

use std::sync::Arc;
use std::time::Duration;

use job::Resource;
use recorder::Phase;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::full_pool::FullPool;
use crate::gate::{Door, Gate, Reopen};
use crate::shared::Shared;
use crate::trouble::{self, Whose};
use crate::up::{ASK_AGAIN, Questions};

const CAPACITY_CHECK: Duration = Duration::from_millis(100);
const PAUSE_CHECK: Duration = Duration::from_secs(1);

/// Why nothing is submitted although broker and provider are well.
pub(crate) const REBUILT: &str = "the ledger has lost its memory and is being rebuilt";

pub(crate) struct Gatekeeper {
    shared: Arc<Shared>,
    gate: Arc<Gate>,
    resource: Resource,
    questions: Questions,
    full: FullPool,
    stop: CancellationToken,
}

impl Gatekeeper {
    /// `desks`: those of the resource, the first served first.
    pub(crate) fn of(
        shared: Arc<Shared>,
        gate: Arc<Gate>,
        resource: Resource,
        desks: Vec<Desk>,
        stop: CancellationToken,
    ) -> Self {
        let full = FullPool::new(shared.clone(), gate.clone(), resource, desks, stop.clone());
        Self { shared, gate, resource, questions: Questions::default(), full, stop }
    }

    pub(crate) async fn run(mut self) {
        // Before the first rest: an idle installation takes its first job at once.
        close_if_paused(&self.shared, &self.gate).await;
        self.check(self.gate.door()).await;
        while let Some(door) = self.next().await {
            self.check(door).await;
        }
        self.full.leave().await;
    }

    /// How the door stands when it is time to look; `None` when the worker stops.
    async fn next(&self) -> Option<Door> {
        loop {
            let present = self.gate.door();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                turned = self.gate.wait_for(|door| *door != present) => match turned {
                    // Others may have room now.
                    Door::Closed { until: Reopen::WhenFree, .. } => return Some(turned),
                    Door::Open { .. } | Door::Closed { .. } => {}
                },
                () = self.shared.clock.sleep(self.rest(&present)) => return Some(present),
            }
        }
    }

    fn rest(&self, door: &Door) -> Duration {
        match door {
            Door::Open { .. } | Door::Closed { until: Reopen::WhenResumed, .. } => PAUSE_CHECK,
            Door::Closed { until: Reopen::WhenFree | Reopen::WhenRebuilt, .. } => CAPACITY_CHECK,
            // Another worker may find sooner that it is over.
            Door::Closed { until: Reopen::After(rest), .. } => (*rest).min(trouble::LOOK_AGAIN),
        }
    }

    async fn check(&mut self, door: Door) {
        let (shared, gate) = (&self.shared, &self.gate);
        if shared.session.phase() < Phase::Recalling {
            return gate.close(REBUILT, Reopen::WhenRebuilt);
        }
        match door {
            Door::Closed { until: Reopen::WhenRebuilt, .. } => gate.open(u16::MAX),
            Door::Open { .. } => {
                if gate.unclear() > 0 {
                    trouble::look(shared, gate, Whose::Lane(self.resource)).await;
                }
                close_if_paused(shared, gate).await;
            }
            Door::Closed { until: Reopen::WhenFree, .. } => self.full.serve().await,
            Door::Closed { until: Reopen::After(_), .. } if !gate.rest_left().is_zero() => {
                trouble::look(shared, gate, Whose::Lane(self.resource)).await;
            }
            Door::Closed { until: Reopen::After(_), .. } => match self.may_try().await {
                Ok(()) => self.gate.open(1),
                Err(rest) => self.gate.rest_on(rest),
            },
            Door::Closed { until: Reopen::WhenResumed, .. } => {
                if pause_reason(shared).await.is_none() {
                    gate.open(1);
                }
            }
        }
    }
}

impl Gatekeeper {
    /// After trouble: whether a request may try if it is over, or for how long not yet.
    async fn may_try(&mut self) -> Result<(), Duration> {
        let (shared, gate, resource) = (&self.shared, &self.gate, self.resource);
        let lane = Whose::Lane(resource);
        if gate.is_held() {
            return Err(trouble::TRIED);
        }
        if let Some(rest) = trouble::look(shared, gate, lane).await {
            return Err(rest.min(trouble::LOOK_AGAIN));
        }
        if !self.questions.allow(shared, gate, resource).await {
            return Err(ASK_AGAIN);
        }
        if gate.unclear() > 0 && !trouble::is_ours_to_try(shared, lane).await {
            return Err(trouble::TRIED);
        }
        Ok(())
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
