//! Which look-up by external id may be believed: each form is tried on a task that exists and on
//! one that cannot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use job::{Record, Timestamp};
use kling::{LookUp, QueryError, Route};
use tokio_util::sync::CancellationToken;

use crate::ask;
use crate::settings::LookUpBy;
use crate::shared::Shared;
use crate::witnesses;

/// A trial is repeated after this; one that failed sooner, since a doubt may wait for it.
const HOLDS: Duration = Duration::from_secs(600);
const FAILED_HOLDS: Duration = Duration::from_secs(60);
/// And one without an answer, whoever asks for it.
const UNHEARD_HOLDS: Duration = Duration::from_secs(5);
const CHECK: Duration = Duration::from_secs(5);

/// What to do about a doubt's look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Use(LookUp),
    /// No answer would prove anything.
    Worthless(String),
    /// Not known now, and perhaps later.
    Unclear(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trial {
    truthful: Option<LookUp>,
    at: Timestamp,
}

impl Trial {
    fn holds(self, now: Timestamp) -> bool {
        now.since(self.at) < if self.truthful.is_some() { HOLDS } else { FAILED_HOLDS }
    }
}

/// The latest trial of each route.
#[derive(Default)]
pub(crate) struct Trials {
    of: Mutex<HashMap<Route, Trial>>,
    unheard: Mutex<HashMap<Route, Unheard>>,
}

/// A trial that was not answered, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unheard {
    why: String,
    at: Timestamp,
}

impl Trials {
    fn get(&self, route: Route, now: Timestamp) -> Option<Trial> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.get(&route).copied().filter(|trial| trial.holds(now))
    }

    fn put(&self, route: Route, trial: Trial) {
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

    /// Many doubts wait for one answer: each would ask for it again.
    fn put_off(&self, route: Route, unheard: Unheard) {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner).insert(route, unheard);
    }

    fn is_put_off(&self, route: Route, now: Timestamp) -> Option<String> {
        let unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |unheard: &&Unheard| now.since(unheard.at) < UNHEARD_HOLDS;
        unheard.get(&route).filter(recent).map(|unheard| unheard.why.clone())
    }

    /// It has stopped holding: the next doubt tries anew.
    pub(crate) fn forget(&self, route: Route) {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).remove(&route);
        tracing::warn!(%route, "the look-up by external id denies a task that exists");
    }

    fn standings(&self) -> Vec<(Route, Option<LookUp>)> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.iter().map(|(route, trial)| (*route, trial.truthful)).collect()
    }
}

/// How far the look-up by external id may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUpStanding {
    /// As configured, untried.
    Configured,
    /// Some form answers rightly on each route that was tried.
    Truthful,
    /// On some route no form does.
    Worthless,
    /// Nothing has been tried yet: no task is known to exist.
    Untried,
}

impl LookUpStanding {
    /// Every word, for metrics.
    pub const WORDS: [&'static str; 4] = ["configured", "truthful", "worthless", "untried"];

    pub fn word(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Truthful => "truthful",
            Self::Worthless => "worthless",
            Self::Untried => "untried",
        }
    }
}

/// What is known of the provider's look-ups, as it changes.
#[derive(Clone)]
pub struct LookUpReport {
    by: LookUpBy,
    trials: Arc<Trials>,
}

impl LookUpReport {
    pub(crate) fn new(by: LookUpBy, trials: Arc<Trials>) -> Self {
        Self { by, trials }
    }

    /// `None` where nobody is asked.
    pub fn standing(&self) -> Option<LookUpStanding> {
        match self.by {
            LookUpBy::None => None,
            LookUpBy::Form(_) => Some(LookUpStanding::Configured),
            LookUpBy::Auto => Some(standing(&self.trials.standings())),
        }
    }
}

/// Pure. The worst that is known: one route without a look-up is one where doubts are parked.
fn standing(tried: &[(Route, Option<LookUp>)]) -> LookUpStanding {
    match tried {
        [] => LookUpStanding::Untried,
        tried if tried.iter().all(|(_, form)| form.is_some()) => LookUpStanding::Truthful,
        _ => LookUpStanding::Worthless,
    }
}

/// By which form to ask about a record's task.
pub(crate) async fn form(shared: &Shared, record: &Record) -> Form {
    match shared.settings.look_up {
        LookUpBy::None => Form::Worthless("no look-up by external id is configured".to_owned()),
        LookUpBy::Form(form) => Form::Use(form),
        LookUpBy::Auto => match ask::route(shared, record) {
            Ok(route) => truthful(shared, route).await,
            Err(error) => Form::Unclear(error.to_string()),
        },
    }
}

async fn truthful(shared: &Shared, route: Route) -> Form {
    let now = shared.clock.now();
    let trial = match shared.trials.get(route, now) {
        Some(trial) => trial,
        None => match tried(shared, route, now).await {
            Ok(trial) => trial,
            Err(why) => return Form::Unclear(why),
        },
    };
    match trial.truthful {
        Some(form) => Form::Use(form),
        None => Form::Worthless(
            "no look-up both finds a task that exists and denies one that cannot".to_owned(),
        ),
    }
}

async fn tried(shared: &Shared, route: Route, now: Timestamp) -> Result<Trial, String> {
    let nothing_known = "no task is known yet to test the look-up with";
    let existing = witnesses::of(shared, route).await.ok_or(nothing_known)?;
    if let Some(why) = shared.trials.is_put_off(route, now) {
        return Err(why);
    }
    let truthful = match ask::truthful(shared, route, &existing).await {
        // It forgets its tasks: no look-up is worth anything.
        Err(QueryError::NotFound { .. })
            if !shared.witnesses.is_denied(route, &existing.task_id) =>
        {
            Ok(None)
        }
        answer => answer,
    };
    match truthful {
        Ok(truthful) => {
            let trial = Trial { truthful, at: now };
            shared.trials.put(route, trial);
            Ok(trial)
        }
        Err(error) => {
            let why = format!("the look-up could not be tried: {error}");
            let at = shared.clock.now();
            shared.trials.put_off(route, Unheard { why: why.clone(), at });
            Err(why)
        }
    }
}

/// Tries once in a while without a doubt, so that its result is known beforehand.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    if shared.settings.look_up != LookUpBy::Auto {
        return;
    }
    witnesses::learn(&shared).await;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.clock.sleep(CHECK) => {}
        }
        for route in shared.witnesses.routes() {
            let now = shared.clock.now();
            if shared.trials.get(route, now).is_none()
                && let Err(why) = tried(&shared, route, now).await
            {
                tracing::debug!(%route, why, "the look-up is tried later");
            }
        }
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

    #[test]
    fn one_route_without_a_look_up_is_worth_saying() {
        let (video, image) = (Route::VideosText2video, Route::ImagesGenerations);
        assert_eq!(standing(&[]), LookUpStanding::Untried);
        assert_eq!(standing(&[(video, Some(LookUp::List))]), LookUpStanding::Truthful);
        let mixed = [(video, Some(LookUp::Path)), (image, None)];
        assert_eq!(standing(&mixed), LookUpStanding::Worthless);
    }

    /// As many doubts as wait for it would each ask again.
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
