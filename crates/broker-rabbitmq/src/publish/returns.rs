use lapin::Confirmation;
use ports::PublishError;

use super::parcel::Label;
use crate::error::{cause, code, reply_code};

/// Separates returned messages from confirmed ones on one channel.
///
/// The broker returns a message before it confirms it. lapin attaches each returned message to the
/// next confirm that completes, for whichever publish. With several publishes in flight,
/// `Ack(None)` may belong to a message that no queue took, and `Ack(Some(_))` to one that arrived.
/// But the confirm that carries a returned message completes no later than all publishes that were
/// in flight when it was returned, and lapin completes confirms in one thread. So:
///
/// - `Ack(None)`: if our message was returned, an earlier confirm carried it. This is known once
///   all earlier confirms have been read.
/// - `Ack(Some(other message))`: ours may still be returned. This is known once everything in
///   flight now has completed: until then the publish is held.
pub(crate) struct Returns<T> {
    returned: Vec<Label>,
    held: Vec<Held<T>>,
}

struct Held<T> {
    tag: T,
    label: Label,
    /// The result is known when everything up to this number has completed.
    until: u64,
}

/// A publish whose confirm has completed.
pub(crate) type Completed<T> = (T, Label, Confirm);

/// The response to a publish, with the label of the message it carried, of whichever publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    Ack(Option<Label>),
    Nack(Option<Label>),
    /// No response.
    Lost(String),
    /// No response, because we have no permission to publish there.
    Denied(String),
}

impl Confirm {
    pub(crate) fn read(result: lapin::Result<Confirmation>) -> Self {
        let label = |message: Option<_>| message.map(|message| Label::of(&message));
        match result {
            Ok(Confirmation::Ack(message)) => Self::Ack(label(message)),
            Ok(Confirmation::Nack(message)) => Self::Nack(label(message)),
            Ok(Confirmation::NotRequested) => Self::Lost("the channel does not confirm".to_owned()),
            Err(error) if reply_code(&error) == Some(code::ACCESS_REFUSED) => {
                Self::Denied(cause(&error))
            }
            Err(error) => Self::Lost(cause(&error)),
        }
    }

    fn carried(&self) -> Option<&Label> {
        match self {
            Self::Ack(label) | Self::Nack(label) => label.as_ref(),
            Self::Lost(_) | Self::Denied(_) => None,
        }
    }
}

pub(crate) type Answer = Result<(), PublishError>;

impl<T> Returns<T> {
    pub(crate) fn new() -> Self {
        Self { returned: Vec::new(), held: Vec::new() }
    }

    /// Decides what can be decided. `completed`: all that completed since the last call. `newest`:
    /// the last publish in flight. `oldest`: the first one that has not completed.
    pub(crate) fn decide(
        &mut self,
        completed: Vec<Completed<T>>,
        newest: u64,
        oldest: Option<u64>,
    ) -> Vec<(T, Answer)> {
        let carried = completed.iter().filter_map(|(_, _, confirm)| confirm.carried());
        self.returned.extend(carried.cloned());
        let mut answers = Vec::with_capacity(completed.len());
        for (tag, label, confirm) in completed {
            match self.answer(&label, confirm) {
                Some(answer) => answers.push((tag, answer)),
                None => self.held.push(Held { tag, label, until: newest }),
            }
        }
        self.release(oldest, &mut answers);
        answers
    }

    /// `None`: held.
    fn answer(&mut self, label: &Label, confirm: Confirm) -> Option<Answer> {
        match confirm {
            Confirm::Lost(cause) => Some(Err(PublishError::Unknown(cause))),
            Confirm::Denied(cause) => Some(Err(PublishError::Denied(cause))),
            Confirm::Nack(_) => Some(Err(PublishError::Refused(refusal(label)))),
            Confirm::Ack(_) if self.claim(label) => Some(Err(unroutable(label))),
            Confirm::Ack(None) => Some(Ok(())),
            Confirm::Ack(Some(_)) => None,
        }
    }

