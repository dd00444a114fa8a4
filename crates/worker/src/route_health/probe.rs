//! Which request of a route goes first, while it is not known whether its answer is understood.

use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use super::Routes;
use crate::backoff::PROBE_PATIENCE;

/// What a job of a failing route may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteTurn {
    /// It probes for its route.
    Probe,
    BacksOff(Instant),
}

impl Routes {
    /// One job at a time probes, each time the backoff is over; for as long as its answer may take.
    pub(crate) fn turn(&mut self, route: Route, now: Instant, post_timeout: Duration) -> RouteTurn {
        let health = self.0.entry(route).or_default();
        if let Some(until) = health.backs_off_until.filter(|until| now < *until) {
            return RouteTurn::BacksOff(until);
        }
        health.backs_off_until = Some(now + post_timeout.max(PROBE_PATIENCE));
        health.is_answered = false;
        RouteTurn::Probe
    }

    /// Whether a request may be sent on a route that is not in trouble, or when to ask again. If
    /// there was no answer of late, one goes first: each of them may hold a slot.
    pub(crate) fn first(&mut self, route: Route, now: Instant) -> Result<(), Instant> {
        let health = self.0.entry(route).or_default();
        if health.understood.is_some_and(|understood| understood.is_fresh(now)) {
            return Ok(());
        }
        match health.first_until.filter(|until| now < *until) {
            Some(until) => Err(until),
            None => {
                health.first_until = Some(now + PROBE_PATIENCE);
                Ok(())
            }
        }
    }

    /// A request has ended, or was never made.
    pub(crate) fn first_ended(&mut self, route: Route) {
        if let Some(health) = self.0.get_mut(&route) {
            health.first_until = None;
        }
    }

    /// A probe ended. It may have had no answer.
    pub(crate) fn ended(&mut self, route: Route, now: Instant) {
        if let Some(health) = self.0.get_mut(&route).filter(|health| !health.is_answered) {
            health.backs_off_until = health.backs_off_until.min(Some(now + PROBE_PATIENCE));
        }
    }
}
