//! Opens a paused intake when its reason has gone, and pauses an open one when another process has
//! paused the account.

use std::sync::Arc;
use std::time::Duration;

use job::Resource;
use tokio_util::sync::CancellationToken;

use crate::intake::{Intake, IntakeState, PauseReason, REBUILT};
use crate::reachability::{QUERY_AGAIN, Queries};
use crate::shared::Shared;
use crate::shared_health::{self, ANOTHER_PROBES, READ_AGAIN, Scope};

const CAPACITY_CHECK: Duration = Duration::from_millis(100);
/// All workers stop within a second after one was refused.
const PAUSE_CHECK: Duration = Duration::from_millis(500);

pub(crate) struct IntakeMonitor {
    shared: Arc<Shared>,
    intake: Arc<Intake>,
    resource: Resource,
    queries: Queries,
    stop: CancellationToken,
}

impl IntakeMonitor {
    pub(crate) fn new(
        shared: Arc<Shared>,
        intake: Arc<Intake>,
        resource: Resource,
        stop: CancellationToken,
    ) -> Self {
        Self { shared, intake, resource, queries: Queries::default(), stop }
    }

    pub(crate) async fn run(mut self) {
        // Before the first wait: an idle installation takes its first job at once.
        pause_with_account(&self.shared, &self.intake).await;
        self.check(self.intake.state()).await;
        while let Some(state) = self.next().await {
            self.check(state).await;
        }
    }

    /// The state when it is time to check it; `None` when the worker stops.
    async fn next(&self) -> Option<IntakeState> {
        loop {
            let present = self.intake.state();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                _ = self.intake.wait_for(|state| *state != present) => {}
                () = self.shared.clock.sleep(time_to_check(&present)) => return Some(present),
            }
        }
    }

    async fn check(&mut self, state: IntakeState) {
        let (shared, intake) = (&self.shared, &self.intake);
        if shared.is_rebuilding() {
            return intake.pause(REBUILT, PauseReason::LedgerRebuild);
        }
        match state {
            IntakeState::Open { .. } => {
                if intake.unclear() > 0 {
                    shared_health::read(shared, intake, Scope::Lane(self.resource)).await;
                }
                pause_with_account(shared, intake).await;
            }
            IntakeState::Paused { reason, .. } => self.check_pause(reason).await,
        }
    }

    async fn check_pause(&mut self, reason: PauseReason) {
        let (shared, intake) = (&self.shared, &self.intake);
        match reason {
            PauseReason::Starting | PauseReason::LedgerRebuild => intake.open(u16::MAX),
            PauseReason::Backoff(_) if !intake.backoff_left().is_zero() => {
                shared_health::read(shared, intake, Scope::Lane(self.resource)).await;
            }
            PauseReason::Backoff(_) => match self.may_probe().await {
                Ok(()) => self.intake.open(1),
                Err(time) => self.intake.back_off_again(time),
            },
            // The task that reads these pauses resumes the lanes.
            PauseReason::ByHand => {}
            PauseReason::AccountPaused => {
                if account_pause(shared).await.is_none() {
                    intake.open(1);
                }
            }
        }
    }

    /// After a backoff: whether a request may probe, or for how long not yet.
    async fn may_probe(&mut self) -> Result<(), Duration> {
        let (shared, intake, resource) = (&self.shared, &self.intake, self.resource);
        let lane = Scope::Lane(resource);
        if intake.is_kept_paused() {
            return Err(ANOTHER_PROBES);
        }
        if let Some(left) = shared_health::read(shared, intake, lane).await {
            return Err(left.min(READ_AGAIN));
        }
        if !self.queries.allow(shared, intake, resource).await {
            return Err(QUERY_AGAIN);
        }
        if intake.unclear() > 0 && !shared_health::may_probe(shared, lane).await {
            return Err(ANOTHER_PROBES);
        }
        Ok(())
    }
}

fn time_to_check(state: &IntakeState) -> Duration {
    match state {
        IntakeState::Open { .. }
        | IntakeState::Paused {
            reason: PauseReason::AccountPaused | PauseReason::ByHand, ..
        } => PAUSE_CHECK,
        IntakeState::Paused {
            reason: PauseReason::Starting | PauseReason::LedgerRebuild, ..
        } => CAPACITY_CHECK,
        // Another worker may find sooner that it is over.
        IntakeState::Paused { reason: PauseReason::Backoff(time), .. } => (*time).min(READ_AGAIN),
    }
}

async fn pause_with_account(shared: &Shared, intake: &Intake) {
    if let Some(why) = account_pause(shared).await {
        intake.pause(why, PauseReason::AccountPaused);
    }
}

/// Why the account is paused, while it is.
async fn account_pause(shared: &Shared) -> Option<String> {
    match shared.ledger.paused(&shared.settings.account).await {
        Ok(pause) => pause.filter(|pause| pause.until > shared.clock.now()).map(|p| p.reason),
        Err(error) => {
            tracing::warn!(%error, "whether the account is paused could not be read");
            None
        }
    }
}
