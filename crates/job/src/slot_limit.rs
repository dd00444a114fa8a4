//! How many slots of a pool are used: the provider's limit, as learned from what it refuses.
//!
//! It is lowered at each refusal and raised in steps (additive increase, multiplicative decrease). Where
//! nothing was refused yet, it is doubled (slow start). All workers share one value per pool.

mod refusal;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::refusal::{Overload, OverloadCause};
use crate::Timestamp;

/// Between two doublings.
const DOUBLING: Duration = Duration::from_secs(1);
/// From a refusal to the next try with more slots, if the last such try was not refused.
const STEP: Duration = Duration::from_secs(5);
/// The longest time between two tries, after several that were refused.
const LONGEST_STEP: Duration = Duration::from_secs(10 * 60);
/// A provider that names a longer time is asked again nevertheless.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// Within what the number of slots is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotRange {
    /// At least 1.
    pub floor: u32,
    /// Where nothing is known yet.
    pub begin: u32,
    pub ceiling: u32,
}

/// What is known of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlotLimit {
    pub slots: u32,
    /// Nothing is granted until then.
    pub paused_until: Timestamp,
    /// Nothing below it was refused: up to there, the slots are doubled.
    doubles_to: u32,
    /// So many were in use without a refusal when more were tried.
    proven: u32,
    /// Slots that the next try adds.
    stride: u32,
    /// From one try to the next.
    step_ms: u64,
    /// When more slots are tried next.
    grows_at: Timestamp,
    /// The first refusal of the last burst.
    refused_at: Timestamp,
    /// More slots were tried since the last refusal.
    tried: bool,
    /// How long the last pause was whose time the provider did not name.
    pause_ms: u64,
}

impl Default for SlotLimit {
    /// For what an older or newer version has not stored.
    fn default() -> Self {
        let any = SlotRange { floor: 1, begin: u32::MAX, ceiling: u32::MAX };
        Self::begin(any, Timestamp::EPOCH)
    }
}

impl SlotRange {
    /// The configured number is the limit until the provider refuses.
    pub fn up_to(ceiling: u32, floor: u32) -> Self {
        Self { floor: floor.clamp(1, ceiling.max(1)), begin: ceiling, ceiling }
    }

    fn clamp(self, slots: u32) -> u32 {
        slots.min(self.ceiling).max(self.floor)
    }
}

impl SlotLimit {
    pub fn begin(range: SlotRange, now: Timestamp) -> Self {
        Self {
            slots: range.clamp(range.begin),
            paused_until: Timestamp::EPOCH,
            doubles_to: range.ceiling,
            proven: 0,
            stride: 1,
            step_ms: millis(STEP),
            grows_at: now + DOUBLING,
            refused_at: Timestamp::EPOCH,
            tried: false,
            pause_ms: 0,
        }
    }

    /// A pause that is longer than any was set by a clock that has been set back since.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        now < self.paused_until && self.paused_until.since(now) <= LONGEST_PAUSE
    }

    /// Jobs that wait may get slots now.
    pub fn allows_more_than(&self, before: &Self) -> bool {
        self.slots > before.slots || self.paused_until < before.paused_until
    }

    /// Until more slots may be tried; `None`: there are no more.
    pub fn until_growth(&self, range: SlotRange, now: Timestamp) -> Option<Duration> {
        let pause = if self.is_paused(now) { self.paused_until.since(now) } else { Duration::ZERO };
        let left = self.grows_at.since(now).min(LONGEST_STEP).max(pause);
        (self.slots < range.ceiling).then_some(left)
    }

    /// With more slots, if it is time to try them. For a pool in which a job finds no slot.
    #[must_use]
    pub fn grown(&self, range: SlotRange, now: Timestamp) -> Option<Self> {
        if !self.until_growth(range, now)?.is_zero() {
            return None;
        }
        Some(match self.slots < self.doubles_to {
            true => self.doubled(range, now),
            false => self.widened(range, now),
        })
    }

    fn doubled(&self, range: SlotRange, now: Timestamp) -> Self {
        let slots = range.clamp(self.slots.saturating_mul(2).min(self.doubles_to));
        Self { slots, proven: self.slots, grows_at: now + DOUBLING, ..self.clone() }
    }

    /// The last try was not refused, so this one is bolder.
    fn widened(&self, range: SlotRange, now: Timestamp) -> Self {
        let (stride, step) = match self.tried {
            true => (self.stride.saturating_mul(2), millis(STEP)),
            false => (1, self.step_ms),
        };
        let slots = range.clamp(self.slots.saturating_add(stride));
        let grows_at = now + Duration::from_millis(step);
        // What others took meanwhile, or what was refused long ago, may be free again.
        let doubles_to = self.doubles_to.max(slots);
        let wider = Self { slots, proven: self.slots, doubles_to, ..self.clone() };
        Self { stride, step_ms: step, tried: true, grows_at, ..wider }
    }

    /// After an outage: from the slots in use, doubled up to what was known before. `None`: another
    /// worker has noticed the end of the outage, and the slots are being doubled.
    #[must_use]
    pub fn restarted(&self, range: SlotRange, used: u32, now: Timestamp) -> Option<Self> {
        let slots = range.clamp(used.max(1)).min(self.slots);
        let doubles = self.slots < self.doubles_to && now < self.grows_at;
        let doubles_to = match self.slots < self.doubles_to {
            true => self.doubles_to,
            false => self.slots,
        };
        let restarted = Self { slots, doubles_to, grows_at: now + DOUBLING, ..self.clone() };
        (slots < self.slots && !doubles).then_some(restarted)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
