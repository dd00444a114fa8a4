use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use ports::LedgerError;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Value};
use tokio::time::{Instant, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::codec::corrupt;
use crate::error::{CommandError, ledger_error, needs_reconnect};
use crate::reply::Reply;
use crate::script::Call;
use crate::server_facts::ServerFacts;

/// A connection that was lost within this time does not reset the wait before the next.
const SETTLED: Duration = Duration::from_secs(5);

/// Commands that may wait to be written; further callers block.
const QUEUE: usize = 4096;

/// Whether to send a command again if its connection was lost and it may have been executed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// A second execution changes nothing and returns the same.
    Safe,
    Never,
}

/// The check of a new connection before callers get it.
pub(crate) type OnConnect = Arc<
    dyn Fn(MultiplexedConnection, Arc<ServerFacts>) -> BoxFuture<'static, Result<(), LedgerError>>
        + Send
        + Sync,
>;

/// One connection that all callers share. When it is lost, the next caller starts an attempt to
/// connect, and later callers wait for it. Attempts are up to 1 s apart.
pub(crate) struct Link {
    client: Client,
    on_connect: OnConnect,
    timeout: Duration,
    slot: Mutex<Slot>,
}

struct Slot {
    /// Raised with every new connection, so that it is replaced once, not by every caller.
    epoch: u64,
    began: Instant,
    /// Failed attempts, or connections that did not last, in a row.
    failures: u32,
    attempt: Attempt,
}

type Attempt = Shared<BoxFuture<'static, Result<Live, LedgerError>>>;

#[derive(Clone)]
pub(crate) struct Live {
    connection: MultiplexedConnection,
    pub(crate) facts: Arc<ServerFacts>,
}

impl Link {
    pub(crate) fn new(client: Client, on_connect: OnConnect, timeout: Duration) -> Self {
        let began = Instant::now();
        let attempt = attempt(client.clone(), on_connect.clone(), timeout, began);
        Self {
            client,
            on_connect,
            timeout,
            slot: Mutex::new(Slot { epoch: 0, began, failures: 0, attempt }),
        }
    }

    pub(crate) async fn run(&self, call: Call, repeat: Repeat) -> Result<Reply, LedgerError> {
        let span = span(call.script.name);
        let answer = self.run_script(call, repeat).instrument(span.clone()).await;
        answer.inspect_err(|error| fail(&span, error))
    }

