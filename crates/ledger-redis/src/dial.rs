//! Opens connections.

use std::time::Duration;

use ports::LedgerError;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, RedisError};
use tls::Files;

use crate::encryption;
use crate::error::ledger_error;

/// Commands that may wait to be written; further callers block.
const QUEUE: usize = 4096;

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Dialler {
    tls: Files,
}

impl Dialler {
    pub(crate) fn new(tls: Files) -> Self {
        encryption::install_provider();
        Self { tls }
    }

    /// The files for TLS are read for each connection, so that renewed ones are used.
    pub(crate) async fn dial(
        &self,
        info: &ConnectionInfo,
        timeout: Duration,
    ) -> Result<MultiplexedConnection, LedgerError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE);
        let named = |error: RedisError| of_server(info, ledger_error(&error));
        let client = self.client(info).await?;
        client.get_multiplexed_async_connection_with_config(&config).await.map_err(named)
    }

    async fn client(&self, info: &ConnectionInfo) -> Result<Client, LedgerError> {
        let ready = if self.tls.are_none() { info.clone() } else { self.with_files(info).await? };
        Client::open(ready).map_err(|error| of_server(info, ledger_error(&error)))
    }

    /// The files could be used at the start, so wrong ones are being replaced.
    async fn with_files(&self, info: &ConnectionInfo) -> Result<ConnectionInfo, LedgerError> {
        let (files, plain) = (self.tls.clone(), info.clone());
        let reading = tokio::task::spawn_blocking(move || encryption::with(&files, plain));
        let read = reading.await.map_err(|error| error.to_string());
        read.and_then(|read| read).map_err(LedgerError::Unavailable)
    }

    /// A connection that only receives what is published on the channel.
    pub(crate) async fn subscribe(
        &self,
        info: &ConnectionInfo,
        channel: &str,
        timeout: Duration,
    ) -> Result<PubSub, LedgerError> {
        let named = |error: RedisError| of_server(info, ledger_error(&error));
        let client = self.client(info).await?;
        let subscribing = async {
            let mut connection = client.get_async_pubsub().await?;
            connection.subscribe(channel).await?;
            Ok(connection)
        };
        let silence = |_| of_server(info, LedgerError::Unavailable("no answer in time".to_owned()));
        tokio::time::timeout(timeout, subscribing).await.map_err(silence)?.map_err(named)
    }
}

/// With the server's address in front, because a ledger may have several.
pub(crate) fn of_server(info: &ConnectionInfo, error: LedgerError) -> LedgerError {
    let named = |text: String| format!("{}: {text}", info.addr());
    match error {
        LedgerError::Unavailable(text) => LedgerError::Unavailable(named(text)),
        LedgerError::Denied(text) => LedgerError::Denied(named(text)),
        other => other,
    }
}
