use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use ports::BrokerError;

use super::probe::connection;
use crate::connection::BrokerConnection;
use crate::error::using;
use crate::names::Names;
use crate::{Settings, Topology};

impl Topology {
    /// Deletes everything, with the messages in it, and the named subscriptions to results.
    /// For a namespace that was made for a test or a demonstration.
    pub async fn erase(
        &self,
        settings: &Settings,
        subscriptions: &[&str],
    ) -> Result<(), BrokerError> {
        let connection = connection(settings).await?;
        let erased = self.erase_over(&connection, settings, subscriptions).await;
        connection.close().await;
        erased.map_err(|error| using("erasing", &error))
    }

    /// It is no error if something does not exist.
    async fn erase_over(
        &self,
        connection: &BrokerConnection,
        settings: &Settings,
        subscriptions: &[&str],
    ) -> lapin::Result<()> {
        let channel = connection.channel().await?;
        let names = Names::new(&settings.namespace);
        let named = subscriptions.iter().map(|name| names.subscription(name));
        for queue in self.queues.iter().map(|queue| queue.name.clone()).chain(named) {
            let deleting = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
            channel.ask(deleting).await?;
        }
        for exchange in &self.exchanges {
            let name = exchange.name.as_str().into();
            let deleting = channel.exchange_delete(name, ExchangeDeleteOptions::default());
            channel.ask(deleting).await?;
        }
        Ok(())
    }
}
