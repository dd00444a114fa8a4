//! Tasks that the provider was seen to have, by which its look-ups are tested. The ledger keeps
//! them for pollers that begin later; where it has none, its records may name one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::{Record, StateKind, Timestamp};
use kling::Route;
use ports::{ListFilter, Witness};

use crate::shared::Shared;

/// The ledger is told of a younger one no more often.
const TOLD_EVERY: Duration = Duration::from_secs(600);

/// Records are read for their tasks no more often, and so many of them.
const READ_EVERY: Duration = Duration::from_secs(60);
const MOST_READ: usize = 200;

/// The task of each route that was seen last.
#[derive(Default)]
pub(crate) struct Witnesses {
    seen: Mutex<BTreeMap<Route, Seen>>,
    /// Task ids that were learned and that the provider denies.
    denied: Mutex<BTreeSet<String>>,
    /// When records were read for their tasks.
    read_at: Mutex<Option<Timestamp>>,
}

struct Seen {
    witness: Witness,
    /// By another poller, or an earlier one; perhaps of another provider.
    learned: bool,
    told_at: Option<Timestamp>,
}

impl Witnesses {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Route, Seen>> {
        lock(&self.seen)
    }

    /// Whether the ledger is to be told.
    fn put(&self, route: Route, witness: Witness) -> bool {
        let (mut seen, now) = (self.lock(), witness.seen_at);
        let told_at = seen.get(&route).and_then(|seen| seen.told_at);
        let told_at = told_at.filter(|at| now.since(*at) < TOLD_EVERY);
        let tell = told_at.is_none();
        let told_at = Some(told_at.unwrap_or(now));
        seen.insert(route, Seen { witness, learned: false, told_at });
        tell
    }

    /// The ledger could not be told.
    fn untold(&self, route: Route) {
        if let Some(seen) = self.lock().get_mut(&route) {
            seen.told_at = None;
        }
    }

    /// From the ledger: what was seen here meanwhile is younger.
    fn learn(&self, known: Vec<Witness>, now: Timestamp) {
        let denied = lock(&self.denied);
        let known = known.into_iter().filter(|known| known.is_recent(now));
        for witness in known.filter(|known| !denied.contains(&known.task_id)) {
            let Some(route) = Route::parse(witness.operation.as_str()) else { continue };
            self.lock().entry(route).or_insert(Seen { witness, learned: true, told_at: None });
        }
    }

    /// All keys of the ledger are looked at for it.
    fn may_read(&self, now: Timestamp) -> bool {
        let mut read_at = lock(&self.read_at);
        let may = read_at.is_none_or(|at| now.since(at) >= READ_EVERY);
        if may {
            *read_at = Some(now);
        }
        may
    }

    /// Every route that has one.
    pub(crate) fn routes(&self) -> Vec<Route> {
        self.lock().keys().copied().collect()
    }

    /// The provider denies this task. `true`: one that was only learned, perhaps of another
    /// provider, or another is known by now; it says nothing about the look-up.
    pub(crate) fn is_denied(&self, route: Route, task_id: &str) -> bool {
        let mut seen = self.lock();
        let Some(present) = seen.get(&route) else { return true };
        if present.witness.task_id != task_id {
            return true;
        }
        let learned = present.learned;
        if learned {
            seen.remove(&route);
            lock(&self.denied).insert(task_id.to_owned());
        }
        learned
    }

