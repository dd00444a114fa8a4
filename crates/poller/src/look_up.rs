//! Which look-up by external id can be believed: each form is tested with a task that exists and
//! with an id that does not.

use std::sync::Arc;
use std::time::Duration;

use job::{Record, Timestamp};
use kling::{LookUp, QueryError, Route};
use tokio_util::sync::CancellationToken;

use crate::ask;
use crate::settings::LookUpBy;
use crate::shared::Shared;
use crate::shared_witnesses;
use crate::trials::{Trial, Trials, Unheard};

const CHECK: Duration = Duration::from_secs(5);

/// What to do for a job in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Use(LookUp),
    /// No answer would prove anything.
    Worthless(String),
    /// Not known now, perhaps later.
    Unclear(String),
}

/// How far the look-up by external id can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUpStanding {
    /// A form is configured; it is not tested.
    Configured,
    /// On each tested route some form answers correctly.
    Truthful,
    /// On some route no form does.
    Worthless,
    /// Nothing has been tested yet: no task is known to exist.
    Untried,
}

impl LookUpStanding {
    /// All words, for metrics.
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

/// What is known of the provider's look-ups; always current.
#[derive(Clone)]
pub struct LookUpReport {
    by: LookUpBy,
    trials: Arc<Trials>,
}

impl LookUpReport {
    pub(crate) fn new(by: LookUpBy, trials: Arc<Trials>) -> Self {
        Self { by, trials }
    }

    /// `None` if no look-up is configured.
    pub fn standing(&self) -> Option<LookUpStanding> {
        match self.by {
            LookUpBy::None => None,
            LookUpBy::Form(_) => Some(LookUpStanding::Configured),
            LookUpBy::Auto => Some(standing(&self.trials.standings())),
        }
    }
}

/// Pure. The worst of all routes: on a route without a look-up, jobs in doubt are parked.
fn standing(tried: &[(Route, Option<LookUp>)]) -> LookUpStanding {
    match tried {
        [] => LookUpStanding::Untried,
        tried if tried.iter().all(|(_, form)| form.is_some()) => LookUpStanding::Truthful,
        _ => LookUpStanding::Worthless,
    }
}

/// The form of look-up to use for a record's task.
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
    let existing = shared_witnesses::of(shared, route).await.ok_or(nothing_known)?;
    if let Some(why) = shared.trials.is_put_off(route, now) {
        return Err(why);
    }
    let truthful = match ask::truthful(shared, route, &existing).await {
        // The provider does not keep its tasks: no look-up proves anything.
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

/// Tests the look-ups regularly, so that the result is known before a job is in doubt.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    if shared.settings.look_up != LookUpBy::Auto {
        return;
    }
    shared_witnesses::learn(&shared).await;
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

    #[test]
    fn one_route_without_a_look_up_decides() {
        let (video, image) = (Route::VideosText2video, Route::ImagesGenerations);
        assert_eq!(standing(&[]), LookUpStanding::Untried);
        assert_eq!(standing(&[(video, Some(LookUp::List))]), LookUpStanding::Truthful);
        let mixed = [(video, Some(LookUp::Path)), (image, None)];
        assert_eq!(standing(&mixed), LookUpStanding::Worthless);
    }
}
