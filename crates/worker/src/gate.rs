//! Whether a resource's lanes may take deliveries, and how many at a time.
//!
//! Trouble of a whole lane closes the door: its messages stay in the broker, untouched, instead
//! of being taken and put back.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::submit::Weather;

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
    /// So many slots at the provider are free.
    WhenFree {
        need: u32,
    },
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
    widest: u16,
    /// Permits granted since the window last changed.
    granted: AtomicU32,
    /// Failures to reach the provider, in a row.
    failures: AtomicU32,
    /// Answers that could not be understood, in a row.
    unclear: AtomicU32,
    /// Jobs that keep the door closed by themselves.
    held: AtomicU32,
}

/// Keeps the door as it is until it is dropped.
pub(crate) struct Held<'a>(&'a Gate);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A provider that asks for a longer rest is tried nevertheless.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// One that cannot be reached is tried this rarely at most, so that work goes on within 5 s.
const LONGEST_OUTAGE_REST: Duration = Duration::from_secs(4);
const BUSY_REST: Duration = Duration::from_secs(1);
/// A single lost answer is one job's doubt; so many in a row are trouble of the provider, and
/// each further POST would be one more doubt.
const MOST_UNCLEAR: u32 = 5;

impl Gate {
    /// Closed until somebody has counted the free slots: a worker that begins in a full lane, as
    /// in an upgrade, would send all that it takes round the ladder.
    pub(crate) fn new(widest: u16) -> Self {
        let until = Reopen::WhenFree { need: 1 };
        Self {
            door: Mutex::new(Door::Closed { why: "slots are not counted yet".to_owned(), until }),
            turned: Notify::new(),
            widest,
            granted: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            unclear: AtomicU32::new(0),
            held: AtomicU32::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
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

    pub(crate) fn close(&self, why: impl Into<String>, until: Reopen) {
        let why = why.into();
        let mut door = self.lock();
        let graver = match &*door {
            Door::Open { .. } => true,
            Door::Closed { until: present, .. } => *present < until,
        };
        if graver {
            tracing::info!(%why, "lane closed");
            *door = Door::Closed { why, until };
            self.turned.notify_waiters();
        }
    }

    /// Nothing may be sent now, not even for what was already taken. A lane that is only full
    /// does not forbid it: there the permit decides.
    pub(crate) fn forbids_sending(&self) -> bool {
        match &*self.lock() {
            Door::Open { .. } | Door::Closed { until: Reopen::WhenFree { .. }, .. } => false,
            Door::Closed { .. } => true,
        }
    }

    /// While this is held, nothing opens the door again.
    pub(crate) fn hold(&self) -> Held<'_> {
        self.held.fetch_add(1, Ordering::Relaxed);
        Held(self)
    }

    pub(crate) fn open(&self, window: u16) {
        if self.held.load(Ordering::Relaxed) > 0 {
            return;
        }
        self.granted.store(0, Ordering::Relaxed);
        let window = window.clamp(1, self.widest);
        let mut door = self.lock();
        if *door != (Door::Open { window }) {
            *door = Door::Open { window };
            self.turned.notify_waiters();
        }
    }

    /// Two windows of permits without a refusal double the window.
    pub(crate) fn granted(&self) {
        let granted = self.granted.fetch_add(1, Ordering::Relaxed) + 1;
        let Door::Open { window } = self.door() else {
            return;
        };
        if window < self.widest && granted >= 2 * u32::from(window) {
            self.granted.store(0, Ordering::Relaxed);
            self.open(window.saturating_mul(2));
        }
    }

    /// What one answer says about all of the lane; `jitter` in [0, 1) spreads the rests.
    pub(crate) fn weather(&self, weather: &Weather, jitter: f64) {
        match weather {
            Weather::Fair => self.understood(),
            Weather::Busy { retry_after } => {
                self.understood();
                let rest = retry_after.unwrap_or(BUSY_REST).min(LONGEST_REST);
                self.close("the provider is busy", Reopen::After(rest.mul_f64(0.5 + jitter)));
            }
            Weather::Down { why } => {
                let failures = self.failures.fetch_add(1, Ordering::Relaxed);
                let why = format!("the provider cannot be reached: {why}");
                self.close(why, Reopen::After(rest(failures, jitter)));
            }
            Weather::Unclear { why } => {
                let unclear = self.unclear.fetch_add(1, Ordering::Relaxed) + 1;
                if unclear >= MOST_UNCLEAR {
                    let why = format!("the provider cannot be understood: {why}");
                    self.close(why, Reopen::After(rest(unclear - MOST_UNCLEAR, jitter)));
                }
            }
            Weather::AccountRefused { why } => {
                self.understood();
                self.close(why, Reopen::WhenResumed);
            }
        }
    }

    fn understood(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.unclear.store(0, Ordering::Relaxed);
    }
}

/// Full jitter over an exponential rest, never less than 100 ms.
fn rest(failures: u32, jitter: f64) -> Duration {
    let ceiling = Duration::from_secs(1).saturating_mul(2u32.saturating_pow(failures.min(8)));
    ceiling.min(LONGEST_OUTAGE_REST).mul_f64(jitter).max(Duration::from_millis(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(widest: u16) -> Gate {
        let gate = Gate::new(widest);
        gate.open(widest);
        gate
    }

    fn window(gate: &Gate) -> Option<u16> {
        match gate.door() {
            Door::Open { window } => Some(window),
            Door::Closed { .. } => None,
        }
    }

    #[test]
    fn a_graver_trouble_wins_and_a_lighter_one_does_not() {
        let gate = opened(8);
        gate.close("full", Reopen::WhenFree { need: 1 });
        gate.close("unpaid", Reopen::WhenResumed);
        gate.close("busy", Reopen::After(BUSY_REST));
        assert_eq!(gate.door(), Door::Closed { why: "unpaid".into(), until: Reopen::WhenResumed });
    }

    #[test]
    fn nothing_is_taken_before_the_slots_are_counted() {
        let gate = Gate::new(8);
        assert_eq!(window(&gate), None);
        gate.close("unpaid", Reopen::WhenResumed);
        assert!(gate.forbids_sending(), "any trouble is graver");
    }

    #[test]
    fn only_trouble_of_the_provider_or_the_account_forbids_sending() {
        let gate = opened(8);
        assert!(!gate.forbids_sending());
        gate.close("full", Reopen::WhenFree { need: 1 });
        assert!(!gate.forbids_sending());
        gate.close("busy", Reopen::After(BUSY_REST));
        assert!(gate.forbids_sending());
        gate.close("unpaid", Reopen::WhenResumed);
        assert!(gate.forbids_sending());
        gate.open(1);
        assert!(!gate.forbids_sending());
    }

    #[test]
    fn a_door_that_is_held_stays_closed() {
        let gate = opened(8);
        let held = gate.hold();
        gate.close("not journaled", Reopen::After(BUSY_REST));
        gate.open(8);
        assert!(gate.forbids_sending());
        drop(held);
        gate.open(8);
        assert!(!gate.forbids_sending());
    }

    #[test]
    fn a_reopened_lane_starts_narrow_and_widens_with_permits() {
        let gate = opened(8);
        gate.close("full", Reopen::WhenFree { need: 1 });
        gate.open(1);
        let mut seen = Vec::new();
        for _ in 0..20 {
            seen.push(window(&gate).unwrap());
            gate.granted();
        }
        assert_eq!(&seen[..7], [1, 1, 2, 2, 2, 2, 4]);
        assert_eq!(window(&gate), Some(8));
    }

    #[test]
    fn only_many_unclear_answers_in_a_row_rest_the_lane() {
        let gate = opened(8);
        let unclear = || gate.weather(&Weather::Unclear { why: "HTTP 500".into() }, 0.5);
        for _ in 1..MOST_UNCLEAR {
            unclear();
        }
        gate.weather(&Weather::Fair, 0.5);
        for _ in 1..MOST_UNCLEAR {
            unclear();
            assert_eq!(window(&gate), Some(8), "an answer in between ends the row");
        }
        unclear();
        assert!(gate.forbids_sending());
        gate.open(1);
        unclear();
        assert!(gate.forbids_sending(), "the one that tries whether it is over");
    }

    #[test]
    fn rests_grow_with_failures_and_stay_bounded() {
        assert_eq!(rest(0, 0.5), Duration::from_millis(500));
        assert_eq!(rest(1, 0.5), Duration::from_secs(1));
        assert!(rest(20, 0.999) < Duration::from_secs(4), "work resumes within 5 s of an outage");
        assert_eq!(rest(5, 0.0), Duration::from_millis(100));
    }
}
