//! Which lanes are paused, for metrics and health pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use job::{ManualPause, Operation, Resource, Timestamp};
use tokio::time::Instant;

use crate::intake::{Backoff, Intake};
use crate::shared::Shared;

/// An account, and its intake for each resource.
pub(crate) type AccountIntakes = (Arc<Shared>, BTreeMap<Resource, Arc<Intake>>);

/// Always shows the present state.
#[derive(Clone)]
pub struct LaneReport {
    accounts: Vec<AccountIntakes>,
}

/// Jobs that wait for a time because requests failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PausedLane {
    pub account: String,
    pub resource: Resource,
    /// Only its jobs wait; `None`: all jobs of the resource.
    pub operation: Option<Operation>,
    pub why: String,
    /// When one job tries again; `None`: now.
    pub until: Option<Timestamp>,
}

impl LaneReport {
    pub(crate) fn new(accounts: Vec<AccountIntakes>) -> Self {
        Self { accounts }
    }

    /// Pauses by hand that are in force, as far as this worker knows, by account.
    pub fn paused_by_hand(&self) -> Vec<(String, Vec<ManualPause>)> {
        let of = |(shared, _): &AccountIntakes| {
            let pauses = shared.manual_pauses.in_force(shared.clock.now());
            (shared.settings.account.clone(), pauses)
        };
        self.accounts.iter().map(of).collect()
    }

    /// Lanes, and operations whose lane is well.
    pub fn paused(&self) -> Vec<PausedLane> {
        let of = |(shared, intakes): &AccountIntakes| {
            intakes
                .iter()
                .flat_map(|(resource, intake)| paused(shared, *resource, intake))
                .collect()
        };
        self.accounts.iter().flat_map::<Vec<_>, _>(of).collect()
    }
}

fn paused(shared: &Shared, resource: Resource, intake: &Intake) -> Vec<PausedLane> {
    let (now, here) = (shared.clock.now(), Instant::now());
    let paused = |operation: Option<Operation>, backoff: Backoff| {
        let until = backoff.until.map(|until| now + until.saturating_duration_since(here));
        let account = shared.settings.account.clone();
        PausedLane { account, resource, operation, why: backoff.why, until }
    };
    if let Some(backoff) = intake.backoff() {
        return vec![paused(None, backoff)];
    }
    let routes = intake.paused_routes().into_iter();
    routes.map(|(route, backoff)| paused(Some(Operation::new(route.path())), backoff)).collect()
}
