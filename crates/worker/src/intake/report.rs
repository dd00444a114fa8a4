//! What other workers reported about their requests. Times are how long ago such a request was sent.

use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use super::{Intake, IntakeState, PauseReason, lock};

/// An answer on a route that was not understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) ago: Duration,
    /// Of its backoff.
    pub(crate) left: Duration,
    /// It follows more than one failure, as far as its backoff shows.
    pub(crate) several: bool,
}

impl Intake {
    /// An answer was not understood. `false`: this worker has understood a later one.
    pub(crate) fn unclear_reported(&self, why: &str, ago: Duration, backoff: Duration) -> bool {
        let Some(sent_at) = Instant::now().checked_sub(ago) else { return false };
        let news = lock(&self.health).unclear_reported(sent_at);
        if news && !backoff.is_zero() {
            self.pause(why, PauseReason::Backoff(backoff));
        }
        news
    }

    pub(crate) fn unclear_route_reported(&self, route: Route, why: &str, report: Report) -> bool {
        let Report { ago, left, several } = report;
        let now = Instant::now();
        let Some(sent_at) = now.checked_sub(ago) else { return false };
        let until = now + left;
        lock(&self.health).routes_mut().unclear_reported(route, why, sent_at, until, several)
    }

    /// An answer was understood, of this route or of any: errors before it are over.
    pub(crate) fn understood_reported(&self, route: Option<Route>, ago: Duration) {
        let now = Instant::now();
        let Some(sent_at) = now.checked_sub(ago) else { return };
        match route {
            Some(route) => {
                lock(&self.health).routes_mut().understood_reported(route, sent_at, now);
            }
            None => {
                let over = lock(&self.health).understood_reported(sent_at, now);
                let backs_off = matches!(
                    self.state(),
                    IntakeState::Paused { reason: PauseReason::Backoff(_), .. }
                );
                if over && backs_off {
                    self.open(1);
                }
            }
        }
    }
}
