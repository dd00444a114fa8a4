//! Answers that are not understood cost slots which all workers share: what one worker meets is
//! left in the ledger for the others, and one of them at a time tries whether it is over.

use std::time::Duration;

use job::{Resource, Timestamp};
use kling::Route;
use ports::{LedgerError, Pause, Permit};

use crate::gate::{Change, Changes, Gate};
use crate::rests::PROBE_PATIENCE;
use crate::shared::Shared;

/// Between two looks at what another worker has met.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);
const LEAVING: Duration = Duration::from_secs(1);
/// Trouble whose rest is over says nothing to a worker that begins later.
const OLD: Duration = Duration::from_secs(60);
/// While another worker tries.
pub(crate) const TRIED: Duration = Duration::from_millis(500);

/// What is in trouble: all of a resource, or one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Lane(Resource),
    Route(Resource, Route),
}

impl Whose {
    fn route(self) -> Option<Route> {
        match self {
            Self::Lane(_) => None,
            Self::Route(_, route) => Some(route),
        }
    }

    /// Which no account can have.
    fn name(self, shared: &Shared) -> String {
        let account = &shared.settings.account;
        match self {
            Self::Lane(resource) => Permit::unclear_of(account, resource, None),
            Self::Route(resource, route) => {
                Permit::unclear_of(account, resource, Some(route.path()))
            }
        }
    }
}

/// Whether a task of this route is known, by whichever worker it was made.
pub(crate) async fn learn(shared: &Shared, gate: &Gate, route: Route) {
    let now = shared.clock.now();
    let asked = tokio::time::timeout(LEAVING, shared.ledger.witnesses(&shared.settings.account));
    let Ok(Ok(known)) = asked.await else {
        return tracing::debug!(%route, "whether a task of it is known could not be read");
    };
    let mut recent = known.iter().filter(|witness| witness.is_recent(now));
    if recent.any(|witness| witness.operation.as_str() == route.path()) {
        gate.can_look_for(route);
    }
}

/// What an answer has changed, for the other workers.
pub(crate) async fn leave(shared: &Shared, resource: Resource, route: Route, changes: &Changes) {
    let Changes { lane, route: of_route } = changes;
    let whose = [(Whose::Lane(resource), lane), (Whose::Route(resource, route), of_route)];
    for (whose, change) in whose {
        let Some(change) = change else { continue };
        let name = whose.name(shared);
        // Nobody waits longer for it: the acknowledgement comes after.
        match tokio::time::timeout(LEAVING, leave_one(shared, &name, change)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, name, "not left for other workers"),
            Err(_) => tracing::debug!(name, "not left for other workers in time"),
        }
    }
}

async fn leave_one(shared: &Shared, name: &str, change: &Change) -> Result<(), LedgerError> {
    let now = shared.clock.now();
    let pause = match change {
        Change::Unclear { why, sent, rest } => {
            Pause { reason: why.clone(), since: now - *sent, until: now + *rest }
        }
        Change::Understood { sent } => {
            Pause { reason: "understood".to_owned(), since: now - *sent, until: Timestamp::EPOCH }
        }
    };
    let there = shared.ledger.paused(name).await?;
    if there.is_some_and(|there| is_of_the_past(&pause, &there)) {
        return Ok(());
    }
    shared.ledger.pause(name, &pause).await?;
    match change {
        Change::Understood { .. } => shared.ledger.end_turn(&shared.session.fence(), name).await,
        Change::Unclear { .. } => Ok(()),
    }
}

/// Pure. An answer that comes late tells of the past: an old good one hides no newer bad one, and
/// an old bad one no newer good one.
fn is_of_the_past(pause: &Pause, there: &Pause) -> bool {
    there.since > pause.since && (is_understood(there) || is_understood(pause))
}

/// Left when it was over, for those that had met it, or by a worker's first answer.
fn is_understood(pause: &Pause) -> bool {
    pause.until < pause.since
}

/// What other workers have met is counted by the gate. For how long it still rests by that.
pub(crate) async fn look(shared: &Shared, gate: &Gate, whose: Whose) -> Option<Duration> {
    let found = shared.ledger.paused(&whose.name(shared)).await;
    let pause = found.inspect_err(|error| tracing::debug!(%error, "not looked at")).ok()??;
    let now = shared.clock.now();
    // A clock that was set back since tells nothing.
    if pause.since > now + LOOK_AGAIN {
        return None;
    }
    let (ago, rest) = (now.since(pause.since), pause.until.since(now));
    if is_understood(&pause) {
        gate.hears_it_is_over(whose.route(), ago);
        return None;
    }
    if rest.is_zero() && ago > OLD {
        return None;
    }
    let news = match whose {
        Whose::Lane(_) => gate.hears(&pause.reason, ago, rest),
        Whose::Route(_, route) => gate.hears_of(route, &pause.reason, ago, rest),
    };
    (news && !rest.is_zero()).then_some(rest)
}

/// Whether this worker may try, for so long.
pub(crate) async fn is_ours_to_try(shared: &Shared, whose: Whose) -> bool {
    let lasts = match whose {
        Whose::Lane(_) => PROBE_PATIENCE,
        Whose::Route(..) => shared.settings.post_timeout.max(PROBE_PATIENCE),
    };
    let (fence, name) = (shared.session.fence(), whose.name(shared));
    shared.ledger.take_turn(&fence, &name, lasts).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_hides_no_newer_one_of_the_other_kind() {
        let at = |second: i64| Timestamp::from_millis(1_000 * second);
        let pause = |since, until| Pause { reason: String::new(), since: at(since), until };
        let (bad, good) = (|s| pause(s, at(s + 60)), |s| pause(s, Timestamp::EPOCH));
        assert!(is_of_the_past(&good(1), &bad(2)) && is_of_the_past(&bad(1), &good(2)));
        assert!(!is_of_the_past(&good(2), &bad(1)) && !is_of_the_past(&bad(2), &good(1)));
        assert!(!is_of_the_past(&bad(1), &bad(2)), "trouble is trouble");
    }
}
