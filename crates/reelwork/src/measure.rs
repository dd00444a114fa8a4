//! The metrics of a role, and how they reach the admin port.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use daemon::Config;
use daemon::admin::{Check, Checks, Metrics};
use job::Resource;
use kling::Transport;
use meter::{About, Fleet, Meter};
use poller::{LookUpReport, LookUpStanding};
use worker::{LaneReport, PausedLane};

use crate::backends::Backends;
use crate::roles::Roles;

/// The name of the check of the provider's account.
pub(crate) const ACCOUNT: &str = "account";

/// Less than the admin port allows for all metrics together.
const PATIENCE: Duration = Duration::from_millis(2500);

/// Without an admin port nothing is counted.
#[derive(Clone)]
pub(crate) struct Measure {
    meter: Option<Meter>,
}

impl Measure {
    pub(crate) fn of(config: &Config, role: &'static str) -> Self {
        let about = About { version: env!("CARGO_PKG_VERSION"), role };
        Self { meter: config.admin.listen.map(|_| Meter::new(about)) }
    }

    pub(crate) fn backends(&self, backends: Backends) -> Backends {
        match &self.meter {
            Some(meter) => Backends {
                broker: meter.broker(backends.broker),
                ledger: meter.ledger(backends.ledger),
            },
            None => backends,
        }
    }

    pub(crate) fn transport(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
        match &self.meter {
            Some(meter) => meter.transport(transport),
            None => transport,
        }
    }

    /// For the page /metrics of the admin port.
    pub(crate) fn metrics(
        &self,
        config: &Config,
        backends: &Backends,
        checks: &Checks,
        roles: &Roles,
    ) -> Option<Arc<dyn Metrics>> {
        let limits = &config.limits;
        let fleet = Fleet {
            broker: backends.broker.clone(),
            ledger: backends.ledger.clone(),
            account: config.kling.account.clone(),
            slots: [
                (Resource::Videos, limits.videos),
                (Resource::Images, limits.images),
                (Resource::Audio, limits.audio),
            ],
            submissions_per_day: limits.max_submissions_per_day,
        };
        let meter = self.meter.clone()?;
        let (look_ups, lanes) = (roles.look_ups(), roles.lanes());
        Some(Arc::new(RoleMetrics { meter, fleet, checks: checks.clone(), look_ups, lanes }))
    }

    /// What the broker refuses to do for this process, one sentence each.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.meter.as_ref().map(Meter::refusals).unwrap_or_default()
    }

    /// A sentence, if no query for a task has been answered for some time.
    pub(crate) fn unanswered_looks(&self) -> Option<String> {
        self.meter.as_ref().and_then(Meter::unanswered_looks)
    }
}

struct RoleMetrics {
    meter: Meter,
    fleet: Fleet,
    checks: Checks,
    look_ups: Option<LookUpReport>,
    lanes: Option<LaneReport>,
}

impl RoleMetrics {
    fn check(&self, check: &Check) {
        self.meter.up(check.name, !check.is_failing());
        if check.name == ACCOUNT {
            self.meter.paused(&self.fleet.account, check.is_failing());
        }
    }

    /// If a store hangs, the gauges must not keep their previous values.
    async fn look(&self) {
        let checks = tokio::time::timeout(PATIENCE, (self.checks)()).await;
        self.meter.up("checks", checks.is_ok());
        checks.iter().flatten().for_each(|check| self.check(check));
    }

    fn lanes(&self) {
        let Some(lanes) = &self.lanes else { return };
        let paused = lanes.paused();
        for resource in Resource::ALL {
            let whole = |lane: &PausedLane| lane.resource == resource && lane.operation.is_none();
            self.meter.resting(resource, paused.iter().any(whole));
        }
    }

    fn look_up(&self) {
        let Some(standing) = self.look_ups.as_ref().and_then(LookUpReport::standing) else {
            return;
        };
        self.meter.look_up(&self.fleet.account, &LookUpStanding::WORDS, standing.word());
    }
}

impl Metrics for RoleMetrics {
    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.look_up();
            self.lanes();
            tokio::join!(self.look(), self.fleet.tell(&self.meter));
        })
    }

    fn text(&self, open: bool) -> String {
        let text = self.meter.text();
        if open { text } else { meter::classic(&text) }
    }
}
