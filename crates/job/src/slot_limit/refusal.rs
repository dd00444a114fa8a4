//! What a refusal shows about the slots of a pool, and for how long nothing is sent after it.

use std::time::Duration;

use super::{DOUBLING, LONGEST_PAUSE, LONGEST_STEP, STEP, SlotLimit, SlotRange, millis};
use crate::Timestamp;

/// Refusals that follow each other faster have one cause.
const BURST: Duration = Duration::from_secs(1);
/// Nothing is sent for so long if the provider names no time. It asks for at least a second.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_OWN_PAUSE: Duration = Duration::from_secs(5);

/// Why the provider makes no task now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverloadCause {
    /// Too many tasks are in flight: those that it took are the limit.
    Slots,
    /// Too many requests, or the provider itself is full.
    Requests,
}

/// A request that the provider refused because it, or the account, is at its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overload {
    pub cause: OverloadCause,
    /// The time that the provider names.
    pub retry_after: Option<Duration>,
    /// Slots in use in the pool, those of the refused job included.
    pub used: u32,
    /// The worker's request before was refused as well.
    pub again: bool,
}

impl SlotLimit {
    /// After the provider refused a request.
    #[must_use]
    pub fn refused(&self, range: SlotRange, overload: Overload, now: Timestamp) -> Self {
        // More may be stored than are configured now.
        Self { slots: range.clamp(self.slots), ..self.clone() }.lowered(range, overload, now)
    }

    fn lowered(self, range: SlotRange, overload: Overload, now: Timestamp) -> Self {
        let burst = now.since(self.refused_at) < BURST && now >= self.refused_at;
        let refused_at = if burst { self.refused_at } else { now };
        let slots = range.clamp(match (overload.cause, burst) {
            (OverloadCause::Slots, _) => self.below(overload.used),
            (OverloadCause::Requests, false) => self.slots - self.slots.div_ceil(4),
            (OverloadCause::Requests, true) => self.slots,
        });
        let step_ms = if burst { self.step_ms } else { self.step_after_refusal() };
        let grows_at = now + Duration::from_millis(step_ms);
        let proven = self.proven.min(slots);
        let for_nothing = self.slots <= range.floor;
        let pause = self.pause_after(range, overload, now);
        let lower = Self { slots, doubles_to: slots, proven, stride: 1, ..self };
        let lower = Self { tried: false, step_ms, grows_at, refused_at, ..lower };
        let lower = if for_nothing { lower.for_nothing(range, now) } else { lower };
        lower.paused(pause, now)
    }

    /// Even the fewest are refused: that shows no limit. Once the provider accepts tasks, the slots
    /// are doubled.
    fn for_nothing(self, range: SlotRange, now: Timestamp) -> Self {
        let grows_at = now + DOUBLING;
        Self { doubles_to: range.ceiling, step_ms: millis(STEP), grows_at, ..self }
    }

    /// Fewer than are in use, where slots that were given back meanwhile are missing.
    fn below(&self, used: u32) -> u32 {
        let known = self.slots.min(used.max(self.slots - self.slots / 4));
        let lower = known.saturating_sub(1);
        if self.slots > self.proven { lower.max(self.proven) } else { lower }
    }

    /// A try that was refused at once: the next one is later.
    fn step_after_refusal(&self) -> u64 {
        match self.tried {
            true => self.step_ms.saturating_mul(2).min(millis(LONGEST_STEP)),
            false => self.step_ms,
        }
    }

    /// Fewer slots are enough where their number was refused, unless there cannot be fewer.
    fn pause_after(&self, range: SlotRange, overload: Overload, now: Timestamp) -> Option<Pause> {
        // A shorter time than it asks for in its documents is none.
        if let Some(time) = overload.retry_after.filter(|time| *time >= PAUSE) {
            return Some(Pause::Named(time.min(LONGEST_PAUSE)));
        }
        match overload.cause {
            OverloadCause::Slots if self.slots > range.floor => None,
            OverloadCause::Slots | OverloadCause::Requests => {
                (!self.is_paused(now)).then_some(Pause::Own { again: overload.again })
            }
        }
    }

    fn paused(self, pause: Option<Pause>, now: Timestamp) -> Self {
        let (time, pause_ms) = match pause {
            None => return self,
            Some(Pause::Named(time)) => (time, self.pause_ms),
            Some(Pause::Own { again }) => {
                let time = if again { self.next_pause(now) } else { PAUSE };
                (time, millis(time))
            }
        };
        let paused_until = self.paused_until.max(now + time);
        // The first request after it shows whether more may be tried.
        let grows_at = self.grows_at.max(paused_until + DOUBLING);
        Self { paused_until, pause_ms, grows_at, ..self }
    }

    /// Longer, if the last one is only just over.
    fn next_pause(&self, now: Timestamp) -> Duration {
        let last = Duration::from_millis(self.pause_ms);
        match now < self.paused_until + last {
            true => last.saturating_mul(2).clamp(PAUSE, LONGEST_OWN_PAUSE),
            false => PAUSE,
        }
    }
}

enum Pause {
    Named(Duration),
    Own { again: bool },
}
