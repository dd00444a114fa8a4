//! The readiness checks of a role, and notes for an operator.

use std::sync::{Arc, Weak};

use daemon::Config;
use daemon::admin::{Admin, Check, Checks};
use job::{Operation, Resource};
use ports::{Broker, Clock, Ledger, Permit};
use recorder::{Phase, Session};
use worker::{LaneReport, PausedLane};

use crate::backends::Backends;
use crate::doubted::Doubted;
use crate::error::Error;
use crate::measure::{ACCOUNT, Measure};
use crate::roles::Roles;

/// What the checks use.
struct Watched {
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
    /// Weak, so that its owner can end it while a check runs.
    session: Weak<Session>,
    account: String,
    /// Whether its requests use the provider's account.
    asks: bool,
    /// `None` for a role that submits nothing.
    lanes: Option<LaneReport>,
    doubted: Doubted,
    measure: Measure,
}

/// Starts the admin port, if one is configured.
pub(crate) fn admin(
    config: &Config,
    backends: &Backends,
    roles: &Roles,
    measure: &Measure,
) -> Result<Option<Admin>, Error> {
    let Some(listen) = config.admin.listen else {
        return Ok(None);
    };
    let watched = Arc::new(Watched {
        broker: backends.broker.clone(),
        ledger: backends.ledger.clone(),
        session: Arc::downgrade(roles.session()),
        account: config.kling.account.clone(),
        asks: roles.use_the_account(),
        lanes: roles.lanes(),
        doubted: Doubted::default(),
        measure: measure.clone(),
    });
    let checks: Checks = Arc::new(move || {
        let watched = watched.clone();
        Box::pin(async move { watched.look().await })
    });
    let metrics = measure.metrics(config, backends, &checks, roles);
    let started = Admin::start(listen, checks, metrics);
    started.map(Some).map_err(|error| Error::Denied(format!("admin.listen: {listen}: {error}")))
}

impl Watched {
    async fn look(&self) -> Vec<Check> {
        let (broker, ledger) = tokio::join!(self.broker.check(), self.ledger.check());
        let reached = ledger.is_ok();
        let mut checks = vec![
            Check::of(
                "broker",
                broker
                    .map_err(|error| error.to_string())
                    .and_then(|()| joined(self.measure.refusals()).map_or(Ok(()), Err)),
            ),
            Check::of("ledger", ledger),
            Check::failing("journal", self.not_open()),
        ];
        if self.asks {
            checks.push(Check::failing(ACCOUNT, self.paused().await));
        }
        checks.extend(self.notes(reached).await);
        checks
    }

    /// Only the notes that apply.
    async fn notes(&self, ledger_is_reached: bool) -> Vec<Check> {
        let lanes = self.lanes.as_ref().and_then(|lanes| joined(lanes.paused().iter().map(paused)));
        let slots = match self.lanes.is_some() && ledger_is_reached {
            true => self.slots().await,
            false => None,
        };
        let notes =
            [("lanes", lanes), ("slots", slots), ("looks", self.measure.unanswered_looks())];
        let present = notes.into_iter().filter(|(_, what)| what.is_some());
        present.map(|(name, what)| Check::noted(name, what)).collect()
    }

    /// No operator is needed: the roles continue once the ledger is open.
    fn not_open(&self) -> Option<String> {
        match self.session.upgrade()?.phase() {
            Phase::Rebuilding => Some("the ledger is compared with it".to_owned()),
            Phase::Closed => Some("requests from before a loss may still arrive".to_owned()),
            Phase::Recalling | Phase::Open => None,
        }
    }

    /// `None` also when the ledger does not answer: another check reports that.
    async fn paused(&self) -> Option<String> {
        let now = self.session.upgrade()?.now();
        let pause = self.ledger.paused(&self.account).await.ok().flatten()?;
        (pause.until > now).then(|| format!("paused until {}: {}", pause.until, pause.reason))
    }

    /// Slots are released once the doubts are settled, or when no such task can run any more.
    async fn slots(&self) -> Option<String> {
        let held = Resource::ALL.map(|resource| Permit::pool_of(&self.account, resource));
        joined(self.doubted.sentences(self.ledger.as_ref(), &held).await)
    }
}

fn paused(lane: &PausedLane) -> String {
    let PausedLane { resource, operation, why, until } = lane;
    let who = operation.as_ref().map_or(resource.as_str(), Operation::as_str);
    match until {
        Some(until) => format!("{who} rests until {until}: {why}"),
        None => format!("{who} is tried by one job at a time: {why}"),
    }
}

fn joined(sentences: impl IntoIterator<Item = String>) -> Option<String> {
    let sentences: Vec<_> = sentences.into_iter().collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}
