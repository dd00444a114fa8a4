use std::sync::Arc;
use std::time::Duration;

use ports::LedgerError;
use redis::ConnectionInfo;
use redis::aio::{MultiplexedConnection, PubSub};

use crate::dial::{Dialler, of_server};
use crate::error::CommandError;
use crate::restart::end_after_restart;
use crate::server_facts::ServerFacts;
use crate::servers::Servers;
use crate::tag::Tag;

/// Opens the connections of a link.
pub(crate) struct Connector {
    pub(crate) servers: Arc<Servers>,
    pub(crate) dialler: Dialler,
    /// What is stored behind this link. In a cluster it is one tag.
    pub(crate) tags: Vec<Tag>,
}

/// An open connection, after its server was checked.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) facts: Arc<ServerFacts>,
    pub(crate) address: String,
}

impl Connector {
    /// The server that has the tags now.
    pub(crate) async fn find(&self, timeout: Duration) -> Result<ConnectionInfo, LedgerError> {
        let slot = self.tags.first().map_or(0, |tag| tag.slot);
        self.servers.find(slot, timeout).await
    }

    /// With the server that it is a connection to.
    pub(crate) async fn subscribe(
        &self,
        channel: &str,
        timeout: Duration,
    ) -> Result<(PubSub, ConnectionInfo), LedgerError> {
        let info = self.find(timeout).await?;
        Ok((self.dialler.subscribe(&info, channel, timeout).await?, info))
    }

    /// Nothing is sent to a server process before its run id was compared.
    pub(crate) async fn connect(&self, timeout: Duration) -> Result<Live, LedgerError> {
        let info = self.find(timeout).await?;
        let mut connection = self.dialler.dial(&info, timeout).await?;
        let checked = self.check(&mut connection).await;
        let facts = checked.map_err(|error| match self.servers.may_change() {
            true => of_server(&info, error.while_looking()),
            false => error.at_connecting(),
        })?;
        Ok(Live { connection, facts: Arc::new(facts), address: info.addr().to_string() })
    }

    async fn check(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<ServerFacts, CommandError> {
        let facts = ServerFacts::ask(connection).await?;
        facts.is_master()?;
        end_after_restart(connection, &self.tags, &facts).await?;
        Ok(facts)
    }
}
