//! The metrics of a role, and how they reach the admin port.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use daemon::Config;
use daemon::admin::{Check, Checks, Metrics};
use job::{ManualPause, PauseScope, Resource};
use kling::Transport;
use meter::{About, Fleet, FleetAccount, Meter};
use poller::{LookUpReport, LookUpStanding};
use recorder::Session;
use webhooks::Calls;
use worker::{LaneReport, PausedLane};

use crate::backends::Backends;
use crate::refused::refused;
use crate::roles::Roles;
use crate::settings::terms;

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

    pub(crate) fn webhooks(&self, calls: Arc<dyn Calls>) -> Arc<dyn Calls> {
        match &self.meter {
            Some(meter) => meter.webhooks(calls),
            None => calls,
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
        let fleet = Fleet {
            broker: backends.broker.clone(),
            ledger: backends.ledger.clone(),
            accounts: config.accounts().iter().map(account).collect(),
        };
        let meter = self.meter.clone()?;
        let (look_ups, lanes) = (roles.look_ups(), roles.lanes());
        let (asks, session) = (roles.use_the_account(), Arc::downgrade(roles.session()));
        let checks = checks.clone();
        Some(Arc::new(RoleMetrics { meter, fleet, checks, look_ups, lanes, asks, session }))
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

/// Of one account's configuration.
fn account(config: &Config) -> FleetAccount {
    let limits = Resource::ALL.map(|resource| (resource, terms(config, resource).limits));
    FleetAccount { name: config.kling.account.clone(), limits }
}

struct RoleMetrics {
    meter: Meter,
    fleet: Fleet,
    checks: Checks,
    look_ups: Vec<(String, LookUpReport)>,
    lanes: Option<LaneReport>,
    /// Whether requests of this process use the accounts.
    asks: bool,
    /// Weak, so that its owner can end it.
    session: Weak<Session>,
}

impl RoleMetrics {
    fn check(&self, check: &Check) {
        self.meter.up(check.name, !check.is_failing());
    }

    /// If a store hangs, the gauges must not keep their previous values.
    async fn look(&self) {
        let checks = tokio::time::timeout(PATIENCE, (self.checks)()).await;
        self.meter.up("checks", checks.is_ok());
        checks.iter().flatten().for_each(|check| self.check(check));
    }

    /// One that is not known counts as not paused: another check reports that.
    async fn accounts(&self) {
        for account in self.fleet.accounts.iter().filter(|_| self.asks) {
            let pause = refused(self.fleet.ledger.as_ref(), &account.name, &self.session);
            let pause = tokio::time::timeout(PATIENCE, pause).await.ok().flatten();
            self.meter.paused(&account.name, pause.is_some());
        }
    }

    fn lanes(&self) {
        let Some(lanes) = &self.lanes else { return };
        let by_hand = lanes.paused_by_hand();
        for kind in PauseScope::KINDS {
            self.meter.paused_by_hand(kind, count(&by_hand, kind));
        }
        let paused = lanes.paused();
        for resource in Resource::ALL {
            let whole = |lane: &PausedLane| lane.resource == resource && lane.operation.is_none();
            self.meter.resting(resource, paused.iter().any(whole));
        }
    }

    fn look_up(&self) {
        for (account, report) in &self.look_ups {
            if let Some(standing) = report.standing() {
                self.meter.look_up(account, &LookUpStanding::WORDS, standing.word());
            }
        }
    }
}

/// A pool, tenant or operation is paused with each account: that counts once.
fn count(by_hand: &[(String, Vec<ManualPause>)], kind: &str) -> usize {
    let of_kind = |(account, pauses): &(String, Vec<ManualPause>)| {
        let pauses = pauses.iter().filter(|pause| pause.scope.kind() == kind);
        let name = |pause: &ManualPause| match pause.scope {
            PauseScope::Account => account.clone(),
            PauseScope::Pool(_) | PauseScope::Tenant(_) | PauseScope::Operation(_) => {
                pause.scope.to_string()
            }
        };
        pauses.map(name).collect::<Vec<_>>()
    };
    by_hand.iter().flat_map(of_kind).collect::<BTreeSet<_>>().len()
}

impl Metrics for RoleMetrics {
    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.look_up();
            self.lanes();
            tokio::join!(self.look(), self.accounts(), self.fleet.tell(&self.meter));
        })
    }

    fn text(&self, open: bool) -> String {
        let text = self.meter.text();
        if open { text } else { meter::classic(&text) }
    }
}