    async fn run_script(&self, call: Call, repeat: Repeat) -> Result<Reply, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let answer = match self.send(&call.by_hash(), repeat, deadline).await {
            Err(CommandError::NoScript) => self.send(&call.in_full(), repeat, deadline).await?,
            answer => answer?,
        };
        Reply::read(call.script.name, answer)
    }

    /// Sends one plain command.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        command: &Cmd,
        repeat: Repeat,
    ) -> Result<T, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let value = self.send(command, repeat, deadline).await?;
        T::from_redis_value(value)
            .map_err(|error| LedgerError::Unavailable(format!("an unexpected answer: {error}")))
    }

    /// A plain command about one of many keys. The inner error means that its value cannot be read,
    /// which does not concern the others; the outer error is the server's.
    pub(crate) async fn ask_one<T: FromRedisValue>(
        &self,
        key: &str,
        command: &Cmd,
    ) -> Result<Result<T, LedgerError>, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        match self.send(command, Repeat::Safe, deadline).await.map_err(LedgerError::from) {
            Ok(value) => Ok(T::from_redis_value(value).map_err(|error| corrupt(key, error))),
            Err(LedgerError::Corrupt { cause, .. }) => Ok(Err(corrupt(key, cause))),
            Err(error) => Err(error),
        }
    }

    /// What the server reported when the present connection was opened.
    pub(crate) async fn facts(&self) -> Result<Arc<ServerFacts>, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let (_, live) = self.live(deadline).await?;
        Ok(live.facts)
    }

    /// Queries the server again.
    pub(crate) async fn ask_facts(&self) -> Result<ServerFacts, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let (epoch, mut live) = self.live(deadline).await?;
        match timeout_at(deadline, ServerFacts::ask(&mut live.connection)).await {
            Ok(Ok(facts)) => Ok(facts),
            Ok(Err(error)) => {
                self.replace(epoch);
                Err(error)
            }
            Err(_) => {
                self.replace(epoch);
                Err(self.too_late("no answer"))
            }
        }
    }

    async fn send(
        &self,
        command: &Cmd,
        repeat: Repeat,
        deadline: Instant,
    ) -> Result<Value, CommandError> {
        match self.send_once(command, deadline).await {
            Err(CommandError::Lost(_)) if repeat == Repeat::Safe => {
                self.send_once(command, deadline).await
            }
            answer => answer,
        }
    }

    async fn send_once(&self, command: &Cmd, deadline: Instant) -> Result<Value, CommandError> {
        let (epoch, mut live) = self.live(deadline).await.map_err(CommandError::Final)?;
        match timeout_at(deadline, command.query_async(&mut live.connection)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                if needs_reconnect(&error) {
                    self.replace(epoch);
                }
                Err(CommandError::of(&error))
            }
            // A connection that drops every packet times out like this, and never closes by itself.
            Err(_) => {
                self.replace(epoch);
                Err(CommandError::Final(self.too_late("no answer")))
            }
        }
    }

    async fn live(&self, deadline: Instant) -> Result<(u64, Live), LedgerError> {
        let (epoch, attempt) = {
            let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            (slot.epoch, slot.attempt.clone())
        };
        match timeout_at(deadline, attempt).await {
            Ok(Ok(live)) => Ok((epoch, live)),
            Ok(Err(error)) => {
                self.replace(epoch);
                Err(error)
            }
            Err(_) => Err(self.too_late("no connection")),
        }
    }

    fn too_late(&self, what: &str) -> LedgerError {
        LedgerError::Unavailable(format!("{what} within {:?}", self.timeout))
    }

    /// Lets the next caller connect again, unless another call has already replaced it.
    fn replace(&self, epoch: u64) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.epoch != epoch {
            return;
        }
        let lasted = slot.began.elapsed();
        slot.failures = if lasted > SETTLED { 0 } else { slot.failures + 1 };
        let wait = backoff(slot.failures).saturating_sub(lasted);
        let began = Instant::now() + wait;
        let attempt = attempt(self.client.clone(), self.on_connect.clone(), self.timeout, began);
        slot.epoch += 1;
        slot.began = began;
        slot.attempt = attempt;
    }
}

/// The trace span of a call (semantic conventions 1.44, database client spans).
fn span(script: &'static str) -> Span {
    tracing::debug_span!(
        "redis",
        otel.name = "EVALSHA",
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = "redis",
        db.operation.name = "EVALSHA",
        db.stored_procedure.name = script,
        error.r#type = Empty,
    )
}

fn fail(span: &Span, error: &LedgerError) {
    span.record("otel.status_code", "error");
    span.record("error.type", error.word());
}

/// The shortest time from one attempt to the next.
fn backoff(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        n => Duration::from_millis(100 << (n - 1).min(4)).min(Duration::from_secs(1)),
    }
}

fn attempt(client: Client, on_connect: OnConnect, timeout: Duration, at: Instant) -> Attempt {
    let attempt = async move {
        tokio::time::sleep_until(at).await;
        match tokio::time::timeout(timeout, connect(&client, &on_connect, timeout)).await {
            Ok(connected) => connected,
            Err(_) => Err(LedgerError::Unavailable(format!("no connection within {timeout:?}"))),
        }
    };
    attempt.boxed().shared()
}

/// A connection is usable once `on_connect` has accepted its server.
async fn connect(
    client: &Client,
    on_connect: &OnConnect,
    timeout: Duration,
) -> Result<Live, LedgerError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(None)
        .set_pipeline_buffer_size(QUEUE);
    let mut connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .map_err(|error| ledger_error(&error))?;
    let facts = Arc::new(ServerFacts::ask(&mut connection).await?);
    on_connect(connection.clone(), facts.clone()).await?;
    Ok(Live { connection, facts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_keep_a_growing_distance_of_at_most_a_second() {
        let millis = [0, 1, 2, 3, 4, 5, 40].map(|n| backoff(n).as_millis());
        assert_eq!(millis, [0, 100, 200, 400, 800, 1000, 1000]);
    }
}
