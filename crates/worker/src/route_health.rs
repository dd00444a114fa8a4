//! Whether answers on one route are understood while others of its lane are well: its own jobs
//! wait then, and those of other routes pass.

use std::collections::BTreeMap;
use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use crate::lane_health::Leave;
use crate::rests::{Held, PROBE_PATIENCE, SHORT, Streak, jittered};

/// A single lost answer says nothing of a route.
const TROUBLE: u32 = 2;

#[derive(Debug, Default)]
pub(crate) struct Routes(BTreeMap<Route, RouteHealth>);

#[derive(Debug, Default)]
struct RouteHealth {
    /// Requests whose outcome is unknown, in a row.
    unclear: Streak,
    understood: Option<Instant>,
    /// A task was made since this worker began: look-ups can be tested with it.
    tested: bool,
    rests_until: Option<Instant>,
    why: String,
}

/// What a job of a route in trouble may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It tries for all of its route.
    Probe,
    Rests,
}

impl RouteHealth {
    fn is_troubled(&self) -> bool {
        self.unclear.tries() >= TROUBLE
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

    /// One of its jobs at a time, each time its rest is over.
    pub(crate) fn turn(&mut self, route: Route, now: Instant) -> Turn {
        let health = self.0.entry(route).or_default();
        if health.rests_until.is_some_and(|until| now < until) {
            return Turn::Rests;
        }
        health.rests_until = Some(now + PROBE_PATIENCE);
        Turn::Probe
    }

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
        health.unclear = Streak::default();
        health.rests_until = None;
        health.understood = Some(leave.sent_at);
        was_unclear
    }

    /// How long it rests; `None`: a later request was understood.
    pub(crate) fn not_understood(
        &mut self,
        leave: &Leave,
        why: &str,
        jitter: f64,
        held: Held,
    ) -> Option<Duration> {
        let health = self.0.entry(leave.route).or_default();
        if !health.is_news(leave.sent_at) {
            return None;
        }
        let now = Instant::now();
        health.unclear.add(leave.sent_at, now);
        why.clone_into(&mut health.why);
        let rest = jittered(held.route_rest(health.unclear.tries(), health.tested), jitter);
        health.rests_until = Some(now + rest);
        if health.is_troubled() {
            tracing::warn!(route = %leave.route, why, ?rest, "answers are not understood");
        }
        Some(rest)
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
        let now = Instant::now();
        health.unclear.hear(sent_at, now);
        // One that rests for longer was met more than once.
        if until > now + SHORT {
            health.unclear.several();
        }
        why.clone_into(&mut health.why);
        health.rests_until = health.rests_until.max(Some(until));
        true
    }
}
