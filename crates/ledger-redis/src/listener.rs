//! Listens for slots that have become free, on a connection of its own.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use ports::LedgerError;
use redis::aio::PubSub;
use redis::{ConnectionInfo, Value};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::connect::Connector;
use crate::dial::of_server;
use crate::error::ledger_error;

/// After so long without a message the server is asked whether it is still there: a connection that
/// drops every packet never closes by itself.
const SILENCE: Duration = Duration::from_secs(5);

/// Before the next connection, after one was lost.
const PAUSE: Duration = Duration::from_millis(500);

/// Begins with the first caller that waits, so that a process that submits nothing has no
/// connection for it.
pub(crate) struct Listener {
    connector: Arc<Connector>,
    channel: String,
    timeout: Duration,
    listening: OnceLock<Listening>,
}

struct Listening {
    /// Raised with each message, and with each new connection: one may have been missed.
    freed: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(crate) fn new(connector: Arc<Connector>, channel: String, timeout: Duration) -> Self {
        Self { connector, channel, timeout, listening: OnceLock::new() }
    }

    /// Waits until the number is another one than `seen`, at most so long.
    pub(crate) async fn wait(&self, seen: u64, most: Duration) -> u64 {
        let listening = self.listening.get_or_init(|| self.begin());
        let mut freed = listening.freed.clone();
        // In vain: the time is over.
        let _ = tokio::time::timeout(most, freed.wait_for(|freed| *freed != seen)).await;
        *freed.borrow()
    }

    fn begin(&self) -> Listening {
        let (raise, freed) = watch::channel(0);
        let (connector, channel, timeout) =
            (self.connector.clone(), self.channel.clone(), self.timeout);
        let task = tokio::spawn(async move {
            let mut failed = None;
            loop {
                let lost = listen(&connector, &channel, timeout, &raise).await.err();
                report(&mut failed, lost);
                tokio::time::sleep(PAUSE).await;
            }
        });
        Listening { freed, task }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get() {
            listening.task.abort();
        }
    }
}

/// Until the connection is lost.
async fn listen(
    connector: &Connector,
    channel: &str,
    timeout: Duration,
    raise: &watch::Sender<u64>,
) -> Result<(), LedgerError> {
    let (mut connection, info) = connector.subscribe(channel, timeout).await?;
    raise.send_modify(|freed| *freed += 1);
    loop {
        let message = tokio::time::timeout(SILENCE, connection.on_message().next()).await;
        match message {
            Ok(Some(_)) => raise.send_modify(|freed| *freed += 1),
            Ok(None) => return Ok(()),
            Err(_) => still_there(connector, &mut connection, &info, timeout).await?,
        }
    }
}

/// It answers, and the sentinels have not replaced it. They may be out of reach meanwhile.
async fn still_there(
    connector: &Connector,
    connection: &mut PubSub,
    info: &ConnectionInfo,
    timeout: Duration,
) -> Result<(), LedgerError> {
    let lost = |why: &str| of_server(info, LedgerError::Unavailable(why.to_owned()));
    let pong = tokio::time::timeout(timeout, connection.ping::<Value>()).await;
    pong.map_err(|_| lost("no answer in time"))?
        .map_err(|error| of_server(info, ledger_error(&error)))?;
    if !connector.servers.is_replaced_silently() {
        return Ok(());
    }
    match connector.find(timeout).await {
        Ok(now) if now.addr() != info.addr() => Err(lost("the sentinels replaced it")),
        _ => Ok(()),
    }
}

/// Logged once for as long as it stays the same. Other connections report a lost server.
fn report(failed: &mut Option<String>, error: Option<LedgerError>) {
    let text = error.map(|error| error.to_string());
    if let Some(error) = text.as_ref().filter(|_| text != *failed) {
        tracing::warn!(error, "free slots are noticed late: nobody listens for them");
    }
    *failed = text;
}
