//! Tasks that the provider is known to have; look-ups are tested with them. The ledger stores them
//! for pollers that start later. If it has none, its records may contain one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::Timestamp;
use kling::Route;
use ports::Witness;

/// A route's newer witness is written to the ledger at most this often.
const TOLD_EVERY: Duration = Duration::from_secs(600);

/// Records are read for their tasks at most this often.
const READ_EVERY: Duration = Duration::from_secs(60);

/// The last task seen on each route.
#[derive(Default)]
pub(crate) struct Witnesses {
    seen: Mutex<BTreeMap<Route, Seen>>,
    /// Ids of learned tasks that the provider denies.
    denied: Mutex<BTreeSet<String>>,
    /// When records were last read for their tasks.
    read_at: Mutex<Option<Timestamp>>,
}

struct Seen {
    witness: Witness,
    /// From the ledger: seen by another or earlier poller, perhaps at another provider.
    learned: bool,
    told_at: Option<Timestamp>,
}

impl Witnesses {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Route, Seen>> {
        lock(&self.seen)
    }

    /// Returns whether it must be written to the ledger.
    pub(crate) fn put(&self, route: Route, witness: Witness) -> bool {
        let (mut seen, now) = (self.lock(), witness.seen_at);
        let told_at = seen.get(&route).and_then(|seen| seen.told_at);
        let told_at = told_at.filter(|at| now.since(*at) < TOLD_EVERY);
        let tell = told_at.is_none();
        let told_at = Some(told_at.unwrap_or(now));
        seen.insert(route, Seen { witness, learned: false, told_at });
        tell
    }

    /// It could not be written to the ledger.
    pub(crate) fn untold(&self, route: Route) {
        if let Some(seen) = self.lock().get_mut(&route) {
            seen.told_at = None;
        }
    }

    /// Adds witnesses from the ledger; those seen here are newer and stay.
    pub(crate) fn learn(&self, known: Vec<Witness>, now: Timestamp) {
        let denied = lock(&self.denied);
        let known = known.into_iter().filter(|known| known.is_recent(now));
        for witness in known.filter(|known| !denied.contains(&known.task_id)) {
            let Some(route) = Route::parse(witness.operation.as_str()) else { continue };
            self.lock().entry(route).or_insert(Seen { witness, learned: true, told_at: None });
        }
    }

    /// Limits how often all keys of the ledger are read.
    pub(crate) fn may_read(&self, now: Timestamp) -> bool {
        let mut read_at = lock(&self.read_at);
        let may = read_at.is_none_or(|at| now.since(at) >= READ_EVERY);
        if may {
            *read_at = Some(now);
        }
        may
    }

    /// All routes that have a witness.
    pub(crate) fn routes(&self) -> Vec<Route> {
        self.lock().keys().copied().collect()
    }

    /// The provider denies this task. `true`: that shows nothing about the look-up. The task was
    /// only learned, perhaps from another provider, or another one is known by now.
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

    pub(crate) fn get(&self, route: Route) -> Option<Witness> {
        self.lock().get(&route).map(|seen| seen.witness.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use job::{ExternalId, JobKey, Life, Operation};

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
    fn the_first_witness_is_stored_and_later_ones_now_and_then() {
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
    fn records_are_read_once_a_minute() {
        let witnesses = Witnesses::default();
        let may = [0, 59, 60].map(|after| witnesses.may_read(AT + Duration::from_secs(after)));
        assert_eq!(may, [true, false, true]);
    }

    #[test]
    fn a_failed_write_is_repeated_with_the_next_witness() {
        let witnesses = Witnesses::default();
        assert!(witnesses.put(ROUTE, witness("1", AT)));
        witnesses.untold(ROUTE);
        assert!(witnesses.put(ROUTE, witness("1", AT)));
    }
}
