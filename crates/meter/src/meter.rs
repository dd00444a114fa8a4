use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kling::Route;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::families::Families;
use crate::label::{OUTCOMES, PLACES, Vocabulary, WEBHOOK_OUTCOMES};
use crate::looks::Looks;
use crate::process::Process;
use crate::refusals::Refusals;

/// The metrics of one process. Clones share them.
#[derive(Clone, Debug)]
pub struct Meter(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    registry: Registry,
    pub(crate) families: Families,
    pub(crate) models: Vocabulary,
    pub(crate) codes: Vocabulary,
    pub(crate) accounts: Vocabulary,
    pub(crate) refusals: Refusals,
    pub(crate) looks: Looks,
    leads: AtomicBool,
}

/// The process that serves the metrics.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub version: &'static str,
    /// `worker`, `poller`, `gateway` or `both`.
    pub role: &'static str,
}

impl Meter {
    pub fn new(about: About) -> Self {
        let mut registry = Registry::default();
        let families = Families::registered(&mut registry);
        registry.register_collector(Box::new(Process::here()));
        let labels = [("version", about.version.into()), ("role", about.role.into())];
        families.build.get_or_create(&labels).set(1);
        begin(&families);
        let (models, codes, accounts, looks) = Default::default();
        let leads = AtomicBool::new(false);
        let refusals = Refusals::default();
        Self(Arc::new(Inner {
            registry,
            families,
            models,
            codes,
            accounts,
            refusals,
            looks,
            leads,
        }))
    }

    /// OpenMetrics text, exemplars included.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }

    /// The operations that the broker refuses at present, one sentence each.
    pub fn refusals(&self) -> Vec<String> {
        self.inner().refusals.now()
    }

    /// A sentence if no query for a task has been answered for a time.
    pub fn unanswered_looks(&self) -> Option<String> {
        self.inner().looks.now()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(crate) fn families(&self) -> &Families {
        &self.0.families
    }

    /// Sets whether this process is the leader, which compares journal and ledger.
    pub(crate) fn leads(&self) -> bool {
        self.0.leads.load(Ordering::Relaxed)
    }

    pub(crate) fn lead(&self, leads: bool) {
        self.0.leads.store(leads, Ordering::Relaxed);
        self.families().leader.set(leads.into());
    }
}

/// Alerts use the increase of these counters, and a counter that first appears as 1 has no
/// increase.
fn begin(families: &Families) {
    for to in PLACES {
        for outcome in OUTCOMES {
            let labels = [("to", to.into()), ("outcome", outcome.into())];
            families.publishes.get_or_create(&labels).inc_by(0);
        }
    }
    for outcome in WEBHOOK_OUTCOMES {
        families.webhooks.get_or_create(&[("outcome", outcome.into())]).inc_by(0);
    }
    for route in Route::ALL {
        families.in_doubt.get_or_create(&[("operation", route.path().into())]).inc_by(0);
    }
}
