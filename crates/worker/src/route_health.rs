//! Whether answers on one route are understood while others of its lane are: only the jobs of that
//! route wait then.

mod probe;

use std::collections::BTreeMap;
use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

pub(crate) use self::probe::RouteTurn;
use crate::backoff::{UNCLEAR, jittered, of_refusals};
use crate::hold_times::HoldTimes;
use crate::streak::Streak;
use crate::understood::Understood;

/// A single lost answer shows nothing about a route.
const TROUBLE: u32 = 2;

#[derive(Debug, Default)]
pub(crate) struct Routes(BTreeMap<Route, RouteHealth>);

#[derive(Debug, Default)]
struct RouteHealth {
    /// Requests whose outcome is unknown, in a row.
    unclear: Streak,
    /// Requests that were refused on the way, in a row.
    refused: Streak,
    understood: Option<Understood>,
    /// While it is unsure, other requests wait for its first one until then.
    first_until: Option<Instant>,
    /// A task is known: look-ups can be tested with it.
    tested: bool,
    backs_off_until: Option<Instant>,
    /// Its last probe was.
    is_answered: bool,
    why: String,
}

impl RouteHealth {
    fn clear(&mut self, sent_at: Instant, now: Instant) {
        (self.unclear, self.refused) = (Streak::default(), Streak::default());
        self.backs_off_until = None;
        self.is_answered = true;
        self.understood = Some(Understood::after(self.understood, sent_at, now));
    }

    /// Its last request failed, in whichever way.
    fn failed(&mut self, route: Route, why: &str, now: Instant, backoff: Duration) {
        self.is_answered = true;
        why.clone_into(&mut self.why);
        self.backs_off_until = Some(now + backoff);
        if self.is_troubled() {
            tracing::warn!(%route, why, ?backoff, "the route is in trouble");
        }
    }

    fn is_troubled(&self) -> bool {
        self.unclear.tries() >= TROUBLE || self.refused.failures() >= TROUBLE
    }

    fn is_news(&self, sent_at: Instant) -> bool {
        self.understood.is_none_or(|understood| understood.sent_at <= sent_at)
    }
}

/// What is known.
impl Routes {
    pub(crate) fn is_troubled(&self, route: Route) -> bool {
        self.0.get(&route).is_some_and(RouteHealth::is_troubled)
    }

    pub(crate) fn is_tested(&self, route: Route) -> bool {
        self.0.get(&route).is_some_and(|health| health.tested)
    }

    /// Failing routes: why, and when one job probes.
    pub(crate) fn troubled(&self) -> impl Iterator<Item = (Route, &str, Option<Instant>)> {
        let troubled = self.0.iter().filter(|(_, health)| health.is_troubled());
        troubled.map(|(route, health)| (*route, health.why.as_str(), health.backs_off_until))
    }

    fn troubled_routes(&self) -> u32 {
        self.0.values().map(|health| u32::from(health.is_troubled())).sum()
    }
}

/// Answers that were understood.
impl Routes {
    /// The lane is well again: no route backs off for long because of what all routes met.
    pub(crate) fn lane_is_well(&mut self, now: Instant) {
        for health in self.0.values_mut() {
            health.backs_off_until = health.backs_off_until.min(Some(now + UNCLEAR));
        }
    }

    /// The provider made a task: a lost answer on this route can be looked for.
    pub(crate) fn accepted(&mut self, route: Route) {
        self.0.entry(route).or_default().tested = true;
    }

    /// Whether answers on it were not understood before.
    pub(crate) fn understood(&mut self, route: Route, sent_at: Instant, now: Instant) -> bool {
        let health = self.0.entry(route).or_default();
        let was_unclear = !health.unclear.is_none();
        if health.is_troubled() {
            tracing::info!(%route, "answers are understood again");
        }
        health.clear(sent_at, now);
        was_unclear
    }

    /// Another worker understood the answer to a request that was sent then.
    pub(crate) fn understood_reported(&mut self, route: Route, sent_at: Instant, now: Instant) {
        let health = self.0.entry(route).or_default();
        if health.unclear.is_before(sent_at) {
            health.clear(sent_at, now);
        }
    }
}

/// Requests that failed.
impl Routes {
    /// The backoff; `None`: a later request was understood.
    pub(crate) fn unclear_answer(
        &mut self,
        route: Route,
        sent_at: Instant,
        why: &str,
        jitter: f64,
        hold: HoldTimes,
    ) -> Option<Duration> {
        let routes = self.troubled_routes();
        let health = self.0.entry(route).or_default();
        if !health.is_news(sent_at) {
            return None;
        }
        let now = Instant::now();
        health.unclear.add(sent_at, now);
        let backoff = hold.route_backoff(health.unclear.tries(), health.tested, routes);
        let backoff = jittered(backoff, jitter);
        health.failed(route, why, now, backoff);
        Some(backoff)
    }

    /// Refused on the way to the provider. It costs no slot.
    pub(crate) fn path_refused(&mut self, route: Route, sent_at: Instant, why: &str, jitter: f64) {
        let health = self.0.entry(route).or_default();
        if !health.is_news(sent_at) {
            return;
        }
        let now = Instant::now();
        health.refused.add(sent_at, now);
        let backoff = of_refusals(health.refused.failures(), jitter);
        health.failed(route, why, now, backoff);
    }

    /// Another worker's request was not understood. `false`: a later one was.
    pub(crate) fn unclear_reported(
        &mut self,
        route: Route,
        why: &str,
        sent_at: Instant,
        until: Instant,
        several: bool,
    ) -> bool {
        let health = self.0.entry(route).or_default();
        if !health.is_news(sent_at) {
            return false;
        }
        if !health.unclear.add_reported(sent_at) {
            return true;
        }
        if several {
            health.unclear.several();
        }
        why.clone_into(&mut health.why);
        health.backs_off_until = health.backs_off_until.max(Some(until));
        true
    }
}