    fn release(&mut self, oldest: Option<u64>, answers: &mut Vec<(T, Answer)>) {
        let known = |held: &Held<T>| oldest.is_none_or(|oldest| oldest > held.until);
        for held in std::mem::take(&mut self.held) {
            if self.claim(&held.label) {
                answers.push((held.tag, Err(unroutable(&held.label))));
            } else if known(&held) {
                answers.push((held.tag, Ok(())));
            } else {
                self.held.push(held);
            }
        }
    }

    /// Removes one message with this label from the returned ones.
    fn claim(&mut self, label: &Label) -> bool {
        let found = self.returned.iter().position(|returned| returned == label);
        if let Some(index) = found {
            self.returned.swap_remove(index);
        }
        found.is_some()
    }

    /// Publishes that are still undecided.
    pub(crate) fn into_tags(self) -> impl Iterator<Item = T> {
        self.held.into_iter().map(|held| held.tag)
    }
}

fn unroutable(label: &Label) -> PublishError {
    PublishError::Unroutable(label.routing_key.to_string())
}

fn refusal(label: &Label) -> String {
    let exchange = label.exchange.as_str();
    let exchange = if exchange.is_empty() { "the default exchange" } else { exchange };
    format!("a queue behind {exchange} is full or has no majority (key {})", label.routing_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: &str) -> Label {
        Label { exchange: "jobs".into(), routing_key: "key".into(), message_id: Some(id.into()) }
    }

    fn ack(own: &'static str, carried: Option<&str>) -> Completed<&'static str> {
        (own, label(own), Confirm::Ack(carried.map(label)))
    }

    fn lost() -> Answer {
        Err(PublishError::Unroutable("key".to_owned()))
    }

    #[test]
    fn alone_a_return_belongs_to_its_confirm() {
        let mut returns = Returns::new();
        let answers = returns.decide(vec![ack("a", None), ack("b", Some("b"))], 2, None);
        assert_eq!(answers, [("a", Ok(())), ("b", lost())]);
    }

    #[test]
    fn a_return_carried_by_an_earlier_confirm_reaches_its_own() {
        let mut returns = Returns::new();
        let answers = returns.decide(vec![ack("a", Some("b")), ack("b", None)], 2, None);
        assert_eq!(answers, [("b", lost()), ("a", Ok(()))]);
    }

    #[test]
    fn a_confirm_that_carried_another_return_waits_for_all_in_flight() {
        let mut returns = Returns::new();
        assert_eq!(returns.decide(vec![ack("a", Some("b"))], 3, Some(2)), []);
        assert_eq!(
            returns.decide(vec![ack("b", Some("a"))], 4, Some(3)),
            [("b", lost()), ("a", lost())]
        );
        assert_eq!(returns.decide(vec![ack("c", None)], 4, Some(4)), [("c", Ok(()))]);
    }

    #[test]
    fn later_publishes_are_not_waited_for() {
        let mut returns = Returns::new();
        assert_eq!(returns.decide(vec![ack("a", Some("b"))], 2, Some(2)), []);
        let answers = returns.decide(vec![ack("b", None)], 9, Some(3));
        assert_eq!(answers, [("b", lost()), ("a", Ok(()))]);
    }

    #[test]
    fn a_refused_repeat_leaves_the_return_to_its_twin() {
        let mut returns = Returns::new();
        let nacked = ("first", label("a"), Confirm::Nack(Some(label("a"))));
        let twin = ("second", label("a"), Confirm::Ack(None));
        let answers = returns.decide(vec![nacked, twin], 2, None);
        assert!(matches!(answers[0], ("first", Err(PublishError::Refused(_)))));
        assert_eq!(answers[1], ("second", lost()));
    }

    #[test]
    fn what_has_no_confirm_is_unknown() {
        let mut returns = Returns::new();
        let answers =
            returns.decide(vec![("a", label("a"), Confirm::Lost("cut".to_owned()))], 1, None);
        assert_eq!(answers, [("a", Err(PublishError::Unknown("cut".to_owned())))]);
    }
}
