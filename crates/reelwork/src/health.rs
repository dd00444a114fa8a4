//! The readiness checks of a role, and notes for an operator.

use std::sync::{Arc, Weak};

use daemon::Config;
use daemon::admin::{Admin, Check, Checks};
use futures::future::join_all;
use job::{Operation, Resource};
use ports::{Broker, Ledger, Pause, Permit};
use recorder::{Phase, Session};
use worker::{LaneReport, PausedLane};

use crate::backends::Backends;
use crate::by_hand;
use crate::doubted::Doubted;
use crate::error::Error;
use crate::measure::Measure;
use crate::refused::refused;
use crate::roles::Roles;

/// The name of the check of the accounts at the provider.
const ACCOUNT: &str = "account";

/// What the checks use.
struct Watched {
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
    /// Weak, so that its owner can end it while a check runs.
    session: Weak<Session>,
    accounts: Vec<String>,
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
        accounts: config.accounts().into_iter().map(|config| config.kling.account).collect(),
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
            checks.push(self.accounts().await);
        }
        checks.extend(self.notes(reached).await);
        checks
    }

    /// Only the notes that apply.
    async fn notes(&self, ledger_is_reached: bool) -> Vec<Check> {
        let paused =
            |lane: PausedLane| format!("{}{}", self.of_account(&lane.account), paused(&lane));
        let lanes = self.lanes.as_ref();
        let lanes = lanes.and_then(|lanes| joined(lanes.paused().into_iter().map(paused)));
        let by_hand = self.lanes.as_ref().map(LaneReport::paused_by_hand).unwrap_or_default();
        let by_hand = joined(by_hand.iter().flat_map(|(account, pauses)| {
            let of = self.of_account(account);
            by_hand::sentences(pauses).into_iter().map(move |words| format!("{of}{words}"))
        }));
        let slots = match self.lanes.is_some() && ledger_is_reached {
            true => self.slots().await,
            false => None,
        };
        let notes = [
            ("paused", by_hand),
            ("lanes", lanes),
            ("slots", slots),
            ("looks", self.measure.unanswered_looks()),
        ];
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

    /// Work goes on while one account can be used.
    async fn accounts(&self) -> Check {
        let refused = |account| refused(self.ledger.as_ref(), account, &self.session);
        let refused = self.accounts.iter().map(|account| refused(account));
        let mut paused = Vec::new();
        for (account, pause) in self.accounts.iter().zip(join_all(refused).await) {
            let Some(Pause { until, reason, .. }) = pause else { continue };
            paused.push(format!("{}paused until {until}: {reason}", self.of_account(account)));
        }
        match paused.len() < self.accounts.len() {
            true => Check::noted(ACCOUNT, joined(paused)),
            false => Check::failing(ACCOUNT, joined(paused)),
        }
    }

    /// Before what is said about an account, if there are several.
    fn of_account(&self, account: &str) -> String {
        if self.accounts.len() > 1 { format!("account {account}: ") } else { String::new() }
    }

    /// Slots are released once the doubts are settled, or when no such task can run any more.
    async fn slots(&self) -> Option<String> {
        let pools =
            |account: &String| Resource::ALL.map(|resource| Permit::pool_of(account, resource));
        let held: Vec<_> = self.accounts.iter().flat_map(pools).collect();
        joined(self.doubted.sentences(self.ledger.as_ref(), &held).await)
    }
}

fn paused(lane: &PausedLane) -> String {
    let PausedLane { account: _, resource, operation, why, until } = lane;
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
