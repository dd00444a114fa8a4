use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use ports::LedgerError;
use redis::{Cmd, FromRedisValue, Value};
use tokio::time::{Instant, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::codec::corrupt;
use crate::connect::{Connector, Live};
use crate::error::CommandError;
use crate::reply::Reply;
use crate::script::Call;
use crate::server_facts::ServerFacts;

/// A connection that was lost within this time does not reset the wait before the next.
const SETTLED: Duration = Duration::from_secs(5);

/// Between two tries of a command that another server, or the same one later, may execute.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest look for another master.
const LOOK: Duration = Duration::from_millis(500);

/// Whether to send a command again if its connection was lost and it may have been executed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// A second execution changes nothing and returns the same.
    Safe,
    Never,
}

/// One connection that all callers share. When it is lost, the next caller starts an attempt to
/// connect, and later callers wait for it. Attempts are up to 1 s apart.
pub(crate) struct Link {
    connector: Arc<Connector>,
    timeout: Duration,
    current: Mutex<Current>,
}

struct Current {
    /// Raised with every new connection, so that it is replaced once, not by every caller.
    epoch: u64,
    began: Instant,
    /// Failed attempts, or connections that did not last, in a row.
    failures: u32,
    attempt: Attempt,
}

type Attempt = Shared<BoxFuture<'static, Result<Live, LedgerError>>>;

impl Link {
    pub(crate) fn new(connector: Arc<Connector>, timeout: Duration) -> Self {
        let began = Instant::now();
        let attempt = attempt(connector.clone(), timeout, began);
        let current = Mutex::new(Current { epoch: 0, began, failures: 0, attempt });
        Self { connector, timeout, current }
    }

    pub(crate) async fn run(&self, call: Call, repeat: Repeat) -> Result<Reply, LedgerError> {
        let span = span(call.script.name);
        let answer = self.run_script(call, repeat).instrument(span.clone()).await;
        answer.inspect_err(|error| fail(&span, error))
    }

    async fn run_script(&self, call: Call, repeat: Repeat) -> Result<Reply, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let answer = match self.send(&call.by_hash(), repeat, deadline).await {
            Err(CommandError::NoScript) => self.send(&call.in_full(), repeat, deadline).await,
            answer => answer,
        };
        Reply::read(call.script.name, answer.map_err(|error| self.explained(error))?)
    }

    /// Sends one plain command.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        command: &Cmd,
        repeat: Repeat,
    ) -> Result<T, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let value = self.send(command, repeat, deadline).await;
        let value = value.map_err(|error| self.explained(error))?;
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
        let answer = self.send(command, Repeat::Safe, deadline).await;
        match answer.map_err(|error| self.explained(error)) {
            Ok(value) => Ok(T::from_redis_value(value).map_err(|error| corrupt(key, error))),
            Err(LedgerError::Corrupt { cause, .. }) => Ok(Err(corrupt(key, cause))),
            Err(error) => Err(error),
        }
    }

    fn explained(&self, error: CommandError) -> LedgerError {
        match self.connector.servers.may_change() {
            true => error.while_looking(),
            false => error.into(),
        }
    }

    /// What the server reported when the present connection was opened.
    pub(crate) async fn facts(&self) -> Result<Arc<ServerFacts>, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let (_, live) = self.live(deadline).await?;
        Ok(live.facts)
    }

    /// Ends the connection if another server has been appointed master. The old one may accept
    /// writes for seconds after that, which are lost.
    pub(crate) async fn leave_replaced_master(&self) {
        let deadline = Instant::now() + LOOK;
        let Ok((epoch, live)) = self.live(deadline).await else { return };
        let Ok(Ok(now)) = timeout_at(deadline, self.connector.find(LOOK)).await else { return };
        if now.addr().to_string() != live.address {
            tracing::warn!(from = live.address, to = %now.addr(), "the sentinels replaced the master");
            self.replace(epoch);
        }
    }

    /// Queries the server again.
    pub(crate) async fn ask_facts(&self) -> Result<ServerFacts, LedgerError> {
        let deadline = Instant::now() + self.timeout;
        let (epoch, mut live) = self.live(deadline).await?;
        match timeout_at(deadline, ServerFacts::ask(&mut live.connection)).await {
            Ok(Ok(facts)) => Ok(facts),
            Ok(Err(error)) => {
                self.replace(epoch);
                Err(self.explained(error))
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
        let (mut again, mut before) = (repeat == Repeat::Safe, None);
        loop {
            match self.send_once(command, deadline).await {
                Err(CommandError::Lost(_) | CommandError::Insecure(_)) if again => again = false,
                Err(error) if self.may_pass(&error, deadline) => {
                    before = Some(error);
                    tokio::time::sleep(PAUSE).await;
                }
                // The last try may have ended with the time, which tells nothing.
                Err(CommandError::Unsent(error)) => {
                    return Err(before.unwrap_or(CommandError::Unsent(error)));
                }
                answer => return answer,
            }
        }
    }

    fn may_pass(&self, error: &CommandError, deadline: Instant) -> bool {
        let changes = self.connector.servers.may_change();
        changes && error.is_passing() && Instant::now() + PAUSE < deadline
    }

    async fn send_once(&self, command: &Cmd, deadline: Instant) -> Result<Value, CommandError> {
        let (epoch, mut live) = self.live(deadline).await.map_err(CommandError::Unsent)?;
        match timeout_at(deadline, command.query_async(&mut live.connection)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                let error = CommandError::of(&error);
                if error.ends_connection() {
                    self.replace(epoch);
                }
                Err(error)
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
            let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            (current.epoch, current.attempt.clone())
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
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.epoch != epoch {
            return;
        }
        let lasted = current.began.elapsed();
        current.failures = if lasted > SETTLED { 0 } else { current.failures + 1 };
        let wait = backoff(current.failures).saturating_sub(lasted);
        current.began = Instant::now() + wait;
        current.attempt = attempt(self.connector.clone(), self.timeout, current.began);
        current.epoch += 1;
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

fn attempt(connector: Arc<Connector>, timeout: Duration, at: Instant) -> Attempt {
    let attempt = async move {
        tokio::time::sleep_until(at).await;
        match tokio::time::timeout(timeout, connector.connect(timeout)).await {
            Ok(connected) => connected,
            Err(_) => Err(LedgerError::Unavailable(format!("no connection within {timeout:?}"))),
        }
    };
    attempt.boxed().shared()
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
