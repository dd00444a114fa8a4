//! Whether answers on one route are understood while others of its lane are well: its own jobs
//! wait then, and those of other routes pass.

use std::collections::BTreeMap;
use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use crate::lane_health::Leave;
use crate::rests::{Held, PROBE_PATIENCE, Streak, UNCLEAR_REST, jittered, refused_rest};

/// A single lost answer says nothing of a route.
const TROUBLE: u32 = 2;
/// Far more than the rest after a single one, and less than that after two.
const SEVERAL: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Routes(BTreeMap<Route, RouteHealth>);

#[derive(Debug, Default)]
struct RouteHealth {
    /// Requests whose outcome is unknown, in a row.
    unclear: Streak,
    /// Requests that were not let through, in a row.
    refused: Streak,
    understood: Option<Instant>,
    /// A task is known: look-ups can be tested with it.
    tested: bool,
    rests_until: Option<Instant>,
    /// Its last probe was.
    is_answered: bool,
    why: String,
}

/// What a job of a route in trouble may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It tries for all of its route.
    Probe,
    Rests(Instant),
}

impl RouteHealth {
    fn clear(&mut self, sent_at: Instant) {
        (self.unclear, self.refused) = (Streak::default(), Streak::default());
        self.rests_until = None;
        self.is_answered = true;
        self.understood = self.understood.max(Some(sent_at));
    }

    /// By no answer of the provider that is understood.
    fn answered(&mut self, route: Route, why: &str, now: Instant, rest: Duration) {
        self.is_answered = true;
        why.clone_into(&mut self.why);
        self.rests_until = Some(now + rest);
        if self.is_troubled() {
            tracing::warn!(%route, why, ?rest, "the route is in trouble");
        }
    }

    fn is_troubled(&self) -> bool {
        self.unclear.tries() >= TROUBLE || self.refused.troubles() >= TROUBLE
    }

    fn is_news(&self, sent_at: Instant) -> bool {
        self.understood.is_none_or(|understood| understood <= sent_at)
    }
}

impl Routes {
    pub(crate) fn is_troubled(&self, route: Route) -> bool {
        self.0.get(&route).is_some_and(RouteHealth::is_troubled)
    }

    pub(crate) fn is_tested(&self, route: Route) -> bool {
        self.0.get(&route).is_some_and(|health| health.tested)
    }

    /// Routes in trouble: why, and when one job tries again.
    pub(crate) fn troubled(&self) -> impl Iterator<Item = (Route, &str, Option<Instant>)> {
        let troubled = self.0.iter().filter(|(_, health)| health.is_troubled());
        troubled.map(|(route, health)| (*route, health.why.as_str(), health.rests_until))
    }

    /// One of its jobs at a time, each time its rest is over; for as long as the answer may take.
    pub(crate) fn turn(&mut self, route: Route, now: Instant, post_timeout: Duration) -> Turn {
        let health = self.0.entry(route).or_default();
        if let Some(until) = health.rests_until.filter(|until| now < *until) {
            return Turn::Rests(until);
        }
        health.rests_until = Some(now + post_timeout.max(PROBE_PATIENCE));
        health.is_answered = false;
        Turn::Probe
    }

    /// A probe ended without an answer of either kind.
    pub(crate) fn over(&mut self, leave: &Leave, now: Instant) {
        if let Some(health) = self.0.get_mut(&leave.route).filter(|health| !health.is_answered) {
            health.rests_until = health.rests_until.min(Some(now + PROBE_PATIENCE));
        }
    }

    /// The lane is well again: none of its routes rests for long because of what befell all.
    pub(crate) fn lane_is_well(&mut self, now: Instant) {
        for health in self.0.values_mut() {
            health.rests_until = health.rests_until.min(Some(now + UNCLEAR_REST));
        }
    }

    fn troubled_routes(&self) -> u32 {
        self.0.values().map(|health| u32::from(health.is_troubled())).sum()
    }

    /// The provider made a task: a lost answer on this route can be looked for.
    pub(crate) fn accepted(&mut self, route: Route) {
        self.0.entry(route).or_default().tested = true;
    }

    /// Whether answers on it were not understood before.
    pub(crate) fn understood(&mut self, leave: &Leave) -> bool {
        let health = self.0.entry(leave.route).or_default();
        let was_unclear = !health.unclear.is_none();
        if health.is_troubled() {
            tracing::info!(route = %leave.route, "answers are understood again");
        }
        health.clear(leave.sent_at);
        was_unclear
    }

    /// Another worker understood the answer to a request that was sent then.
    pub(crate) fn understood_elsewhere(&mut self, route: Route, sent_at: Instant) {
        let health = self.0.entry(route).or_default();
        if health.unclear.is_before(sent_at) {
            health.clear(sent_at);
        }
    }

    /// How long it rests; `None`: a later request was understood.
    pub(crate) fn not_understood(
        &mut self,
        leave: &Leave,
        why: &str,
        jitter: f64,
        held: Held,
    ) -> Option<Duration> {
        let routes = self.troubled_routes();
        let health = self.0.entry(leave.route).or_default();
        if !health.is_news(leave.sent_at) {
            return None;
        }
        let now = Instant::now();
        health.unclear.add(leave.sent_at, now);
        let rest = held.route_rest(health.unclear.tries(), health.tested, routes);
        let rest = jittered(rest, jitter);
        health.answered(leave.route, why, now, rest);
        Some(rest)
    }

    /// Somebody on the way said no. It costs no slot.
    pub(crate) fn not_let_through(&mut self, leave: &Leave, why: &str, jitter: f64) {
        let health = self.0.entry(leave.route).or_default();
        if !health.is_news(leave.sent_at) {
            return;
        }
        let now = Instant::now();
        health.refused.add(leave.sent_at, now);
        let rest = refused_rest(health.refused.troubles(), jitter);
        health.answered(leave.route, why, now, rest);
    }

    /// Another worker's request was not understood. `false`: a later one was.
    pub(crate) fn heard(
        &mut self,
        route: Route,
        why: &str,
        sent_at: Instant,
        until: Instant,
    ) -> bool {
        let health = self.0.entry(route).or_default();
        if !health.is_news(sent_at) {
            return false;
        }
        if !health.unclear.hear(sent_at) {
            return true;
        }
        // One that rests for so long was met more than once.
        if until > Instant::now() + SEVERAL {
            health.unclear.several();
        }
        why.clone_into(&mut health.why);
        health.rests_until = health.rests_until.max(Some(until));
        true
    }
}
