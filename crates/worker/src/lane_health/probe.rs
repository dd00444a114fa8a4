//! Which request may be sent while it is not known whether answers are understood.

use std::collections::BTreeSet;
use std::time::Duration;

use job::JobKey;
use kling::Route;
use tokio::time::Instant;

use super::LaneHealth;
use crate::backoff::PROBE_PATIENCE;
use crate::route_health::RouteTurn;

/// Jobs of a failing route that let others pass before one of them is the lane's next probe.
pub(super) const MOST_PASSED_OVER: usize = 200;
/// Fewer where that takes long: there may be no others.
pub(super) const FEWEST_PASSED_OVER: usize = 20;
pub(super) const PASSING_OVER: Duration = Duration::from_secs(2);
/// A probe that hangs keeps others from probing for so many times [`PROBE_PATIENCE`] at most.
const MOST_PATIENCE: u32 = 16;

/// To send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) sent_at: Instant,
    pub(crate) route: Route,
    /// It is the only request of the lane: the number of the probe.
    pub(super) probe: Option<u64>,
    /// It is the only request of a failing route whose lane is well.
    pub(crate) for_route: bool,
}

/// Why a request is not sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Another request of the lane or the route goes first, until then at most.
    Probe(Instant),
    /// Answers on this route are not understood, and those on another may be.
    PassedOver,
    /// Answers on this route are not understood, and those on others are: until then.
    RouteBacksOff(Instant),
}

/// One probe at a time; one that hangs keeps others waiting for a bounded time.
#[derive(Debug, Default)]
pub(super) struct Probes {
    last: Option<Probe>,
    number: u64,
    /// Probes without an answer, beside the last.
    hanging: u32,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    number: u64,
    until: Instant,
}

impl Probes {
    fn begin(&mut self, now: Instant) -> u64 {
        if self.last.is_some() {
            self.hanging += 1;
        }
        let times = 2u32.saturating_pow(self.hanging).min(MOST_PATIENCE);
        self.number += 1;
        self.last = Some(Probe { number: self.number, until: now + PROBE_PATIENCE * times });
        self.number
    }

    fn end(&mut self, number: u64) {
        match self.last {
            Some(last) if last.number == number => self.last = None,
            Some(_) | None => self.hanging = self.hanging.saturating_sub(1),
        }
    }

    /// Until when others wait for the last probe.
    fn until(&self, now: Instant) -> Option<Instant> {
        self.last.map(|probe| probe.until).filter(|until| *until > now)
    }
}

/// Jobs of failing routes that were put back since the lane's state last changed.
#[derive(Debug, Default)]
pub(super) struct PassedOver {
    jobs: BTreeSet<JobKey>,
    since: Option<Instant>,
}

impl PassedOver {
    /// `false`: it has come back, so the lane holds no others, or it is one too many. Time alone
    /// does not end it: on a slow machine the others may still be behind.
    fn one_more(&mut self, key: &JobKey, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let most = match now - since < PASSING_OVER {
            true => MOST_PASSED_OVER,
            false => FEWEST_PASSED_OVER,
        };
        self.jobs.len() < most && self.jobs.insert(key.clone())
    }
}

impl LaneHealth {
    pub(crate) fn permission(
        &mut self,
        key: &JobKey,
        route: Route,
        now: Instant,
    ) -> Result<Permission, Wait> {
        if let Some(until) = self.probes.until(now).filter(|_| self.is_unsure(now)) {
            return Err(Wait::Probe(until));
        }
        let for_route = self.probes_route(key, route, now)?;
        let probe = self.is_unsure(now).then(|| self.probes.begin(now));
        Ok(Permission { sent_at: now, route, probe, for_route })
    }

    /// Whether it is to probe for its route alone.
    fn probes_route(&mut self, key: &JobKey, route: Route, now: Instant) -> Result<bool, Wait> {
        if !self.routes.is_troubled(route) {
            return self.routes.first(route, now).map(|()| false).map_err(Wait::Probe);
        }
        if !self.is_troubled() {
            return match self.routes.turn(route, now, self.hold.post_timeout) {
                RouteTurn::Probe => Ok(true),
                RouteTurn::BacksOff(until) => Err(Wait::RouteBacksOff(until)),
            };
        }
        match self.passed_over.one_more(key, now) {
            true => Err(Wait::PassedOver),
            false => Ok(false),
        }
    }

    /// The request has ended, or was never made.
    pub(crate) fn ended(&mut self, permission: &Permission, now: Instant) {
        if let Some(number) = permission.probe {
            self.probes.end(number);
        }
        self.routes.first_ended(permission.route);
        if permission.for_route {
            self.routes.ended(permission.route, now);
        }
    }

    #[cfg(test)]
    pub(super) fn forget_probe(&mut self, route: Route) {
        self.probes.last = None;
        self.routes.first_ended(route);
    }
}
