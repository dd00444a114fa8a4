//! Why the intake or a route is paused after errors, and until when.

use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use super::{Intake, IntakeState, PauseReason, lock};

/// Why no new job is sent for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) why: String,
    /// `None`: one job at a time probes.
    pub(crate) until: Option<Instant>,
}

impl Intake {
    /// While the intake is paused after errors, and after that until a probe succeeds.
    pub(crate) fn backoff(&self) -> Option<Backoff> {
        let is_paused =
            matches!(&*self.lock(), IntakeState::Paused { reason: PauseReason::Backoff(_), .. });
        let Backoff { why, until } = lock(&self.backoff).clone()?;
        let troubled = is_paused || lock(&self.health).is_troubled();
        troubled.then(|| Backoff { why, until: until.filter(|_| is_paused) })
    }

    /// Routes whose jobs wait while others of the lane are sent.
    /// Whether its jobs wait while those of other routes are sent.
    pub(crate) fn is_paused_for(&self, route: Option<Route>) -> bool {
        route.is_some_and(|route| self.paused_routes().iter().any(|(of, _)| *of == route))
    }

    pub(crate) fn paused_routes(&self) -> Vec<(Route, Backoff)> {
        let (health, now) = (lock(&self.health), Instant::now());
        let backoff = |(route, why, until): (Route, &str, Option<Instant>)| {
            let until = until.filter(|until| *until > now);
            (route, Backoff { why: why.to_owned(), until })
        };
        health.routes().troubled().map(backoff).collect()
    }

    /// What is left of the last backoff.
    pub(crate) fn backoff_left(&self) -> Duration {
        let until = lock(&self.backoff).as_ref().and_then(|backoff| backoff.until);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    pub(super) fn backs_off(&self, why: &str, time: Duration) {
        let until = Some(Instant::now() + time);
        *lock(&self.backoff) = Some(Backoff { why: why.to_owned(), until });
    }

    /// While another worker probes. The last backoff says why.
    pub(crate) fn wait_for_another(&self, time: Duration) {
        let mut state = self.lock();
        if let IntakeState::Open { .. } = &*state {
            let why = "another worker tries".to_owned();
            *state = IntakeState::Paused { reason: PauseReason::Backoff(time), why };
            self.backoff_ends_in(time);
            self.changed.notify_waiters();
        }
    }

    /// The reason has not gone yet.
    pub(crate) fn back_off_again(&self, time: Duration) {
        if let IntakeState::Paused { reason: PauseReason::Backoff(present), .. } = &mut *self.lock()
        {
            *present = time;
        }
        self.backoff_ends_in(time);
        self.changed.notify_waiters();
    }

    fn backoff_ends_in(&self, time: Duration) {
        if let Some(backoff) = &mut *lock(&self.backoff) {
            backoff.until = Some(Instant::now() + time);
        }
    }
}