    fn get(&self, route: Route) -> Option<Witness> {
        self.lock().get(&route).map(|seen| seen.witness.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The provider has shown this task.
pub(crate) async fn see(shared: &Shared, route: Route, witness: Witness) {
    if !shared.witnesses.put(route, witness.clone()) {
        return;
    }
    let told = shared.ledger.witness(&shared.settings.account, &witness).await;
    if let Err(error) = told {
        shared.witnesses.untold(route);
        tracing::debug!(%error, %route, "the ledger does not know that this task was seen");
    }
}

/// One that was seen by this poller, or by another one lately.
pub(crate) async fn of(shared: &Shared, route: Route) -> Option<Witness> {
    if shared.witnesses.get(route).is_none() {
        learn(shared).await;
    }
    if shared.witnesses.get(route).is_none() && shared.witnesses.may_read(shared.clock.now()) {
        learn_from_records(shared).await;
    }
    shared.witnesses.get(route)
}

/// A ledger that was emptied, or that an earlier version kept, has them in its records only.
async fn learn_from_records(shared: &Shared) {
    let filter = ListFilter::of_states(&[StateKind::Pending, StateKind::Succeeded], MOST_READ);
    match shared.ledger.list(&filter).await {
        Ok(records) => {
            let of_account = |record: &Record| record.account == shared.settings.account;
            let found = records.into_iter().filter(of_account).filter_map(witness);
            shared.witnesses.learn(found.collect(), shared.clock.now());
        }
        Err(error) => tracing::debug!(%error, "records could not be read for their tasks"),
    }
}

fn witness(record: Record) -> Option<Witness> {
    let seen_at = record.last_change();
    let Record { operation, external_id, task_id, .. } = record;
    Some(Witness { operation, external_id, task_id: task_id?, seen_at })
}

/// What was seen before this poller began.
pub(crate) async fn learn(shared: &Shared) {
    match shared.ledger.witnesses(&shared.settings.account).await {
        Ok(known) => shared.witnesses.learn(known, shared.clock.now()),
        Err(error) => tracing::debug!(%error, "what other pollers have seen is not known"),
    }
}

#[cfg(test)]
mod tests {
    use job::{ExternalId, JobKey, Life, MessageFacts, Operation, decode};

    use super::*;

    const AT: Timestamp = Timestamp::from_millis(100_000_000_000);
    const ROUTE: Route = Route::VideosText2video;

    fn witness(task_id: &str, seen_at: Timestamp) -> Witness {
        let key = JobKey::parse("default/a").unwrap();
        let external_id = ExternalId::derive("reelwork", &key, &Life::default(), 1);
        let (operation, task_id) = (Operation::new(ROUTE.path()), task_id.to_owned());
        Witness { operation, task_id, external_id, seen_at }
    }

    #[test]
    fn the_ledger_is_told_of_the_first_and_then_now_and_then() {
        let witnesses = Witnesses::default();
        let told = [0, 1, 599, 600, 601].map(|seconds| {
            let at = AT + Duration::from_secs(seconds);
            witnesses.put(ROUTE, witness(&seconds.to_string(), at))
        });
        assert_eq!(told, [true, false, false, true, false]);
        assert_eq!(witnesses.get(ROUTE).unwrap().task_id, "601");
    }

    #[test]
    fn what_others_have_seen_lately_is_a_witness_until_one_is_seen_here() {
        let witnesses = Witnesses::default();
        let day = Duration::from_secs(24 * 3600);
        witnesses.learn(vec![witness("old", AT)], AT + day);
        assert_eq!(witnesses.get(ROUTE), None);
        witnesses.learn(vec![witness("theirs", AT)], AT + day / 2);
        assert_eq!(witnesses.get(ROUTE).unwrap().task_id, "theirs");
        witnesses.put(ROUTE, witness("ours", AT + day / 2));
        witnesses.learn(vec![witness("theirs", AT)], AT + day / 2);
        assert_eq!(witnesses.get(ROUTE).unwrap().task_id, "ours");
    }

    #[test]
    fn what_was_learned_and_is_denied_is_not_learned_again() {
        let witnesses = Witnesses::default();
        witnesses.learn(vec![witness("theirs", AT)], AT);
        assert!(witnesses.is_denied(ROUTE, "theirs"));
        witnesses.learn(vec![witness("theirs", AT)], AT);
        assert_eq!(witnesses.get(ROUTE), None);
        witnesses.put(ROUTE, witness("ours", AT));
        assert!(witnesses.is_denied(ROUTE, "theirs"), "another is known by now");
        assert!(!witnesses.is_denied(ROUTE, "ours"), "it was shown and is denied: it forgets");
        assert_eq!(witnesses.get(ROUTE).unwrap().task_id, "ours");
    }

    #[test]
    fn a_record_with_a_task_tells_as_much() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let record = Record::new(&job, "default", "reelwork", AT);
        assert_eq!(super::witness(record.clone()), None, "not submitted yet");
        let told = super::witness(Record { task_id: Some("7".into()), ..record.clone() }).unwrap();
        assert_eq!((told.task_id.as_str(), told.seen_at), ("7", record.last_change()));
        assert_eq!(told.external_id, record.external_id);
    }

    #[test]
    fn records_are_read_once_a_minute() {
        let witnesses = Witnesses::default();
        let may = [0, 59, 60].map(|after| witnesses.may_read(AT + Duration::from_secs(after)));
        assert_eq!(may, [true, false, true]);
    }

    #[test]
    fn a_ledger_that_could_not_be_told_is_told_with_the_next_look() {
        let witnesses = Witnesses::default();
        assert!(witnesses.put(ROUTE, witness("1", AT)));
        witnesses.untold(ROUTE);
        assert!(witnesses.put(ROUTE, witness("1", AT)));
    }
}
