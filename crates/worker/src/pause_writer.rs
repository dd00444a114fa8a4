//! Writes to the ledger why lanes are paused, for `why` and other readers: the record of a job that
//! waits does not know, or does not exist yet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::{Operation, Resource};
use ports::{Pause, Permit};
use tokio_util::sync::CancellationToken;

use crate::intake::REBUILT;
use crate::lane_report::{LaneReport, PausedLane};
use crate::shared::Shared;

const CHECK: Duration = Duration::from_secs(2);

/// A resource, or one operation of it.
type Scope = (Resource, Option<Operation>);

pub(crate) async fn run(shared: Arc<Shared>, lanes: LaneReport, stop: CancellationToken) {
    let mut written: BTreeMap<Scope, PausedLane> = BTreeMap::new();
    while stop.run_until_cancelled(shared.clock.sleep(CHECK)).await.is_some() {
        let paused: BTreeMap<Scope, PausedLane> =
            paused(&shared, &lanes).into_iter().map(|lane| (scope_of(&lane), lane)).collect();
        for scope in written.keys().filter(|scope| !paused.contains_key(scope)) {
            write(&shared, scope, None).await;
        }
        for (scope, now) in &paused {
            // A pause without an end is renewed at every check.
            if written.get(scope) != Some(now) || now.until.is_none() {
                write(&shared, scope, Some(now)).await;
            }
        }
        written = paused;
    }
}

fn scope_of(paused: &PausedLane) -> Scope {
    (paused.resource, paused.operation.clone())
}

fn paused(shared: &Shared, lanes: &LaneReport) -> Vec<PausedLane> {
    if !shared.is_rebuilding() {
        return lanes.paused();
    }
    let why = || REBUILT.to_owned();
    let account = || shared.settings.account.clone();
    let rebuilt = |resource| PausedLane {
        account: account(),
        resource,
        operation: None,
        why: why(),
        until: None,
    };
    Resource::ALL.map(rebuilt).into()
}

/// Under a name that no account can have.
async fn write(shared: &Shared, scope: &Scope, paused: Option<&PausedLane>) {
    let account = &shared.settings.account;
    let name = match scope {
        (resource, None) => Permit::pool_of(account, *resource),
        (resource, Some(operation)) => Permit::rest_of(account, *resource, operation),
    };
    let done = match paused {
        Some(PausedLane { why, until, .. }) => {
            let now = shared.clock.now();
            let until = until.unwrap_or(now + 2 * CHECK);
            let pause = Pause { reason: why.clone(), since: now, until };
            shared.ledger.pause(&name, &pause).await
        }
        None => shared.ledger.resume(&name).await,
    };
    if let Err(error) = done {
        tracing::debug!(%error, name, "why a lane is paused was not written");
    }
}
