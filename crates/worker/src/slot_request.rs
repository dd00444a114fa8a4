//! A delivery's request for a slot, and what came of it.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

/// To ask for a slot once. Its [`SlotOutcome`] learns the answer.
#[derive(Debug)]
pub(crate) struct SlotRequest {
    answer: Mutex<Option<oneshot::Sender<SlotAnswer>>>,
    pub(crate) if_full: IfFull,
    /// Its place in the slot queue, once it has waited.
    pub(crate) number: Option<u64>,
}

/// What a delivery does that gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfFull {
    /// It stays in hand.
    Wait,
    /// It is put back, so that others can be looked at.
    PutBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotAnswer {
    /// It has a slot, or needs none.
    Done,
    Refused,
}

/// Known at the latest when the [`SlotRequest`] is dropped.
pub(crate) struct SlotOutcome(oneshot::Receiver<SlotAnswer>);

impl SlotOutcome {
    pub(crate) async fn known(self) -> SlotAnswer {
        self.0.await.unwrap_or(SlotAnswer::Done)
    }
}

impl SlotRequest {
    /// Its outcome is of no interest.
    pub(crate) fn unwatched() -> Self {
        Self { answer: Mutex::default(), if_full: IfFull::Wait, number: None }
    }

    pub(crate) fn watched(if_full: IfFull) -> (Self, SlotOutcome) {
        let (sender, receiver) = oneshot::channel();
        let answer = Mutex::new(Some(sender));
        (Self { answer, if_full, number: None }, SlotOutcome(receiver))
    }

    pub(crate) fn granted(&self) {
        self.answer(SlotAnswer::Done);
    }

    pub(crate) fn refused(&self) {
        self.answer(SlotAnswer::Refused);
    }

    fn answer(&self, answer: SlotAnswer) {
        let sender = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // The receiver may have waited long enough.
            let _ = sender.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_outcome_is_known_once_it_is_granted_refused_or_dropped() {
        let (granted, outcome) = SlotRequest::watched(IfFull::Wait);
        granted.granted();
        granted.refused();
        assert_eq!(outcome.known().await, SlotAnswer::Done, "the first answer counts");
        let (refused, outcome) = SlotRequest::watched(IfFull::PutBack);
        refused.refused();
        assert_eq!(outcome.known().await, SlotAnswer::Refused);
        let (dropped, outcome) = SlotRequest::watched(IfFull::Wait);
        drop(dropped);
        assert_eq!(outcome.known().await, SlotAnswer::Done, "it needed none");
    }
}
