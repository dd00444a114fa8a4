//! Whether a resource's lanes may take deliveries, and how many at a time.
//!
//! While a lane cannot work, its messages stay in the broker, untouched, instead of being taken and
//! put back. `permission` lets one request be sent, `answer` applies what its answer shows, `report`
//! what other workers reported, and `backoff` shows why the lane is paused and until when.

mod answer;
mod backoff;
mod permission;
mod report;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kling::Route;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) use self::answer::{Change, Changes};
pub(crate) use self::backoff::Backoff;
pub(crate) use self::permission::{NotNow, Sending};
pub(crate) use self::report::Report;
use crate::hold_times::HoldTimes;
use crate::lane_health::LaneHealth;
use crate::models::Models;
use crate::slot_queue::SlotQueue;
use crate::window::{Next, Window};

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
    /// Until slots at the provider are free that no delivery waits for.
    PoolFull,
    /// For this long, after an error.
    Backoff(Duration),
    /// Until the account's pause has ended.
    AccountPaused,
    /// Until the ledger holds what the journal holds.
    LedgerRebuild,
}

pub(crate) struct Intake {
    state: Mutex<IntakeState>,
    /// Wakes in the order of waiting, so that a simulation can be repeated; a watch channel
    /// wakes in random order.
    changed: Notify,
    window: Mutex<Window>,
    health: Mutex<LaneHealth>,
    models: Mutex<Models>,
    /// Jobs that keep the intake paused.
    keepers: AtomicU32,
    /// Deliveries in hand while the pool is full.
    pub(crate) slots: SlotQueue,
    /// The last error that paused the intake for a time.
    backoff: Mutex<Option<Backoff>>,
    /// When the reports of other workers were last read, by route.
    read_at: Mutex<BTreeMap<Route, Instant>>,
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
    /// Paused until the free slots are counted: a worker that starts while the pool is full, as in
    /// an upgrade, takes nothing that it would only hold.
    pub(crate) fn new(widest: u16, hold: HoldTimes) -> Self {
        let why = "slots are not counted yet".to_owned();
        Self {
            state: Mutex::new(IntakeState::Paused { reason: PauseReason::PoolFull, why }),
            changed: Notify::new(),
            window: Mutex::new(Window::new(widest, hold.slots)),
            health: Mutex::new(LaneHealth::new(hold)),
            models: Mutex::default(),
            keepers: AtomicU32::new(0),
            slots: SlotQueue::default(),
            backoff: Mutex::default(),
            read_at: Mutex::default(),
            stopping: AtomicBool::new(false),
            put_back: tokio::sync::Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, IntakeState> {
        lock(&self.state)
    }

    pub(crate) fn state(&self) -> IntakeState {
        self.lock().clone()
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
                PauseReason::PoolFull => tracing::debug!(%why, "jobs are taken one by one"),
                PauseReason::Backoff(time) => {
                    self.backs_off(&why, *time);
                    tracing::info!(%why, "lane paused");
                }
                PauseReason::AccountPaused | PauseReason::LedgerRebuild => {
                    tracing::info!(%why, "lane paused");
                }
            }
            *state = IntakeState::Paused { reason, why };
            self.changed.notify_waiters();
        }
    }

    /// No request may be sent, not even for a delivery that was taken before. A full pool does not
    /// forbid it: there the permit decides.
    pub(crate) fn forbids_sending(&self) -> bool {
        match &*self.lock() {
            IntakeState::Open { .. }
            | IntakeState::Paused { reason: PauseReason::PoolFull, .. } => false,
            IntakeState::Paused { .. } => true,
        }
    }

    /// While this is held, nothing opens the intake.
    pub(crate) fn keep_paused(&self) -> KeepPaused<'_> {
        self.keepers.fetch_add(1, Ordering::Relaxed);
        KeepPaused(self)
    }

    pub(crate) fn is_kept_paused(&self) -> bool {
        self.keepers.load(Ordering::Relaxed) > 0
    }

    /// For a part of the slots that were free.
    pub(crate) fn open_for(&self, free: u32) {
        self.open_by(|window| window.set_for(free));
    }

    pub(crate) fn open(&self, most: u16) {
        self.open_by(|window| window.set(most));
    }

    fn open_by(&self, set: impl FnOnce(&mut Window) -> u16) {
        if self.is_kept_paused() {
            return;
        }
        let window = set(&mut lock(&self.window));
        let mut state = self.lock();
        if *state != (IntakeState::Open { window }) {
            *state = IntakeState::Open { window };
            self.changed.notify_waiters();
            self.slots.call_all();
        }
    }

    pub(crate) fn slot_granted(&self) {
        let IntakeState::Open { window } = self.state() else {
            return;
        };
        let next = lock(&self.window).granted(window, self.is_unsure());
        match next {
            Next::Same => {}
            Next::Wider(window) => self.open(window),
            Next::Count => self.pause("the free slots are counted", PauseReason::PoolFull),
        }
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
