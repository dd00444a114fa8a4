//! Whether a resource's lanes may take deliveries, and how many at a time.
//!
//! While a lane cannot work, its messages stay in the broker, untouched, instead of being taken and
//! put back. `permission` lets one request be sent, `answer` applies what its answer shows, `report`
//! what other workers reported, and `backoff` shows why the lane is paused and until when. `by_hand`
//! is what an operator has paused.

mod answer;
mod backoff;
mod by_hand;
mod permission;
mod report;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kling::Route;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

pub(crate) use self::answer::{Change, Changes};
pub(crate) use self::backoff::Backoff;
pub(crate) use self::permission::{NotNow, Sending};
pub(crate) use self::report::Report;
use crate::hold_times::HoldTimes;
use crate::lane_health::LaneHealth;
use crate::models::Models;
use crate::window::Window;

/// Why a lane is paused although broker and provider are well.
pub(crate) const REBUILT: &str = "the ledger has lost its memory and is being rebuilt";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IntakeState {
    /// Take up to this many deliveries at a time.
    Open {
        window: u16,
    },
    Paused {
        reason: PauseReason,
        why: String,
    },
}

/// Decides what ends the pause. Later variants win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PauseReason {
    /// Until it is known whether the account is paused.
    Starting,
    /// For this long, after an error.
    Backoff(Duration),
    /// Until the account's pause has ended.
    AccountPaused,
    /// Until the ledger holds what the journal holds.
    LedgerRebuild,
    /// Until an operator resumes it, or its time is over.
    ByHand,
}

impl IntakeState {
    /// Why no request may be sent.
    pub(crate) fn why_not(&self) -> Option<&str> {
        match self {
            Self::Open { .. } => None,
            Self::Paused { why, .. } => Some(why),
        }
    }
}

pub(crate) struct Intake {
    state: Mutex<IntakeState>,
    /// Why an operator has paused the lanes. Beside the state, which goes on under it: neither ends
    /// the other.
    by_hand: Mutex<Option<String>>,
    /// Wakes in the order of waiting, so that a simulation can be repeated; a watch channel
    /// wakes in random order.
    changed: Notify,
    window: Mutex<Window>,
    health: Mutex<LaneHealth>,
    models: Mutex<Models>,
    /// Jobs that keep the intake paused.
    keepers: AtomicU32,
    /// The last error that paused the intake for a time.
    backoff: Mutex<Option<Backoff>>,
    /// When the reports of other workers were last read, by route.
    read_at: Mutex<BTreeMap<Route, Instant>>,
    /// The provider was busy when it was asked last.
    refused: AtomicBool,
    stopping: AtomicBool,
    put_back: tokio::sync::Mutex<()>,
}

/// Keeps the intake paused until it is dropped.
pub(crate) struct KeepPaused<'a>(&'a Intake);

impl Drop for KeepPaused<'_> {
    fn drop(&mut self) {
        self.0.keepers.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Intake {
    /// Paused until it is known whether the account is.
    pub(crate) fn new(widest: u16, hold: HoldTimes) -> Self {
        let why = "the worker starts".to_owned();
        Self {
            state: Mutex::new(IntakeState::Paused { reason: PauseReason::Starting, why }),
            by_hand: Mutex::default(),
            changed: Notify::new(),
            window: Mutex::new(Window::new(widest)),
            health: Mutex::new(LaneHealth::new(hold)),
            models: Mutex::default(),
            keepers: AtomicU32::new(0),
            backoff: Mutex::default(),
            read_at: Mutex::default(),
            refused: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            put_back: tokio::sync::Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, IntakeState> {
        lock(&self.state)
    }

    pub(crate) fn state(&self) -> IntakeState {
        self.paused_by_hand().unwrap_or_else(|| self.lock().clone())
    }

    /// The next change of the state, once it is enabled.
    pub(crate) fn changes(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Returns once the state is as wanted.
    pub(crate) async fn wait_for(&self, wanted: impl Fn(&IntakeState) -> bool) -> IntakeState {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Before the state is read: a change in between must not be missed.
            changed.as_mut().enable();
            let state = self.state();
            if wanted(&state) {
                return state;
            }
            changed.await;
        }
    }

    /// `why`: for logs and operators.
    pub(crate) fn pause(&self, why: impl Into<String>, reason: PauseReason) {
        let why = why.into();
        let mut state = self.lock();
        let wins = match &*state {
            IntakeState::Open { .. } => true,
            IntakeState::Paused { reason: present, .. } => *present < reason,
        };
        if wins {
            match &reason {
                PauseReason::Backoff(time) => {
                    self.backs_off(&why, *time);
                    tracing::info!(%why, "lane paused");
                }
                PauseReason::Starting
                | PauseReason::AccountPaused
                | PauseReason::LedgerRebuild
                | PauseReason::ByHand => {
                    tracing::info!(%why, "lane paused");
                }
            }
            *state = IntakeState::Paused { reason, why };
            self.changed.notify_waiters();
        }
    }

    /// No request may be sent, not even for a delivery that was taken before.
    pub(crate) fn forbids_sending(&self) -> bool {
        self.why_not().is_some()
    }

    /// Why no request may be sent.
    fn why_not(&self) -> Option<String> {
        self.state().why_not().map(str::to_owned)
    }

    /// While this is held, nothing opens the intake.
    pub(crate) fn keep_paused(&self) -> KeepPaused<'_> {
        self.keepers.fetch_add(1, Ordering::Relaxed);
        KeepPaused(self)
    }

    pub(crate) fn is_kept_paused(&self) -> bool {
        self.keepers.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn open(&self, most: u16) {
        if self.is_kept_paused() {
            return;
        }
        let window = lock(&self.window).set(most);
        let mut state = self.lock();
        if *state != (IntakeState::Open { window }) {
            *state = IntakeState::Open { window };
            self.changed.notify_waiters();
        }
    }

    /// A job has got a slot, or a place in the waiting room.
    pub(crate) fn admitted(&self) {
        let Some(window) = lock(&self.window).admitted(self.is_unsure()) else { return };
        let mut state = self.lock();
        if let IntakeState::Open { .. } = &*state {
            *state = IntakeState::Open { window };
            self.changed.notify_waiters();
        }
    }

    /// How many waiting jobs may be submitted at a time; `None`: any number. After a pause only a few,
    /// since they may all meet what caused it.
    pub(crate) fn narrow(&self) -> Option<u16> {
        if self.is_unsure() {
            return Some(1);
        }
        let window = lock(&self.window);
        (!window.is_widest()).then(|| window.present())
    }

    /// No delivery waits for permission any more: the worker stops.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests;
