//! Whether a request may be sent now, and how the attempt ends if not.

use std::time::Duration;

use job::{Disposition, Resource, RetryDelay};
use kling::Route;
use tokio::time::Instant;

use super::Attempt;
use crate::intake::{NotNow, Sending};
use crate::shared_health::{self, ANOTHER_PROBES, Scope};

const READ_EVERY: Duration = Duration::from_millis(200);
/// Less than a probe keeps other requests waiting.
const PATIENCE: Duration = Duration::from_secs(3);

impl<'a> Attempt<'a> {
    /// After an answer that was not understood, to whichever worker, one worker probes.
    pub(super) async fn permission(&self, route: Route) -> Result<Sending<'a>, NotNow> {
        let key = &self.decoded.job.key;
        let Some(resource) = self.decoded.job.operation.resource() else {
            return self.intake.permission(key, route).await;
        };
        let (lane, of_route) = (Scope::Lane(resource), Scope::Route(resource, route));
        if self.intake.is_read_due(route) {
            shared_health::read_both(self.shared, self.intake, resource, route).await;
        }
        let sending = self.intake.permission(key, route).await?;
        if self.intake.unclear() > 0 && !shared_health::may_probe(self.shared, lane).await {
            self.intake.wait_for_another(ANOTHER_PROBES);
            return Err(NotNow::Lane);
        }
        if sending.is_for_route() && !shared_health::may_probe(self.shared, of_route).await {
            return Err(NotNow::Route { until: Instant::now() + ANOTHER_PROBES });
        }
        Ok(sending)
    }

    /// Workers that start together may start during an outage: waits until this worker is the one
    /// that probes, or another has. `false`: not now.
    pub(super) async fn may_send_first(&self, resource: Resource) -> bool {
        let lane = Scope::Lane(resource);
        let waits = async {
            while self.intake.is_new() && !shared_health::may_probe(self.shared, lane).await {
                self.shared.clock.sleep(READ_EVERY).await;
                if self.intake.is_stopping() || self.intake.forbids_sending() {
                    return;
                }
                shared_health::read(self.shared, self.intake, lane).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, waits).await;
        came.is_ok() && !self.intake.is_stopping() && !self.intake.forbids_sending()
    }

    /// The delivery was taken before its lane or its route was paused.
    pub(super) async fn turned_away(&self, not_now: NotNow) -> Disposition {
        match not_now {
            NotNow::Lane => Disposition::unrecorded(RetryDelay::OneSecond),
            NotNow::Route { until } => {
                self.intake.delay_put_back(self.shared.clock.as_ref()).await;
                let left = until.saturating_duration_since(Instant::now());
                Disposition::unrecorded(delay(left))
            }
        }
    }
}

/// The longer its route backs off, the more rarely a job returns in vain.
fn delay(backoff: Duration) -> RetryDelay {
    match backoff.as_secs() {
        0..5 => RetryDelay::FiveSeconds,
        5..60 => RetryDelay::ThirtySeconds,
        _ => RetryDelay::TwoMinutes,
    }
}
