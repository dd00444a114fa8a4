//! The latest tests of the look-ups by external id.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use job::Timestamp;
use kling::{LookUp, Route};

/// How long a test is valid; a failed one for less time, since a doubt may wait for it.
const HOLDS: Duration = Duration::from_secs(600);
const FAILED_HOLDS: Duration = Duration::from_secs(60);
/// How long a test without an answer is not repeated, for any job.
const UNHEARD_HOLDS: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    pub(crate) truthful: Option<LookUp>,
    pub(crate) at: Timestamp,
}

impl Trial {
    fn holds(self, now: Timestamp) -> bool {
        now.since(self.at) < if self.truthful.is_some() { HOLDS } else { FAILED_HOLDS }
    }
}

/// The latest test of each route.
#[derive(Default)]
pub(crate) struct Trials {
    of: Mutex<HashMap<Route, Trial>>,
    unheard: Mutex<HashMap<Route, Unheard>>,
}

/// A test that got no answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unheard {
    pub(crate) why: String,
    pub(crate) at: Timestamp,
}

impl Trials {
    pub(crate) fn get(&self, route: Route, now: Timestamp) -> Option<Trial> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.get(&route).copied().filter(|trial| trial.holds(now))
    }

    pub(crate) fn put(&self, route: Route, trial: Trial) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let before = of.insert(route, trial);
        if before.map(|before| before.truthful) == Some(trial.truthful) {
            return;
        }
        match trial.truthful {
            Some(form) => {
                tracing::info!(%route, %form, "the look-up by external id can be believed")
            }
            None => tracing::warn!(%route, "no look-up by external id can be believed"),
        }
    }

    /// Many jobs in doubt wait for one answer: without this, each would repeat the query.
    pub(crate) fn put_off(&self, route: Route, unheard: Unheard) {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner).insert(route, unheard);
    }

    pub(crate) fn is_put_off(&self, route: Route, now: Timestamp) -> Option<String> {
        let unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |unheard: &&Unheard| now.since(unheard.at) < UNHEARD_HOLDS;
        unheard.get(&route).filter(recent).map(|unheard| unheard.why.clone())
    }

    /// The result is no longer valid: the next job in doubt repeats the test.
    pub(crate) fn forget(&self, route: Route) {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).remove(&route);
        tracing::warn!(%route, "the look-up by external id denies a task that exists");
    }

    pub(crate) fn standings(&self) -> Vec<(Route, Option<LookUp>)> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.iter().map(|(route, trial)| (*route, trial.truthful)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn a_trial_holds_for_a_while_and_a_failed_one_not_as_long() {
        let good = Trial { truthful: Some(LookUp::Path), at: AT };
        let bad = Trial { truthful: None, at: AT };
        assert!(good.holds(AT + FAILED_HOLDS) && !good.holds(AT + HOLDS));
        assert!(bad.holds(AT) && !bad.holds(AT + FAILED_HOLDS));
    }

    /// Otherwise every job in doubt that waits for it would repeat the query.
    #[test]
    fn a_trial_without_an_answer_is_not_repeated_at_once() {
        let (trials, route) = (Trials::default(), Route::VideosText2video);
        trials.put_off(route, Unheard { why: "no such task".to_owned(), at: AT });
        let just_before = AT + (UNHEARD_HOLDS - Duration::from_millis(1));
        assert_eq!(trials.is_put_off(route, just_before).as_deref(), Some("no such task"));
        assert_eq!(trials.is_put_off(route, AT + UNHEARD_HOLDS), None);
        assert_eq!(trials.is_put_off(Route::ImagesGenerations, AT), None, "another route");
        assert!(trials.get(route, AT).is_none(), "nothing is known by it");
    }

    #[test]
    fn a_trial_that_stops_holding_is_forgotten() {
        let trials = Trials::default();
        trials.put(Route::VideosText2video, Trial { truthful: Some(LookUp::Path), at: AT });
        assert!(trials.get(Route::VideosText2video, AT).is_some());
        trials.forget(Route::VideosText2video);
        assert!(trials.get(Route::VideosText2video, AT).is_none());
    }
}
