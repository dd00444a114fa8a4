//! Whether a request may be sent now, and how its delivery ends if not.

use std::time::Duration;

use job::{Resource, RetryDelay};
use kling::Route;
use tokio::time::Instant;

use super::Walk;
use crate::ending::Ending;
use crate::gate::{NotNow, Pass};
use crate::trouble::{self, TRIED, Whose};

const LOOK: Duration = Duration::from_millis(200);
/// Less than one that tries keeps the others waiting.
const PATIENCE: Duration = Duration::from_secs(3);

impl<'a> Walk<'a> {
    /// After an answer that was not understood, by whichever worker, one of them tries.
    pub(super) async fn leave_to_send(&self, route: Route) -> Result<Pass<'a>, NotNow> {
        let Some(resource) = self.accepted.job.operation.resource() else {
            return self.gate.admit(route).await;
        };
        let (lane, of_route) = (Whose::Lane(resource), Whose::Route(resource, route));
        if self.gate.is_look_due(route) {
            let look = |whose| trouble::look(self.shared, self.gate, whose);
            tokio::join!(look(lane), look(of_route));
        }
        let pass = self.gate.admit(route).await?;
        if self.gate.unclear() > 0 && !trouble::is_ours_to_try(self.shared, lane).await {
            self.gate.wait_for_another(TRIED);
            return Err(NotNow::Lane);
        }
        if pass.is_for_route() && !trouble::is_ours_to_try(self.shared, of_route).await {
            return Err(NotNow::Route { until: Instant::now() + TRIED });
        }
        Ok(pass)
    }

    /// Workers that begin together may begin in an outage: waits until this one is the one that
    /// tries, or another has. `false`: not now.
    pub(super) async fn begins(&self, resource: Resource) -> bool {
        let lane = Whose::Lane(resource);
        let waits = async {
            while self.gate.is_new() && !trouble::is_ours_to_try(self.shared, lane).await {
                self.shared.clock.sleep(LOOK).await;
                if self.gate.is_stopping() || self.gate.forbids_sending() {
                    return;
                }
                trouble::look(self.shared, self.gate, lane).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, waits).await;
        came.is_ok() && !self.gate.is_stopping() && !self.gate.forbids_sending()
    }

    /// Taken before the lane closed, or on a route whose jobs wait: sending it too would be a
    /// storm of POSTs.
    pub(super) async fn turned_away(&self, not_now: NotNow) -> Ending {
        match not_now {
            NotNow::Lane => Ending::bounce(RetryDelay::OneSecond),
            NotNow::Route { until } => {
                self.gate.turn_away(self.shared.clock.as_ref()).await;
                Ending::bounce(delay(until.saturating_duration_since(Instant::now())))
            }
        }
    }
}

/// The longer its route rests, the rarer a job comes back in vain.
fn delay(rest: Duration) -> RetryDelay {
    match rest.as_secs() {
        0..5 => RetryDelay::FiveSeconds,
        5..60 => RetryDelay::ThirtySeconds,
        _ => RetryDelay::TwoMinutes,
    }
}
