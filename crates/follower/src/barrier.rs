use ports::{Broker, Clock, Destination, JOURNAL_BARRIER, Message, PublishError};

/// A line that says nothing: whoever reads it has read all that was written before.
pub(crate) struct Barrier {
    id: String,
}

impl Barrier {
    pub(crate) async fn publish(
        broker: &dyn Broker,
        clock: &dyn Clock,
    ) -> Result<Self, PublishError> {
        let id = clock.fresh_id().to_string();
        let mut message = Message::json(id.as_str(), "{}");
        message.kind = Some(JOURNAL_BARRIER.to_owned());
        broker.publish(&Destination::Journal, message).await?;
        Ok(Self { id })
    }

    pub(crate) fn is(&self, message: &Message) -> bool {
        message.id == self.id
    }
}
