//! One round: jobs are started for the free slots, and each either takes its slot or does not.

use std::time::Duration;

use futures::future::join_all;

use super::FullPool;
use crate::slot_queue::Called;
use crate::slot_request::{IfFull, SlotAnswer, SlotOutcome, SlotRequest};
use crate::take::Taken;

/// Until the started jobs are expected to have their slots.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is left after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Free slots, and no job that waits for one.
    Slots,
    /// Jobs, and no slot for the next of them.
    Jobs,
    /// Jobs, and too few slots for the first of them: none was started.
    Stuck,
    Both,
}

impl FullPool {
    pub(super) async fn round(&self, free: u32, most: u32) -> Left {
        let (left, started) = self.start(free, most).await;
        match self.any_refused(started).await {
            true => Left::Jobs,
            false => left,
        }
    }

    /// Whether one of them got no slot, or does not know yet.
    pub(super) async fn any_refused(&self, started: Vec<SlotOutcome>) -> bool {
        let answers = join_all(started.into_iter().map(SlotOutcome::known));
        let in_time = tokio::time::timeout(PATIENCE, answers);
        match self.stop.run_until_cancelled(in_time).await {
            Some(Ok(answers)) => answers.contains(&SlotAnswer::Refused),
            Some(Err(_)) | None => true,
        }
    }

    /// By priority: those in hand first, then those in the lane.
    async fn start(&self, mut free: u32, most: u32) -> (Left, Vec<SlotOutcome>) {
        let mut started = Vec::new();
        for handler in &self.handlers {
            loop {
                if free == 0 {
                    return (Left::Jobs, started);
                }
                if started.len() as u32 >= most {
                    return (Left::Both, started);
                }
                let (slot, outcome) = SlotRequest::watched(IfFull::Wait);
                match self.intake.slots.call(handler.lane.priority, free, slot) {
                    Called::TooWide => return (too_wide(started.is_empty()), started),
                    Called::Asks(need) => free -= need,
                    Called::Nobody(slot) => match self.taker.take(handler, slot).await {
                        Taken::One => free -= 1,
                        Taken::Nothing => break,
                        Taken::NotNow => return (Left::Jobs, started),
                    },
                }
                started.push(outcome);
            }
        }
        (Left::Slots, started)
    }
}

/// Pure. What is left when the first in hand needs more slots than are free.
fn too_wide(none_started: bool) -> Left {
    if none_started { Left::Stuck } else { Left::Jobs }
}
