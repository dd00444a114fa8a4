//! Whether answers from the provider are understood, and how long a lane rests while they are
//! not. Until one is understood, one job at a time is sent: each unclear answer may cost a slot.

use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use crate::rests::{Held, PROBE_PATIENCE, SHORT, Streak, jittered, outage_rest};
use crate::route_health::{Routes, Turn};

/// An answer tells for so long how things are.
const FRESH: Duration = Duration::from_secs(10);
/// Jobs of a route in trouble that let others pass before one of them is the lane's next probe.
const MOST_PASSED_OVER: u32 = 200;
/// And for how long at most: there may be no others.
const PASSING_OVER: Duration = Duration::from_secs(2);
/// A probe that hangs keeps others from probing for so many times [`PROBE_PATIENCE`] at most.
const MOST_PATIENCE: u32 = 16;

#[derive(Debug, Default)]
pub(crate) struct LaneHealth {
    held: Held,
    /// Requests that were not received or not let through, in a row.
    failures: Streak,
    /// Requests whose outcome is unknown, in a row.
    unclear: Streak,
    understood: Option<Understood>,
    probe: Option<Probe>,
    probes: u64,
    /// Probes that are still not answered, beside the last.
    hanging: u32,
    routes: Routes,
    passed_over: u32,
    passed_over_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Understood {
    at: Instant,
    sent_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    number: u64,
    over: Instant,
}

/// Leave to send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    pub(crate) sent_at: Instant,
    pub(crate) route: Route,
    /// As the only one of the lane.
    probe: Option<u64>,
    /// As the only one of a route in trouble whose lane is well.
    pub(crate) for_route: bool,
}

/// Whose unclear answers are over, or that this was the first answer of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cleared {
    pub(crate) lane: bool,
    pub(crate) route: bool,
}

/// For how long each rests after an answer that was not understood. `None`: it does not, by this
/// one. It may tell of the past, or of a route alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rests {
    pub(crate) lane: Option<Duration>,
    pub(crate) route: Option<Duration>,
}

/// Why a request is not sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Another request probes, until then at most.
    Probe(Instant),
    /// Answers on this route are not understood, and those on another may be.
    PassedOver,
    /// Answers on this route are not understood, and those on others are: until then.
    RouteRests(Instant),
}

impl LaneHealth {
    pub(crate) fn new(held: Held) -> Self {
        Self { held, ..Self::default() }
    }

    /// Leave to send now, or why to wait.
    pub(crate) fn leave(&mut self, route: Route, now: Instant) -> Result<Leave, Wait> {
        if let Some(probe) = self.probe.filter(|probe| probe.over > now && self.is_unsure(now)) {
            return Err(Wait::Probe(probe.over));
        }
        let for_route = self.route_leave(route, now)?;
        let probe = self.is_unsure(now).then(|| self.next_probe(now));
        Ok(Leave { sent_at: now, route, probe, for_route })
    }

    /// Whether it is to try for its route alone.
    fn route_leave(&mut self, route: Route, now: Instant) -> Result<bool, Wait> {
        if !self.routes.is_troubled(route) {
            return Ok(false);
        }
        if !self.is_troubled() {
            return match self.routes.turn(route, now, self.held.post_timeout) {
                Turn::Probe => Ok(true),
                Turn::Rests(until) => Err(Wait::RouteRests(until)),
            };
        }
        match self.lets_pass(now) {
            true => Err(Wait::PassedOver),
            false => Ok(false),
        }
    }

    fn lets_pass(&mut self, now: Instant) -> bool {
        self.passed_over += 1;
        let since = *self.passed_over_since.get_or_insert(now);
        self.passed_over <= MOST_PASSED_OVER && now - since < PASSING_OVER
    }

    fn begin_passing_over(&mut self) {
        (self.passed_over, self.passed_over_since) = (0, None);
    }

    fn next_probe(&mut self, now: Instant) -> u64 {
        if self.probe.is_some() {
            self.hanging += 1;
        }
        let times = 2u32.saturating_pow(self.hanging).min(MOST_PATIENCE);
        self.probes += 1;
        self.probe = Some(Probe { number: self.probes, over: now + PROBE_PATIENCE * times });
        self.probes
    }

