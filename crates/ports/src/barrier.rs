use crate::{Broker, Clock, Destination, Message, PublishError};

/// The kind of a journal line without content, which marks a position at a moment.
pub const JOURNAL_BARRIER: &str = "barrier";

/// The kind of a journal line that marks the begin of a ledger generation, without a job; its body
/// is the generation's id.
pub const JOURNAL_GENERATION: &str = "generation";

/// A line of the journal without content: a reader that meets it has read all earlier lines.
pub struct Barrier {
    id: String,
}

impl Barrier {
    pub async fn publish(broker: &dyn Broker, clock: &dyn Clock) -> Result<Self, PublishError> {
        let id = clock.fresh_id().to_string();
        let mut message = Message::json(id.as_str(), "{}");
        message.kind = Some(JOURNAL_BARRIER.to_owned());
        broker.publish(&Destination::Journal, message).await?;
        Ok(Self { id })
    }

    pub fn is(&self, message: &Message) -> bool {
        message.id == self.id
    }
}
