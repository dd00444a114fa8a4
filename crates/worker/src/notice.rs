//! Why lanes rest, left in the ledger for whoever asks why a job waits: the job's own record does
//! not know, or is not there yet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::{Operation, Resource};
use ports::{Pause, Permit};
use recorder::Phase;
use tokio_util::sync::CancellationToken;

use crate::gatekeeper::REBUILT;
use crate::lane_report::{LaneReport, Resting};
use crate::shared::Shared;

const CHECK: Duration = Duration::from_secs(2);

/// Whose jobs wait: a resource's, or one operation's.
type Scope = (Resource, Option<Operation>);

pub(crate) async fn run(shared: Arc<Shared>, lanes: LaneReport, stop: CancellationToken) {
    let mut left: BTreeMap<Scope, Resting> = BTreeMap::new();
    while stop.run_until_cancelled(shared.clock.sleep(CHECK)).await.is_some() {
        let resting = resting(&shared, &lanes);
        let here = |scope: &Scope| resting.iter().find(|resting| scope_of(resting) == *scope);
        for scope in left.keys().filter(|scope| here(scope).is_none()) {
            leave(&shared, scope, None).await;
        }
        for now in &resting {
            let scope = scope_of(now);
            // Without an end it is said anew at every check.
            if left.get(&scope) != Some(now) || now.until.is_none() {
                leave(&shared, &scope, Some(now)).await;
            }
        }
        left = resting.into_iter().map(|resting| (scope_of(&resting), resting)).collect();
    }
}

fn scope_of(resting: &Resting) -> Scope {
    (resting.resource, resting.operation.clone())
}

fn resting(shared: &Shared, lanes: &LaneReport) -> Vec<Resting> {
    if shared.session.phase() >= Phase::Recalling {
        return lanes.resting();
    }
    let why = || REBUILT.to_owned();
    let rebuilt = |resource| Resting { resource, operation: None, why: why(), until: None };
    Resource::ALL.map(rebuilt).into()
}

/// Under a name which no account can have.
async fn leave(shared: &Shared, scope: &Scope, resting: Option<&Resting>) {
    let account = &shared.settings.account;
    let name = match scope {
        (resource, None) => Permit::pool_of(account, *resource),
        (resource, Some(operation)) => Permit::rest_of(account, *resource, operation),
    };
    let done = match resting {
        Some(Resting { why, until, .. }) => {
            let now = shared.clock.now();
            let until = until.unwrap_or(now + 2 * CHECK);
            let pause = Pause { reason: why.clone(), since: now, until };
            shared.ledger.pause(&name, &pause).await
        }
        None => shared.ledger.resume(&name).await,
    };
    if let Err(error) = done {
        tracing::debug!(%error, name, "why jobs wait was not left in the ledger");
    }
}
