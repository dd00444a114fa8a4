//! Whether a request may be sent now.

use std::time::Duration;

use job::Resource;
use kling::Route;
use tokio::time::Instant;

use super::Submission;
use crate::intake::{NotNow, Sending};
use crate::shared_health::{self, ANOTHER_PROBES, Scope};

const READ_EVERY: Duration = Duration::from_millis(200);
/// Less than a probe keeps other requests waiting.
const PATIENCE: Duration = Duration::from_secs(3);

impl<'a> Submission<'a> {
    /// Not while an operator has paused it. After an answer that was not understood, to whichever
    /// worker, one worker probes.
    pub(crate) async fn permission(&self, route: Route) -> Result<Sending<'a>, NotNow> {
        self.not_held().await?;
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
            return Err(NotNow::Lane { why: "another worker tries".to_owned() });
        }
        if sending.is_for_route() && !shared_health::may_probe(self.shared, of_route).await {
            return Err(NotNow::route_backs_off(Instant::now() + ANOTHER_PROBES));
        }
        Ok(sending)
    }

    /// Workers that start together may start during an outage: waits until this worker is the one
    /// that probes, or another has. `false`: not now.
    pub(crate) async fn may_send_first(&self, resource: Resource) -> bool {
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
}
