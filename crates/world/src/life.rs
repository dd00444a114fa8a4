use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memory::Connection;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::outages::Outages;
use crate::trace::Trace;

/// One process: whether it runs, and where it dies. Every call of its ports passes through it.
pub(crate) struct Life {
    pub(crate) number: u32,
    pub(crate) chance: Chance,
    pub(crate) outages: Arc<Outages>,
    pub(crate) trace: Arc<Trace>,
    connection: Connection,
    state: Mutex<State>,
    /// Wakes in the order of waiting, so that a run can be repeated; a watch channel does not.
    dead: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    frozen_until: Option<Instant>,
    points: u64,
    dies_at: Option<u64>,
}

/// At which points of a call a process can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Before the call, and between its effect and its response.
    Effect,
    /// Only after the call, if it returned something.
    Taking,
    /// At none: dying here equals dying at the next effect.
    Idle,
}

/// More calls than any correct run makes: from then on no call returns, and time advances.
const SPINNING: u64 = 3_000_000;

impl Life {
    pub(crate) fn new(
        number: u32,
        dies_at: Option<u64>,
        chance: Chance,
        outages: Arc<Outages>,
        trace: Arc<Trace>,
        connection: Connection,
    ) -> Self {
        let state = Mutex::new(State { dies_at, ..State::default() });
        let dead = CancellationToken::new();
        Self { number, chance, outages, trace, connection, state, dead }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.is_cancelled()
    }

    /// From now on no backend answers, and the broker takes back unacknowledged messages.
    pub(crate) fn end(&self) {
        if !self.dead.is_cancelled() {
            self.dead.cancel();
            self.connection.cut();
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn cut(&self) {
        self.connection.cut();
    }

    pub(crate) fn freeze(&self, wait: Duration) {
        self.state().frozen_until = Some(Instant::now() + wait);
    }

    /// Returns when the process has ended.
    pub(crate) async fn ended(&self) {
        self.dead.cancelled().await;
    }

    /// Waits while the process is frozen, for ever when it is dead.
    pub(crate) async fn pass(&self) {
        loop {
            if self.is_dead() {
                return pending().await;
            }
            let frozen = self.state().frozen_until.filter(|until| *until > Instant::now());
            match frozen {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }

    /// What happens between a call and its effect.
    pub(crate) async fn before(&self, name: &str, weight: Weight) {
        if self.trace.call() > SPINNING {
            return pending().await;
        }
        self.travel().await;
        if weight == Weight::Effect {
            self.point("before", name).await;
        }
    }

    /// What happens between an effect and its response.
    pub(crate) async fn after(&self, name: &str, weight: Weight, what: String) {
        self.trace.line(format_args!("p{}", self.number), format_args!("{name} {what}"));
        if weight != Weight::Idle {
            self.trace.act();
            self.point("after", name).await;
        }
        self.travel().await;
    }

    async fn travel(&self) {
        let delay = self.outages.delay(&self.chance);
        if !delay.is_zero() {
            sleep(delay).await;
        }
        self.pass().await;
    }

    /// One of the numbered points at which a process can be made to die.
    pub(crate) async fn point(&self, side: &str, name: &str) {
        let dies = {
            let mut state = self.state();
            state.points += 1;
            state.dies_at == Some(state.points)
        };
        if dies {
            self.trace.line(format_args!("p{}", self.number), format_args!("DIES {side} {name}"));
            self.trace.fault("crash at a point");
            self.end();
        }
        // Not `pass`: a frozen process is held at its next call, never between two of them.
        if self.is_dead() {
            pending().await
        }
    }
}
