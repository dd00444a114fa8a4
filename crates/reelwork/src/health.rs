//! What must be well for a role to do its work.

use std::sync::{Arc, Weak};

use daemon::Config;
use daemon::admin::{Admin, Check, Checks};
use ports::{Broker, Clock, Ledger, Phase, Session};

use crate::doors::Doors;
use crate::failure::Failure;
use crate::measure::Measure;
use crate::roles::Roles;

/// The check that is about the provider's account.
pub(crate) const ACCOUNT: &str = "account";

/// What is looked at.
struct Watched {
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
    /// Left by its owner at the end, whoever is looking.
    session: Weak<Session>,
    /// Whose submissions may be paused; `None` for a role that submits nothing.
    account: Option<String>,
}

/// The admin port, where one is configured.
pub(crate) fn admin(
    config: &Config,
    doors: &Doors,
    roles: &Roles,
    measure: &Measure,
) -> Result<Option<Admin>, Failure> {
    let Some(listen) = config.admin.listen else {
        return Ok(None);
    };
    let watched = Arc::new(Watched {
        broker: doors.broker.clone(),
        ledger: doors.ledger.clone(),
        session: Arc::downgrade(roles.session()),
        account: roles.submit().then(|| config.kling.account.clone()),
    });
    let checks: Checks = Arc::new(move || {
        let watched = watched.clone();
        Box::pin(async move { watched.look().await })
    });
    let metrics = measure.metrics(config, doors, &checks, roles.look_ups());
    let started = Admin::start(listen, checks, metrics);
    started.map(Some).map_err(|error| Failure::Denied(format!("admin.listen: {listen}: {error}")))
}

impl Watched {
    async fn look(&self) -> Vec<Check> {
        let (broker, ledger) = tokio::join!(self.broker.check(), self.ledger.check());
        let mut checks = vec![Check::of("broker", broker), Check::of("ledger", ledger)];
        checks.push(Check { name: "journal", trouble: self.not_open() });
        if let Some(account) = &self.account {
            checks.push(Check { name: ACCOUNT, trouble: self.paused(account).await });
        }
        checks
    }

    /// The roles go on by themselves once it is open.
    fn not_open(&self) -> Option<String> {
        match self.session.upgrade()?.phase() {
            Phase::Rebuilding => Some("the ledger is compared with it".to_owned()),
            Phase::Closed => Some("requests from before a loss may still arrive".to_owned()),
            Phase::Recalling | Phase::Open => None,
        }
    }

    /// A ledger that does not answer has told so already.
    async fn paused(&self, account: &str) -> Option<String> {
        let now = self.session.upgrade()?.now();
        let pause = self.ledger.paused(account).await.ok().flatten()?;
        (pause.until > now).then(|| format!("paused until {}: {}", pause.until, pause.reason))
    }
}
