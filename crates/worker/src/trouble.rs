//! Answers that are not understood cost slots which all workers share: what one worker meets is
//! left in the ledger for the others, and one of them at a time tries whether it is over.

use std::time::Duration;

use job::Resource;
use kling::Route;
use ports::{LedgerError, Pause, Permit};

use crate::gate::{Change, Changes, Gate};
use crate::rests::PROBE_PATIENCE;
use crate::shared::Shared;

/// Between two looks at what another worker has met.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// While another worker tries.
pub(crate) const TRIED: Duration = Duration::from_millis(500);

/// What is in trouble: all of a resource, or one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Lane(Resource),
    Route(Resource, Route),
}

impl Whose {
    /// Which no account can have.
    fn name(self, shared: &Shared) -> String {
        let account = &shared.settings.account;
        match self {
            Self::Lane(resource) => format!("{}:unclear", Permit::pool_of(account, resource)),
            Self::Route(resource, route) => {
                format!("{}:{route}:unclear", Permit::pool_of(account, resource))
            }
        }
    }
}

/// What an answer has changed, for the other workers.
pub(crate) async fn leave(shared: &Shared, resource: Resource, route: Route, changes: &Changes) {
    let Changes { lane, route: of_route } = changes;
    let whose = [(Whose::Lane(resource), lane), (Whose::Route(resource, route), of_route)];
    for (whose, change) in whose {
        let Some(change) = change else { continue };
        let name = whose.name(shared);
        if let Err(error) = leave_one(shared, &name, change).await {
            tracing::debug!(%error, name, "what was met was not left for other workers");
        }
    }
}

async fn leave_one(shared: &Shared, name: &str, change: &Change) -> Result<(), LedgerError> {
    match change {
        Change::Unclear { why, sent, rest } => {
            let now = shared.clock.now();
            let pause = Pause { reason: why.clone(), since: now - *sent, until: now + *rest };
            shared.ledger.pause(name, &pause).await
        }
        Change::Understood => {
            shared.ledger.resume(name).await?;
            shared.ledger.end_turn(&shared.session.fence(), name).await
        }
    }
}

/// For how long it still rests by what any worker has met. The gate counts it.
pub(crate) async fn look(shared: &Shared, gate: &Gate, whose: Whose) -> Option<Duration> {
    let found = shared.ledger.paused(&whose.name(shared)).await;
    let pause = found.inspect_err(|error| tracing::debug!(%error, "not looked at")).ok()??;
    let now = shared.clock.now();
    // A clock that was set back since tells nothing.
    if pause.since > now + LOOK_AGAIN {
        return None;
    }
    let (ago, rest) = (now.since(pause.since), pause.until.since(now));
    let news = match whose {
        Whose::Lane(_) => gate.hears(&pause.reason, ago, rest.min(LOOK_AGAIN)),
        Whose::Route(_, route) => gate.hears_of(route, &pause.reason, ago, rest),
    };
    (news && !rest.is_zero()).then_some(rest)
}

/// Whether this worker may try; for as long as a try may take.
pub(crate) async fn is_ours_to_try(shared: &Shared, whose: Whose) -> bool {
    let (fence, name) = (shared.session.fence(), whose.name(shared));
    shared.ledger.take_turn(&fence, &name, PROBE_PATIENCE).await.unwrap_or(false)
}
