//! Whether a resource's lanes may take deliveries, and how many at a time.
//!
//! Trouble of a whole lane closes the door: its messages stay in the broker, untouched, instead
//! of being taken and put back.

mod pass;
mod rest;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::{Passed, Timestamp};
use kling::Route;
use ports::Clock;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) use self::pass::{Change, Changes, NotNow, Pass};
pub(crate) use self::rest::Rest;
use crate::lane_health::{LaneHealth, Wait};
use crate::models::Models;
use crate::rests::Held;
use crate::slot_queue::SlotQueue;
use crate::window::{Next, Window};

/// What other workers have met is not looked at more often.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two jobs of a resting route that are put back.
const TURNED_AWAY: Duration = Duration::from_millis(10);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Take up to this many deliveries at a time.
    Open {
        window: u16,
    },
    Closed {
        why: String,
        until: Reopen,
    },
}

/// What opens it again. Later variants are graver and win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reopen {
    /// Slots at the provider are free that nobody waits for.
    WhenFree,
    After(Duration),
    /// The account's pause has ended.
    WhenResumed,
    /// The ledger holds what the journal knows.
    WhenRebuilt,
}

pub(crate) struct Gate {
    door: Mutex<Door>,
    /// Wakes in the order of waiting, so that a simulation can be repeated; a watch channel
    /// wakes in random order.
    turned: Notify,
    window: Mutex<Window>,
    health: Mutex<LaneHealth>,
    models: Mutex<Models>,
    /// Jobs that keep the door closed by themselves.
    held: AtomicU32,
    /// Deliveries in hand while the pool is full.
    pub(crate) slots: SlotQueue,
    /// The last trouble that closed the door for a time.
    rest: Mutex<Option<Rest>>,
    /// When it was looked at last what other workers have met, by route.
    looked_at: Mutex<BTreeMap<Route, Instant>>,
    stopping: AtomicBool,
    turned_away: tokio::sync::Mutex<()>,
}

