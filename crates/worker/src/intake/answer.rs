//! What an answer shows about the lane, and for how long the lane backs off for it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use job::{Passed, Timestamp};
use kling::Route;
use tokio::time::Instant;

use super::{Intake, PauseReason, Sending, lock};
use crate::lane_health::{Backoffs, Permission};
use crate::submit::ProviderHealth;

/// A provider that asks for more is asked again nevertheless.
const LONGEST_BUSY: Duration = Duration::from_secs(30);
pub(super) const BUSY: Duration = Duration::from_secs(1);

/// A change that other workers should know. Times are how long ago the request was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// An answer was not understood.
    Unclear { why: String, sent: Duration, backoff: Duration },
    /// An answer was understood, after others were not, or as the first of all.
    Understood { sent: Duration },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) lane: Option<Change>,
    pub(crate) route: Option<Change>,
    /// Of the lane, after more than one request that failed.
    pub(crate) outage_is_over: bool,
}

impl Intake {
    /// `jitter` in [0, 1) spreads the backoffs.
    pub(crate) fn apply(
        &self,
        sending: &Sending<'_>,
        health: &ProviderHealth,
        jitter: f64,
    ) -> Changes {
        let permission = &sending.permission;
        match health {
            ProviderHealth::Unknown => Changes::default(),
            ProviderHealth::Healthy | ProviderHealth::Busy { .. } => self.understood(permission),
            ProviderHealth::Unreachable { why } => self.unreachable(permission, why, jitter),
            ProviderHealth::PathRefused { why } => self.path_refused(permission, why, jitter),
            ProviderHealth::Unclear { why } => self.unclear_answer(permission, why, jitter),
            ProviderHealth::UnclearAgain { why } => self.unclear_again(permission, why, jitter),
            ProviderHealth::AccountRefused { why } => self.account_refused(permission, why),
        }
    }

    fn understood(&self, permission: &Permission) -> Changes {
        let now = Instant::now();
        let cleared = lock(&self.health).understood(permission, now);
        let change = || Change::Understood { sent: now - permission.sent_at };
        let (lane, route) = (cleared.lane.then(change), cleared.route.then(change));
        Changes { lane, route, outage_is_over: cleared.outage }
    }

    /// Where no limit of slots can be lowered. `jitter` in [0, 1).
    pub(crate) fn busy(&self, retry_after: Option<Duration>, jitter: f64) {
        let time = retry_after.unwrap_or(BUSY).clamp(BUSY, LONGEST_BUSY).mul_f64(0.5 + jitter);
        self.pause("the provider is busy", PauseReason::Backoff(time));
    }

    fn account_refused(&self, permission: &Permission, why: &str) -> Changes {
        let changes = self.understood(permission);
        self.pause(why, PauseReason::AccountPaused);
        changes
    }

    fn unreachable(&self, permission: &Permission, why: &str, jitter: f64) -> Changes {
        let backoff = lock(&self.health).unreachable(permission, jitter);
        self.back_off(backoff, format!("the provider cannot be reached: {why}"));
        Changes::default()
    }

    fn path_refused(&self, permission: &Permission, why: &str, jitter: f64) -> Changes {
        let why = format!("the provider cannot be got at: {why}");
        let backoff = lock(&self.health).path_refused(permission, &why, jitter);
        self.back_off(backoff, why);
        Changes::default()
    }

    fn unclear_answer(&self, permission: &Permission, why: &str, jitter: f64) -> Changes {
        let why = not_understood(why);
        let backoffs = lock(&self.health).unclear_answer(permission, &why, jitter);
        self.back_off(backoffs.lane, why.clone());
        unclear(permission, &why, backoffs)
    }

    fn unclear_again(&self, permission: &Permission, why: &str, jitter: f64) -> Changes {
        let why = not_understood(why);
        let backoffs = lock(&self.health).unclear_again(permission, &why, jitter);
        unclear(permission, &why, backoffs)
    }

    fn back_off(&self, time: Option<Duration>, why: String) {
        if let Some(time) = time {
            self.pause(why, PauseReason::Backoff(time));
        }
    }
}

/// What this worker has learned from the answers so far.
impl Intake {
    /// It is not known whether answers are understood: one request at a time is sent.
    pub(crate) fn is_unsure(&self) -> bool {
        lock(&self.health).is_unsure(Instant::now())
    }

    /// So many slots may be used: the fewer, the longer is the time between two probes.
    pub(crate) fn set_slots(&self, slots: u32) {
        lock(&self.health).set_slots(slots);
    }

    /// The provider is busy. Whether it was when this worker asked before, too.
    pub(crate) fn is_refused_again(&self) -> bool {
        self.refused.swap(true, Ordering::SeqCst)
    }

    /// This worker has had no answer yet.
    pub(crate) fn is_new(&self) -> bool {
        lock(&self.health).is_new()
    }

    /// Answers that could not be understood, in a row.
    pub(crate) fn unclear(&self) -> u32 {
        lock(&self.health).unclear()
    }

    /// Whether a lost answer on this route can be looked for.
    pub(crate) fn is_tested(&self, route: Route) -> bool {
        lock(&self.health).routes().is_tested(route)
    }

    /// The provider has made a task on this route, for whichever worker.
    pub(crate) fn can_look_for(&self, route: Route) {
        lock(&self.health).routes_mut().accepted(route);
    }

    pub(crate) fn accepted(&self, route: Route, model: Option<&String>, now: Timestamp) {
        self.can_look_for(route);
        self.refused.store(false, Ordering::SeqCst);
        lock(&self.models).accepted(route, model, now);
    }

    /// When others of this lane were last accepted, and those of this route and model.
    pub(crate) fn passed(&self, route: Route, model: Option<&String>) -> Passed {
        lock(&self.models).passed(route, model)
    }
}

fn unclear(permission: &Permission, why: &str, backoffs: Backoffs) -> Changes {
    let sent = Instant::now() - permission.sent_at;
    let change = |backoff| Change::Unclear { why: why.to_owned(), sent, backoff };
    let (lane, route) = (backoffs.lane.map(change), backoffs.route.map(change));
    Changes { lane, route, outage_is_over: false }
}

fn not_understood(why: &str) -> String {
    format!("the provider cannot be understood: {why}")
}
