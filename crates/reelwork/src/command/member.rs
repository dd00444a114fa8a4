//! Commands that write are members of the ledger, and wait until it can be believed.

use std::sync::Arc;
use std::time::Duration;

use daemon::Config;
use follower::Follower;
use operator::Operator;
use ports::{Phase, Session, SystemClock};

use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;
use crate::roles;

/// Longer than it takes to compare a large journal.
const PATIENCE: Duration = Duration::from_secs(60);

const DRAIN: Duration = Duration::from_secs(2);

/// A command's membership, with which a person acts.
pub(crate) struct Member {
    pub(crate) doors: Doors,
    pub(crate) operator: Operator,
    session: Arc<Session>,
}

impl Member {
    /// Joins a ledger that holds what the journal knows. One that lost its memory knows nothing of
    /// what was paid for: it is compared first, here or by whichever role is faster.
    pub(crate) async fn join(config: &Config, output: &Output) -> Result<Self, Failure> {
        let doors = Doors::open(config).await?;
        let session = Arc::new(doors.join().await?);
        if session.phase() < Phase::Closed && !compare(config, &doors, &session, output).await {
            session.leave().await;
            return Err(Failure::Unavailable(
                "the ledger is being rebuilt from the journal: nothing was changed; try again \
                 later"
                    .to_owned(),
            ));
        }
        let (ledger, broker) = (doors.ledger.clone(), doors.broker.clone());
        let (rules, retention) = (roles::rules(config), config.ledger.retention);
        let operator = Operator::new(ledger, broker, session.clone(), rules, retention);
        Ok(Self { doors, operator, session })
    }

    pub(crate) async fn leave(self) {
        self.session.leave().await;
    }
}

async fn compare(config: &Config, doors: &Doors, session: &Arc<Session>, output: &Output) -> bool {
    output.say("the ledger is being rebuilt from the journal: waiting for it");
    let follower = Follower::start(
        doors.broker.clone(),
        doors.ledger.clone(),
        session.clone(),
        Arc::new(SystemClock),
        follower::Settings { goes_on: false, ..roles::follower_settings(config) },
    );
    let reached = tokio::time::timeout(PATIENCE, session.reached(Phase::Closed)).await;
    follower.drain(DRAIN).await;
    reached.is_ok()
}
