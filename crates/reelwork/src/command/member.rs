//! Commands that write join the ledger, and wait until it has been compared.

use std::sync::Arc;
use std::time::Duration;

use daemon::Config;
use follower::Follower;
use operator::Operator;
use ports::SystemClock;
use recorder::{Phase, Session};

use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::settings;

/// Longer than the comparison of a large journal takes.
const PATIENCE: Duration = Duration::from_secs(60);

const DRAIN: Duration = Duration::from_secs(2);

/// The membership of a command, with the actions of an operator.
pub(crate) struct Member {
    pub(crate) backends: Backends,
    pub(crate) operator: Operator,
    session: Arc<Session>,
}

impl Member {
    /// Joins a ledger that has been compared with the journal. One that lost its data does not have
    /// the paid jobs: it is compared first, here or in a role that is faster.
    pub(crate) async fn join(config: &Config, output: &Output) -> Result<Self, Error> {
        let backends = Backends::open(config).await?;
        let session = Arc::new(backends.join().await?);
        if session.phase() < Phase::Closed && !compare(config, &backends, &session, output).await {
            session.leave().await;
            return Err(Error::Unavailable(
                "the ledger is being rebuilt from the journal: nothing was changed; try again \
                 later"
                    .to_owned(),
            ));
        }
        let (ledger, broker) = (backends.ledger.clone(), backends.broker.clone());
        let (rules, retention) = (settings::rules(config), config.ledger.retention);
        let operator = Operator::new(ledger, broker, session.clone(), rules, retention);
        Ok(Self { backends, operator, session })
    }

    pub(crate) async fn leave(self) {
        self.session.leave().await;
    }
}

async fn compare(
    config: &Config,
    backends: &Backends,
    session: &Arc<Session>,
    output: &Output,
) -> bool {
    output.message("the ledger is being rebuilt from the journal: waiting for it");
    let follower = Follower::start(
        backends.broker.clone(),
        backends.ledger.clone(),
        session.clone(),
        Arc::new(SystemClock),
        follower::Settings { goes_on: false, ..settings::follower(config) },
    );
    let reached = tokio::time::timeout(PATIENCE, session.reached(Phase::Closed)).await;
    follower.drain(DRAIN).await;
    reached.is_ok()
}
