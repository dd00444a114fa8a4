//! What an answer says about all of a lane, and how long it rests for that.

use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use super::{Change, Changes, Door, Gate, Pass, Reopen, lock};
use crate::lane_health::{Leave, Rests};
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

    /// Routes whose jobs wait while others of the lane pass.
    pub(crate) fn resting_routes(&self) -> Vec<(Route, Rest)> {
        let (health, now) = (lock(&self.health), Instant::now());
        let rest = |(route, why, until): (Route, &str, Option<Instant>)| {
            let until = until.filter(|until| *until > now);
            (route, Rest { why: why.to_owned(), until })
        };
        health.routes().troubled().map(rest).collect()
    }

    /// What one answer says about all of the lane; `jitter` in [0, 1) spreads the rests.
    pub(crate) fn weather(&self, pass: &Pass<'_>, weather: &Weather, jitter: f64) -> Changes {
        let leave = &pass.leave;
        match weather {
            Weather::Unknown => Changes::default(),
            Weather::Fair => self.understood(leave),
            Weather::Busy { retry_after } => self.busy(leave, *retry_after, jitter),
            Weather::Down { why } => self.not_reached(leave, why, jitter),
            Weather::Path { why } => self.not_let_through(leave, why, jitter),
            Weather::Unclear { why } => self.not_understood(leave, why, jitter),
            Weather::UnclearAgain { why } => self.not_understood_again(leave, why, jitter),
            Weather::AccountRefused { why } => self.account_refused(leave, why),
        }
    }

    fn understood(&self, leave: &Leave) -> Changes {
        let now = Instant::now();
        let cleared = lock(&self.health).understood(leave, now);
        let change = || Change::Understood { sent: now - leave.sent_at };
        Changes { lane: cleared.lane.then(change), route: cleared.route.then(change) }
    }

    fn busy(&self, leave: &Leave, retry_after: Option<Duration>, jitter: f64) -> Changes {
        let changes = self.understood(leave);
        let rest = retry_after.unwrap_or(BUSY_REST).min(LONGEST_REST);
        self.close("the provider is busy", Reopen::After(rest.mul_f64(0.5 + jitter)));
        changes
    }

    fn account_refused(&self, leave: &Leave, why: &str) -> Changes {
        let changes = self.understood(leave);
        self.close(why, Reopen::WhenResumed);
        changes
    }

    fn not_reached(&self, leave: &Leave, why: &str, jitter: f64) -> Changes {
        let rest = lock(&self.health).not_reached(leave, jitter);
        self.rest_for(rest, format!("the provider cannot be reached: {why}"));
        Changes::default()
    }

    fn not_let_through(&self, leave: &Leave, why: &str, jitter: f64) -> Changes {
        let why = format!("the provider cannot be got at: {why}");
        let rest = lock(&self.health).not_let_through(leave, &why, jitter);
        self.rest_for(rest, why);
        Changes::default()
    }

    fn not_understood(&self, leave: &Leave, why: &str, jitter: f64) -> Changes {
        let why = not_understood(why);
        let rests = lock(&self.health).not_understood(leave, &why, jitter);
        self.rest_for(rests.lane, why.clone());
        unclear(leave, &why, rests)
    }

    fn not_understood_again(&self, leave: &Leave, why: &str, jitter: f64) -> Changes {
        let why = not_understood(why);
        let rests = lock(&self.health).unclear_again(leave, &why, jitter);
        unclear(leave, &why, rests)
    }

    /// Another worker met an answer that is not understood, to a request that was sent so long
    /// `ago`. `false`: this one has understood a later one.
    pub(crate) fn hears(&self, why: &str, ago: Duration, rest: Duration) -> bool {
        let now = Instant::now();
        let Some(sent_at) = now.checked_sub(ago) else { return false };
        let news = lock(&self.health).heard(sent_at);
        if news && !rest.is_zero() {
            self.close(why, Reopen::After(rest));
        }
        news
    }

    /// Or an answer on one route.
    pub(crate) fn hears_of(&self, route: Route, why: &str, ago: Duration, rest: Duration) -> bool {
        let now = Instant::now();
        let Some(sent_at) = now.checked_sub(ago) else { return false };
        lock(&self.health).routes_mut().heard(route, why, sent_at, now + rest)
    }

    /// Another worker understood the answer to a request that was sent so long `ago`: of this
    /// route, or of all of the lane. What was met before is over.
    pub(crate) fn hears_it_is_over(&self, route: Option<Route>, ago: Duration) {
        let now = Instant::now();
        let Some(sent_at) = now.checked_sub(ago) else { return };
        match route {
            Some(route) => {
                lock(&self.health).routes_mut().understood_elsewhere(route, sent_at);
            }
            None => {
                let over = lock(&self.health).understood_elsewhere(sent_at, now);
                if over && let Door::Closed { until: Reopen::After(_), .. } = self.door() {
                    self.open(1);
                }
            }
        }
    }

    /// For how long the lane still rests by the last trouble of its own.
    pub(crate) fn rest_left(&self) -> Duration {
        let until = lock(&self.rest).as_ref().and_then(|rest| rest.until);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
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
        self.rest_ends_in(rest);
        self.turned.notify_waiters();
    }

    pub(super) fn rest_ends_in(&self, rest: Duration) {
        if let Some(told) = &mut *lock(&self.rest) {
            told.until = Some(Instant::now() + rest);
        }
    }
}

fn unclear(leave: &Leave, why: &str, rests: Rests) -> Changes {
    let sent = Instant::now() - leave.sent_at;
    let change = |rest| Change::Unclear { why: why.to_owned(), sent, rest };
    Changes { lane: rests.lane.map(change), route: rests.route.map(change) }
}

fn not_understood(why: &str) -> String {
    format!("the provider cannot be understood: {why}")
}
