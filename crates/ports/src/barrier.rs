use crate::{Broker, Clock, Destination, Message, PublishError};

/// The kind of a journal line that says nothing but where the journal was at a moment.
pub const JOURNAL_BARRIER: &str = "barrier";

/// The kind of a journal line that says that a generation of the ledger has begun, and nothing of
/// any job; its body is the generation's id.
pub const JOURNAL_GENERATION: &str = "generation";

/// A line of the journal that says nothing: whoever reads it has read all that was written before.
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
