//! Why lanes rest, left in the ledger for whoever asks why a job waits: the job's own record does
//! not know, or is not there yet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::Resource;
use ports::{Pause, Permit, Phase};
use tokio_util::sync::CancellationToken;

use crate::gatekeeper::REBUILT;
use crate::lane_report::{LaneReport, Resting};
use crate::shared::Shared;

const CHECK: Duration = Duration::from_secs(2);

pub(crate) async fn run(shared: Arc<Shared>, lanes: LaneReport, stop: CancellationToken) {
    let mut left = BTreeMap::new();
    while stop.run_until_cancelled(shared.clock.sleep(CHECK)).await.is_some() {
        let resting = resting(&shared, &lanes);
        for resource in Resource::ALL {
            let now = resting.iter().find(|resting| resting.resource == resource);
            // Without an end it is said anew at every check.
            if left.get(&resource) != now || now.is_some_and(|now| now.until.is_none()) {
                leave(&shared, resource, now).await;
            }
            match now {
                Some(now) => drop(left.insert(resource, now.clone())),
                None => drop(left.remove(&resource)),
            }
        }
    }
}

fn resting(shared: &Shared, lanes: &LaneReport) -> Vec<Resting> {
    if shared.session.phase() >= Phase::Recalling {
        return lanes.resting();
    }
    let rebuilt = |resource| Resting { resource, why: REBUILT.to_owned(), until: None };
    Resource::ALL.map(rebuilt).into()
}

/// Under the pool's name, which no account can have.
async fn leave(shared: &Shared, resource: Resource, resting: Option<&Resting>) {
    let pool = Permit::pool_of(&shared.settings.account, resource);
    let done = match resting {
        Some(Resting { why, until, .. }) => {
            let now = shared.clock.now();
            let until = until.unwrap_or(now + 2 * CHECK);
            let pause = Pause { reason: why.clone(), since: now, until };
            shared.ledger.pause(&pool, &pause).await
        }
        None => shared.ledger.resume(&pool).await,
    };
    if let Err(error) = done {
        tracing::debug!(%error, %resource, "why the lane rests was not left in the ledger");
    }
}
