//! What an answer says about all of a lane, and how long it rests for that.

use std::time::Duration;

use tokio::time::Instant;

use super::{Door, Gate, Pass, Reopen, lock};
use crate::submit::Weather;

/// A provider that asks for a longer rest is tried nevertheless.
const LONGEST_REST: Duration = Duration::from_secs(30);
pub(super) const BUSY_REST: Duration = Duration::from_secs(1);

/// Why nothing new is taken for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    pub(crate) why: String,
    /// `None`: it is tried by one job at a time.
    pub(crate) until: Option<Instant>,
}

impl Gate {
    /// Why it rests, or why one job at a time tries whether it is well again.
    pub(crate) fn rest(&self) -> Option<Rest> {
        let rests = matches!(&*self.lock(), Door::Closed { until: Reopen::After(_), .. });
        let Rest { why, until } = lock(&self.rest).clone()?;
        let troubled = rests || lock(&self.health).is_troubled();
        troubled.then(|| Rest { why, until: until.filter(|_| rests) })
    }

    /// What one answer says about all of the lane; `jitter` in [0, 1) spreads the rests.
    pub(crate) fn weather(&self, pass: &Pass<'_>, weather: &Weather, jitter: f64) {
        let sent_at = pass.leave.sent_at;
        match weather {
            Weather::Unknown => {}
            Weather::Fair => self.understood(sent_at),
            Weather::Busy { retry_after } => {
                self.understood(sent_at);
                let rest = retry_after.unwrap_or(BUSY_REST).min(LONGEST_REST);
                self.close("the provider is busy", Reopen::After(rest.mul_f64(0.5 + jitter)));
            }
            Weather::Down { why } => {
                let rest = lock(&self.health).not_reached(sent_at, jitter);
                self.rest_for(rest, format!("the provider cannot be reached: {why}"));
            }
            Weather::Path { why } => {
                let rest = lock(&self.health).not_let_through(sent_at, jitter);
                self.rest_for(rest, format!("the provider cannot be got at: {why}"));
            }
            Weather::Unclear { why } => {
                let rest = lock(&self.health).not_understood(sent_at, jitter);
                self.rest_for(rest, format!("the provider cannot be understood: {why}"));
            }
            Weather::AccountRefused { why } => {
                self.understood(sent_at);
                self.close(why, Reopen::WhenResumed);
            }
        }
    }

    fn rest_for(&self, rest: Option<Duration>, why: String) {
        if let Some(rest) = rest {
            self.close(why, Reopen::After(rest));
        }
    }

    /// The reason is not gone yet.
    pub(crate) fn rest_on(&self, rest: Duration) {
        if let Door::Closed { until: Reopen::After(present), .. } = &mut *self.lock() {
            *present = rest;
        }
        if let Some(told) = &mut *lock(&self.rest) {
            told.until = Some(Instant::now() + rest);
        }
        self.turned.notify_waiters();
    }

    fn understood(&self, sent_at: Instant) {
        lock(&self.health).understood(sent_at, Instant::now());
    }
}
