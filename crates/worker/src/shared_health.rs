//! Reports between workers, in the ledger: unclear answers cost slots that all workers share. One
//! worker at a time probes whether the trouble is over.

use std::time::Duration;

use job::{Resource, Timestamp};
use kling::Route;
use ports::{LedgerError, Pause, Permit};

use crate::backoff::PROBE_PATIENCE;
use crate::intake::{Change, Changes, Intake, Report};
use crate::shared::Shared;

/// Between two looks at the reports of other workers.
pub(crate) const READ_AGAIN: Duration = Duration::from_secs(1);
/// While another worker probes.
pub(crate) const ANOTHER_PROBES: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(1);
/// Far longer than the backoff after a single failure, and shorter than that after two.
const SEVERAL: Duration = Duration::from_secs(1);
/// Of a report whose backoff is over: a worker that starts later ignores it.
const OLD: Duration = Duration::from_secs(60);

/// What fails: all of a resource, or one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Lane(Resource),
    Route(Resource, Route),
}

impl Scope {
    fn route(self) -> Option<Route> {
        match self {
            Self::Lane(_) => None,
            Self::Route(_, route) => Some(route),
        }
    }

    /// No account can have this name.
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

/// Reads whether a task of this route is known, whichever worker submitted it.
pub(crate) async fn learn_known_task(shared: &Shared, intake: &Intake, route: Route) {
    let now = shared.clock.now();
    let known = shared.ledger.witnesses(&shared.settings.account);
    let Ok(Ok(known)) = tokio::time::timeout(PATIENCE, known).await else {
        return tracing::debug!(%route, "whether a task of it is known could not be read");
    };
    let mut recent = known.iter().filter(|witness| witness.is_recent(now));
    if recent.any(|witness| witness.operation.as_str() == route.path()) {
        intake.can_look_for(route);
    }
}

/// Reports what an answer has changed.
pub(crate) async fn report(shared: &Shared, resource: Resource, route: Route, changes: &Changes) {
    let Changes { lane, route: of_route, .. } = changes;
    let scopes = [(Scope::Lane(resource), lane), (Scope::Route(resource, route), of_route)];
    for (scope, change) in scopes {
        let Some(change) = change else { continue };
        let name = scope.name(shared);
        // Bounded: the acknowledgement of the delivery comes after it.
        match tokio::time::timeout(PATIENCE, report_one(shared, &name, change)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, name, "not reported to other workers"),
            Err(_) => tracing::debug!(name, "not reported to other workers in time"),
        }
    }
}

async fn report_one(shared: &Shared, name: &str, change: &Change) -> Result<(), LedgerError> {
    let now = shared.clock.now();
    let pause = match change {
        Change::Unclear { why, sent, backoff } => {
            Pause { reason: why.clone(), since: now - *sent, until: now + *backoff }
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

/// Pure. A late answer concerns the past: an old good one hides no newer bad one, and an old bad
/// one no newer good one.
fn is_of_the_past(pause: &Pause, there: &Pause) -> bool {
    there.since > pause.since && (is_understood(there) || is_understood(pause))
}

/// Pure. A report that an answer was understood ends before it begins.
fn is_understood(pause: &Pause) -> bool {
    pause.until < pause.since
}

/// Pure. A backoff of this length follows more than one failure, or a single one whose answer came
/// late. However much of it is over: a worker reads it only when it has a job of the route.
fn is_of_several(pause: &Pause) -> bool {
    pause.until.since(pause.since) > SEVERAL
}

/// Applies the reports about a lane and about one of its routes to the intake, if the ledger answers
/// in time.
pub(crate) async fn read_both(shared: &Shared, intake: &Intake, resource: Resource, route: Route) {
    let read = |scope| read(shared, intake, scope);
    let both =
        async { tokio::join!(read(Scope::Lane(resource)), read(Scope::Route(resource, route))) };
    if tokio::time::timeout(PATIENCE, both).await.is_err() {
        tracing::debug!(%route, "reports of other workers could not be read in time");
    }
}

/// Applies the report of another worker to the intake. Returns for how long the lane or the route
/// still backs off by it.
pub(crate) async fn read(shared: &Shared, intake: &Intake, scope: Scope) -> Option<Duration> {
    let found = shared.ledger.paused(&scope.name(shared)).await;
    let pause = found.inspect_err(|error| tracing::debug!(%error, "report not read")).ok()??;
    let now = shared.clock.now();
    // The clock was set back since.
    if pause.since > now + READ_AGAIN {
        return None;
    }
    let (ago, left) = (now.since(pause.since), pause.until.since(now));
    if is_understood(&pause) {
        intake.understood_reported(scope.route(), ago);
        return None;
    }
    if left.is_zero() && ago > OLD {
        return None;
    }
    let news = match scope {
        Scope::Lane(_) => intake.unclear_reported(&pause.reason, ago, left),
        Scope::Route(_, route) => {
            let report = Report { ago, left, several: is_of_several(&pause) };
            intake.unclear_route_reported(route, &pause.reason, report)
        }
    };
    (news && !left.is_zero()).then_some(left)
}

/// Whether this worker is the one that probes now.
pub(crate) async fn may_probe(shared: &Shared, scope: Scope) -> bool {
    let lasts = match scope {
        Scope::Lane(_) => PROBE_PATIENCE,
        Scope::Route(..) => shared.settings.post_timeout.max(PROBE_PATIENCE),
    };
    let (fence, name) = (shared.session.fence(), scope.name(shared));
    shared.ledger.take_turn(&fence, &name, lasts).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff;

    #[test]
    fn a_late_answer_hides_no_newer_one_of_the_other_kind() {
        let at = |second: i64| Timestamp::from_millis(1_000 * second);
        let pause = |since, until| Pause { reason: String::new(), since: at(since), until };
        let (bad, good) = (|s| pause(s, at(s + 60)), |s| pause(s, Timestamp::EPOCH));
        assert!(is_of_the_past(&good(1), &bad(2)) && is_of_the_past(&bad(1), &good(2)));
        assert!(!is_of_the_past(&good(2), &bad(1)) && !is_of_the_past(&bad(2), &good(1)));
        assert!(!is_of_the_past(&bad(1), &bad(2)), "unclear answers add up");
    }

    #[test]
    fn a_report_of_several_failures_is_one_however_late_it_is_read() {
        let lasting = |millis| Pause {
            reason: String::new(),
            since: Timestamp::EPOCH,
            until: Timestamp::from_millis(millis),
        };
        let after = |failures| 50 + backoff::first(failures).as_millis() as i64;
        assert!(!is_of_several(&lasting(after(1))));
        assert!(is_of_several(&lasting(after(2))));
    }
}
