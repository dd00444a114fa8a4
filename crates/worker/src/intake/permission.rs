//! Permission to send one request.

use std::time::Duration;

use job::{JobKey, RetryDelay};
use kling::Route;
use ports::Clock;
use tokio::time::Instant;

use super::{Intake, lock};
use crate::lane_health::{Permission, Wait};

/// The reports of other workers are not read more often.
const READ_EVERY: Duration = Duration::from_millis(100);
/// Between two jobs of a paused route that are put back.
const PUT_BACK: Duration = Duration::from_millis(10);

/// Why a request may not be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// No request of this lane, or the worker stops.
    Lane { why: String },
    /// Jobs of other tenants go first: this job waits for a slot, or returns after the delay.
    Tenant { why: String, after: RetryDelay },
    /// Jobs of other routes go first: this job is tried again after the delay.
    Job { why: String, after: RetryDelay },
}

const OTHERS_FIRST: &str = "jobs of other operations go first";

impl NotNow {
    pub(crate) fn stopping() -> Self {
        Self::Lane { why: "the worker stops".to_owned() }
    }

    fn others_first(after: RetryDelay) -> Self {
        Self::Job { why: OTHERS_FIRST.to_owned(), after }
    }

    /// The longer its route backs off, the more rarely a job returns in vain.
    pub(crate) fn route_backs_off(until: Instant) -> Self {
        let left = until.saturating_duration_since(Instant::now());
        let after = match left.as_secs() {
            0..5 => RetryDelay::FiveSeconds,
            5..60 => RetryDelay::ThirtySeconds,
            _ => RetryDelay::TwoMinutes,
        };
        Self::others_first(after)
    }
}

/// One request that is being sent, until it is dropped.
pub(crate) struct Sending<'a> {
    intake: &'a Intake,
    pub(super) permission: Permission,
}

impl Sending<'_> {
    /// Now: it may have waited for its slot.
    pub(crate) fn begins(&mut self) {
        self.permission.sent_at = Instant::now();
    }

    pub(crate) fn route(&self) -> Route {
        self.permission.route
    }

    /// It probes for its route, while the lane is well.
    pub(crate) fn is_for_route(&self) -> bool {
        self.permission.for_route
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        lock(&self.intake.health).ended(&self.permission, Instant::now());
        self.intake.changed.notify_waiters();
    }
}

impl Intake {
    /// While it is not known whether answers are understood, one request probes and the others wait.
    pub(crate) async fn permission(
        &self,
        key: &JobKey,
        route: Route,
    ) -> Result<Sending<'_>, NotNow> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(why) = self.why_not() {
                return Err(NotNow::Lane { why });
            }
            let permission = lock(&self.health).permission(key, route, Instant::now());
            match permission {
                Ok(permission) => return Ok(Sending { intake: self, permission }),
                Err(_) if self.is_stopping() => return Err(NotNow::stopping()),
                Err(Wait::PassedOver) => {
                    return Err(NotNow::others_first(RetryDelay::OneSecond));
                }
                Err(Wait::RouteBacksOff(until)) => return Err(NotNow::route_backs_off(until)),
                Err(Wait::Probe(until)) => tokio::select! {
                    biased;
                    () = changed => {}
                    () = tokio::time::sleep_until(until) => {}
                },
            }
        }
    }

    /// Whether it is time to read the reports of other workers.
    pub(crate) fn is_read_due(&self, route: Route) -> bool {
        let (mut read_at, now) = (lock(&self.read_at), Instant::now());
        let due = read_at.get(&route).is_none_or(|at| now - *at >= READ_EVERY);
        if due {
            read_at.insert(route, now);
        }
        due && !self.forbids_sending()
    }

    /// One after the other: a queue full of a paused route's jobs is not moved all at once.
    pub(crate) async fn delay_put_back(&self, clock: &dyn Clock) {
        let _one = self.put_back.lock().await;
        if !self.is_stopping() {
            clock.sleep(PUT_BACK).await;
        }
    }
}