/// Keeps the door as it is until it is dropped.
pub(crate) struct Hold<'a>(&'a Gate);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gate {
    /// Closed until somebody has counted the free slots: a worker that begins in a full lane, as
    /// in an upgrade, takes nothing that it would only hold.
    pub(crate) fn new(widest: u16, held: Held) -> Self {
        let why = "slots are not counted yet".to_owned();
        Self {
            door: Mutex::new(Door::Closed { why, until: Reopen::WhenFree }),
            turned: Notify::new(),
            window: Mutex::new(Window::new(widest, held.slots)),
            health: Mutex::new(LaneHealth::new(held)),
            models: Mutex::default(),
            held: AtomicU32::new(0),
            slots: SlotQueue::default(),
            rest: Mutex::default(),
            looked_at: Mutex::default(),
            stopping: AtomicBool::new(false),
            turned_away: tokio::sync::Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Door> {
        lock(&self.door)
    }

    /// How it stands now.
    pub(crate) fn door(&self) -> Door {
        self.lock().clone()
    }

    /// Returns once the door is as wanted.
    pub(crate) async fn wait_for(&self, wanted: impl Fn(&Door) -> bool) -> Door {
        loop {
            let mut turned = std::pin::pin!(self.turned.notified());
            // Before the look: a turn between look and wait must not be missed.
            turned.as_mut().enable();
            let door = self.door();
            if wanted(&door) {
                return door;
            }
            turned.await;
        }
    }

    /// While another worker tries. Why the lane rests is known by then.
    pub(crate) fn wait_for_another(&self, rest: Duration) {
        let mut door = self.lock();
        if let Door::Open { .. } | Door::Closed { until: Reopen::WhenFree, .. } = &*door {
            let why = "another worker tries".to_owned();
            *door = Door::Closed { why, until: Reopen::After(rest) };
            self.rest_ends_in(rest);
            self.turned.notify_waiters();
        }
    }

    pub(crate) fn close(&self, why: impl Into<String>, until: Reopen) {
        let why = why.into();
        let mut door = self.lock();
        let graver = match &*door {
            Door::Open { .. } => true,
            Door::Closed { until: present, .. } => *present < until,
        };
        if graver {
            match until {
                Reopen::WhenFree => tracing::debug!(%why, "jobs are taken one by one"),
                Reopen::After(_) | Reopen::WhenResumed | Reopen::WhenRebuilt => {
                    tracing::info!(%why, "lane closed");
                }
            }
            if let Reopen::After(rest) = until {
                *lock(&self.rest) =
                    Some(Rest { why: why.clone(), until: Some(Instant::now() + rest) });
            }
            *door = Door::Closed { why, until };
            self.turned.notify_waiters();
        }
    }

    /// Nothing may be sent now, not even for what was already taken. A lane that is only full
    /// does not forbid it: there the permit decides.
    pub(crate) fn forbids_sending(&self) -> bool {
        match &*self.lock() {
            Door::Open { .. } | Door::Closed { until: Reopen::WhenFree, .. } => false,
            Door::Closed { .. } => true,
        }
    }

    /// Nobody waits for leave any more: the worker stops.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.turned.notify_waiters();
    }

    /// Nothing may open the door.
    pub(crate) fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed) > 0
    }

    /// While this is held, nothing opens the door again.
    pub(crate) fn hold(&self) -> Hold<'_> {
        self.held.fetch_add(1, Ordering::Relaxed);
        Hold(self)
    }

    /// For a part of the slots that were free.
    pub(crate) fn open_for(&self, free: u32) {
        self.open_by(|window| window.set_for(free));
    }

    pub(crate) fn open(&self, most: u16) {
        self.open_by(|window| window.set(most));
    }

    fn open_by(&self, set: impl FnOnce(&mut Window) -> u16) {
        if self.is_held() {
            return;
        }
        let window = set(&mut lock(&self.window));
        let mut door = self.lock();
        if *door != (Door::Open { window }) {
            *door = Door::Open { window };
            self.turned.notify_waiters();
            self.slots.call_all();
        }
    }

    pub(crate) fn granted(&self) {
        let Door::Open { window } = self.door() else {
            return;
        };
        let next = lock(&self.window).granted(window, self.is_unsure());
        match next {
            Next::Same => {}
            Next::Wider(window) => self.open(window),
            Next::Count => self.close("the free slots are counted", Reopen::WhenFree),
        }
    }

    /// Leave to send one request. While it is not known whether answers are understood, the
    /// others wait for the one that tries.
    pub(crate) async fn admit(&self, route: Route) -> Result<Pass<'_>, NotNow> {
        loop {
            let mut turned = std::pin::pin!(self.turned.notified());
            turned.as_mut().enable();
            if self.forbids_sending() {
                return Err(NotNow::Lane);
            }
            let leave = lock(&self.health).leave(route, Instant::now());
            match leave {
                Ok(leave) => return Ok(Pass::new(self, leave)),
                Err(_) if self.is_stopping() => return Err(NotNow::Lane),
                Err(Wait::PassedOver) => return Err(NotNow::Lane),
                Err(Wait::RouteRests(until)) => return Err(NotNow::Route { until }),
                Err(Wait::Probe(until)) => tokio::select! {
                    biased;
                    () = turned => {}
                    () = tokio::time::sleep_until(until) => {}
                },
            }
        }
    }

    /// Whether it is time to look at what other workers have met.
    pub(crate) fn is_look_due(&self, route: Route) -> bool {
        let (mut looked_at, now) = (lock(&self.looked_at), Instant::now());
        let due = looked_at.get(&route).is_none_or(|at| now - *at >= LOOK_EVERY);
        if due {
            looked_at.insert(route, now);
        }
        due && !self.forbids_sending()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// One after the other: a queue full of a resting route's jobs is not moved all at once.
    pub(crate) async fn turn_away(&self, clock: &dyn Clock) {
        let _one = self.turned_away.lock().await;
        if !self.is_stopping() {
            clock.sleep(TURNED_AWAY).await;
        }
    }

    /// Whether answers are understood is not known: one job at a time is sent.
    pub(crate) fn is_unsure(&self) -> bool {
        lock(&self.health).is_unsure(Instant::now())
    }

    /// This worker has had no answer yet, good or bad.
    pub(crate) fn is_new(&self) -> bool {
        lock(&self.health).is_new()
    }

    /// Answers that could not be understood, in a row.
    pub(crate) fn unclear(&self) -> u32 {
        lock(&self.health).unclear()
    }

    /// Whether a lost answer on this route can be looked for.
    pub(crate) fn is_tested(&self, route: Route) -> bool {
        lock(&self.health).routes().is_tested(route)
    }

    /// The provider has made a task on this route, by whichever worker.
    pub(crate) fn can_look_for(&self, route: Route) {
        lock(&self.health).routes_mut().accepted(route);
    }

    pub(crate) fn accepted(&self, route: Route, model: Option<&String>, now: Timestamp) {
        self.can_look_for(route);
        lock(&self.models).accepted(route, model, now);
    }

    /// When others of this lane passed, and those of this route and model.
    pub(crate) fn passed(&self, route: Route, model: Option<&String>) -> Passed {
        lock(&self.models).passed(route, model)
    }
}

#[cfg(test)]
mod tests;
