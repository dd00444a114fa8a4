use async_trait::async_trait;

use crate::{Broker, BrokerError, Deliveries, Destination, Message, PublishError, Source};

type Consumed = Result<Box<dyn Deliveries>, BrokerError>;

/// Makes its implementer a [`Broker`]. A method that is not overridden calls the wrapped broker.
pub trait BrokerLayer: Send + Sync + 'static {
    /// The wrapped broker.
    fn inner(&self) -> &dyn Broker;

    fn publish(
        &self,
        to: &Destination,
        message: Message,
    ) -> impl Future<Output = Result<(), PublishError>> + Send {
        async move { self.inner().publish(to, message).await }
    }

    fn consume(&self, source: &Source, prefetch: u16) -> impl Future<Output = Consumed> + Send {
        async move { self.inner().consume(source, prefetch).await }
    }

    fn depth(&self, source: &Source) -> impl Future<Output = Result<u64, BrokerError>> + Send {
        async move { self.inner().depth(source).await }
    }

    fn is_read(&self, source: &Source) -> impl Future<Output = Result<bool, BrokerError>> + Send {
        async move { self.inner().is_read(source).await }
    }

    fn check(&self) -> impl Future<Output = Result<(), BrokerError>> + Send {
        async move { self.inner().check().await }
    }

    fn close(&self) -> impl Future<Output = ()> + Send {
        async move { self.inner().close().await }
    }

    fn takes_messages(&self) -> bool {
        self.inner().takes_messages()
    }

    fn unanswered(&self) -> u64 {
        self.inner().unanswered()
    }
}

#[async_trait]
impl<L: BrokerLayer> Broker for L {
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        BrokerLayer::publish(self, to, message).await
    }

    async fn consume(&self, source: &Source, prefetch: u16) -> Consumed {
        BrokerLayer::consume(self, source, prefetch).await
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        BrokerLayer::depth(self, source).await
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        BrokerLayer::is_read(self, source).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        BrokerLayer::check(self).await
    }

    async fn close(&self) {
        BrokerLayer::close(self).await;
    }

    fn takes_messages(&self) -> bool {
        BrokerLayer::takes_messages(self)
    }

    fn unanswered(&self) -> u64 {
        BrokerLayer::unanswered(self)
    }
}
