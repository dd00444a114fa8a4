//! Whether answers from the provider are understood, and how long a lane backs off while they are
//! not. Until one is understood, one request at a time is sent: each unclear answer may cost a slot.

mod probe;

use std::time::Duration;

use tokio::time::Instant;

use self::probe::{PassedOver, Probes};
pub(crate) use self::probe::{Permission, Wait};
use crate::backoff::{SHORT, jittered, of_outage};
use crate::hold_times::HoldTimes;
use crate::route_health::Routes;
use crate::streak::Streak;
use crate::understood::{FRESH, Understood};

#[derive(Debug, Default)]
pub(crate) struct LaneHealth {
    hold: HoldTimes,
    /// Requests that were not received or were refused on the way, in a row.
    failures: Streak,
    /// Requests whose outcome is unknown, in a row.
    unclear: Streak,
    understood: Option<Understood>,
    probes: Probes,
    passed_over: PassedOver,
    routes: Routes,
}

/// Where unclear answers are over. Also set by the first answer of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cleared {
    pub(crate) lane: bool,
    pub(crate) route: bool,
    /// More than one request of the lane had failed.
    pub(crate) outage: bool,
}

/// For how long each backs off after an unclear answer. `None`: not because of this answer, which
/// may be an old one or concern the route alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoffs {
    pub(crate) lane: Option<Duration>,
    pub(crate) route: Option<Duration>,
}

/// What is known.
impl LaneHealth {
    pub(crate) fn new(hold: HoldTimes) -> Self {
        Self { hold, ..Self::default() }
    }

    pub(crate) fn set_slots(&mut self, slots: u32) {
        self.hold.slots = slots;
    }

    pub(crate) fn is_unsure(&self, now: Instant) -> bool {
        self.is_troubled() || !self.understood.is_some_and(|understood| understood.is_fresh(now))
    }

    /// Requests failed, and none has succeeded since.
    pub(crate) fn is_troubled(&self) -> bool {
        !(self.failures.is_none() && self.unclear.is_none())
    }

    /// This worker has had no answer yet.
    pub(crate) fn is_new(&self) -> bool {
        self.understood.is_none() && !self.is_troubled()
    }

    /// Answers that could not be understood, in a row.
    pub(crate) fn unclear(&self) -> u32 {
        self.unclear.tries()
    }

    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    pub(crate) fn routes_mut(&mut self) -> &mut Routes {
        &mut self.routes
    }

    fn is_news(&self, sent_at: Instant) -> bool {
        self.understood.is_none_or(|understood| understood.sent_at <= sent_at)
    }
}

/// Answers that were understood.
impl LaneHealth {
    pub(crate) fn understood(&mut self, permission: &Permission, now: Instant) -> Cleared {
        let lane = !self.unclear.is_none() || self.understood.is_none();
        let outage = self.failures.failures().max(self.unclear.tries()) > 1;
        self.clear(permission.sent_at, now);
        let Permission { route, sent_at, .. } = *permission;
        Cleared { lane, route: self.routes.understood(route, sent_at, now), outage }
    }

    fn clear(&mut self, sent_at: Instant, now: Instant) {
        if self.is_troubled() {
            self.routes.lane_is_well(now);
        }
        (self.failures, self.unclear) = (Streak::default(), Streak::default());
        self.understood = Some(Understood::after(self.understood, sent_at, now));
        self.passed_over = PassedOver::default();
    }

    /// Another worker understood the answer to a request that was sent then. `true`: that is new.
    pub(crate) fn understood_reported(&mut self, sent_at: Instant, now: Instant) -> bool {
        let news = self.unclear.is_before(sent_at) || (self.is_new() && now - sent_at < FRESH);
        if news {
            self.clear(sent_at, now);
        }
        news
    }
}

/// Requests that failed. The backoff is `None` if a later request was understood.
impl LaneHealth {
    pub(crate) fn unreachable(&mut self, permission: &Permission, jitter: f64) -> Option<Duration> {
        self.failed(permission, Duration::from_secs(1), jitter)
    }

    pub(crate) fn path_refused(
        &mut self,
        permission: &Permission,
        why: &str,
        jitter: f64,
    ) -> Option<Duration> {
        self.routes.path_refused(permission.route, permission.sent_at, why, jitter);
        self.failed(permission, SHORT, jitter)
    }

    fn failed(
        &mut self,
        permission: &Permission,
        first: Duration,
        jitter: f64,
    ) -> Option<Duration> {
        self.concerns_lane(permission).then(|| {
            self.failures.add(permission.sent_at, Instant::now());
            self.passed_over = PassedOver::default();
            of_outage(first, self.failures.failures(), jitter)
        })
    }

    pub(crate) fn unclear_answer(
        &mut self,
        permission: &Permission,
        why: &str,
        jitter: f64,
    ) -> Backoffs {
        let route = self.unclear_on_route(permission, why, jitter);
        let lane = self.concerns_lane(permission).then(|| {
            self.unclear.add(permission.sent_at, Instant::now());
            self.passed_over = PassedOver::default();
            let tested = self.routes.is_tested(permission.route);
            jittered(self.hold.lane_backoff(self.unclear(), tested), jitter)
        });
        Backoffs { lane, route }
    }

    /// An earlier request of the job was unclear too: it counts for its route only where that is
    /// failing anyway.
    pub(crate) fn unclear_again(
        &mut self,
        permission: &Permission,
        why: &str,
        jitter: f64,
    ) -> Backoffs {
        let route = match self.routes.is_troubled(permission.route) {
            true => self.unclear_on_route(permission, why, jitter),
            false => None,
        };
        Backoffs { lane: None, route }
    }

    fn unclear_on_route(
        &mut self,
        permission: &Permission,
        why: &str,
        jitter: f64,
    ) -> Option<Duration> {
        let Permission { route, sent_at, .. } = *permission;
        self.routes.unclear_answer(route, sent_at, why, jitter, self.hold)
    }

    /// Another worker's request of then was not understood. `false`: a later one was.
    pub(crate) fn unclear_reported(&mut self, sent_at: Instant) -> bool {
        let news = self.is_news(sent_at);
        if news && self.unclear.add_reported(sent_at) {
            self.passed_over = PassedOver::default();
        }
        news
    }

    fn concerns_lane(&self, permission: &Permission) -> bool {
        self.is_news(permission.sent_at) && !permission.for_route
    }
}

#[cfg(test)]
mod tests;