    /// The request is over, or was never made.
    pub(crate) fn over(&mut self, leave: &Leave, now: Instant) {
        match (leave.probe, self.probe) {
            (Some(number), Some(probe)) if number == probe.number => self.probe = None,
            (Some(_), _) => self.hanging = self.hanging.saturating_sub(1),
            (None, _) => {}
        }
        if leave.for_route {
            self.routes.over(leave, now);
        }
    }

    pub(crate) fn is_unsure(&self, now: Instant) -> bool {
        let fresh = |understood: Understood| now - understood.at < FRESH;
        self.is_troubled() || !self.understood.is_some_and(fresh)
    }

    /// Requests failed, and none has succeeded since.
    pub(crate) fn is_troubled(&self) -> bool {
        !(self.failures.is_none() && self.unclear.is_none())
    }

    /// This worker has had no answer yet, good or bad.
    pub(crate) fn is_new(&self) -> bool {
        self.understood.is_none() && !self.is_troubled()
    }

    /// Answers that could not be understood, in a row.
    pub(crate) fn unclear(&self) -> u32 {
        self.unclear.tries()
    }

    /// Which routes rest while others of the lane are well.
    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    pub(crate) fn routes_mut(&mut self) -> &mut Routes {
        &mut self.routes
    }

    pub(crate) fn understood(&mut self, leave: &Leave, now: Instant) -> Cleared {
        let lane = !self.unclear.is_none() || self.understood.is_none();
        self.clear(leave.sent_at, now);
        Cleared { lane, route: self.routes.understood(leave) }
    }

    fn clear(&mut self, sent_at: Instant, now: Instant) {
        if self.is_troubled() {
            self.routes.lane_is_well(now);
        }
        (self.failures, self.unclear) = (Streak::default(), Streak::default());
        let sent_at = self.understood.map_or(sent_at, |before| before.sent_at.max(sent_at));
        self.understood = Some(Understood { at: now, sent_at });
        self.begin_passing_over();
    }

    /// Another worker understood the answer to a request that was sent then.
    pub(crate) fn understood_elsewhere(&mut self, sent_at: Instant, now: Instant) -> bool {
        let news = self.unclear.is_before(sent_at) || (self.is_new() && now - sent_at < FRESH);
        if news {
            self.clear(sent_at, now);
        }
        news
    }

    /// How long to rest; `None`: a later request was understood, so that it tells of the past.
    pub(crate) fn not_reached(&mut self, leave: &Leave, jitter: f64) -> Option<Duration> {
        self.failed(leave, Duration::from_secs(1), jitter)
    }

    pub(crate) fn not_let_through(
        &mut self,
        leave: &Leave,
        why: &str,
        jitter: f64,
    ) -> Option<Duration> {
        self.routes.not_let_through(leave, why, jitter);
        self.failed(leave, SHORT, jitter)
    }

    fn failed(&mut self, leave: &Leave, first: Duration, jitter: f64) -> Option<Duration> {
        (self.is_news(leave.sent_at) && !leave.for_route).then(|| {
            self.failures.add(leave.sent_at, Instant::now());
            self.begin_passing_over();
            outage_rest(first, self.failures.troubles(), jitter)
        })
    }

    pub(crate) fn not_understood(&mut self, leave: &Leave, why: &str, jitter: f64) -> Rests {
        let route = self.routes.not_understood(leave, why, jitter, self.held);
        let lane = (self.is_news(leave.sent_at) && !leave.for_route).then(|| {
            self.unclear.add(leave.sent_at, Instant::now());
            self.begin_passing_over();
            let tested = self.routes.is_tested(leave.route);
            jittered(self.held.lane_rest(self.unclear(), tested), jitter)
        });
        Rests { lane, route }
    }

    /// Another worker's request of then was not understood. `false`: a later one was.
    pub(crate) fn heard(&mut self, sent_at: Instant) -> bool {
        let news = self.is_news(sent_at);
        if news && self.unclear.hear(sent_at) {
            self.begin_passing_over();
        }
        news
    }

    /// The job was unclear before: it tells of its route only where that is in trouble anyway.
    pub(crate) fn unclear_again(&mut self, leave: &Leave, why: &str, jitter: f64) -> Rests {
        let troubled = self.routes.is_troubled(leave.route);
        let route = troubled.then(|| self.routes.not_understood(leave, why, jitter, self.held));
        Rests { lane: None, route: route.flatten() }
    }

    fn is_news(&self, sent_at: Instant) -> bool {
        self.understood.is_none_or(|understood| understood.sent_at <= sent_at)
    }
}

#[cfg(test)]
mod tests;
