use std::sync::Arc;
use std::time::Duration;

use ports::BrokerError;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::Topology;
use crate::access::Access;
use crate::connection::BrokerConnection;
use crate::topology::apply;

/// Full jitter, with a ceiling that doubles up to 2 s, so that work resumes soon after a fault.
const FIRST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(2);
/// A connection that ends sooner does not reset the ceiling.
const STEADY: Duration = Duration::from_secs(5);

/// How a lost connection is restored.
#[derive(Clone)]
pub(crate) struct Dialer {
    pub(crate) access: Access,
    pub(crate) name: String,
    /// Declared again on every connection: a broker may restart empty.
    pub(crate) topology: Option<Topology>,
}

impl Dialer {
    /// The first connection: a topology that differs is an error.
    pub(crate) async fn dial(&self) -> Result<BrokerConnection, BrokerError> {
        let connection = self.access.open(&self.name).await?;
        self.declare(&connection).await?;
        Ok(connection)
    }

    /// A later connection: a topology that differs now is only logged.
    async fn redial(&self) -> Result<BrokerConnection, BrokerError> {
        let connection = self.access.open(&self.name).await?;
        match self.declare(&connection).await {
            Err(BrokerError::Differs(text)) => {
                tracing::warn!(connection = %self.name, "the topology differs now: {text}");
                Ok(connection)
            }
            declared => declared.map(|()| connection),
        }
    }

    async fn declare(&self, connection: &BrokerConnection) -> Result<(), BrokerError> {
        let declared = match &self.topology {
            Some(topology) => apply(connection, topology).await,
            None => Ok(()),
        };
        if matches!(declared, Err(BrokerError::Unavailable(_))) {
            self.access.failed(&connection.node);
        }
        declared
    }
}

#[derive(Clone)]
enum State {
    Up(Arc<BrokerConnection>),
    Down(BrokerError),
}

/// A connection that is restored when it is lost, until the link is dropped.
pub(crate) struct Link {
    state: watch::Receiver<State>,
    keeper: JoinHandle<()>,
}

impl Link {
    pub(crate) fn keep(first: BrokerConnection, dialer: Dialer) -> Self {
        let first = Arc::new(first);
        let (tell, state) = watch::channel(State::Up(first.clone()));
        let keeper = tokio::spawn(keep(first, dialer, tell));
        Self { state, keeper }
    }

    pub(crate) fn watch(&self) -> LinkView {
        LinkView(self.state.clone())
    }

    /// Stops restoring it and closes the open connection.
    pub(crate) async fn close(&self) {
        self.keeper.abort();
        let state = self.state.borrow().clone();
        if let State::Up(connection) = state {
            connection.close().await;
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// A view of a link.
#[derive(Clone)]
pub(crate) struct LinkView(watch::Receiver<State>);

impl LinkView {
    /// The connection; waits for it at most `patience`. The error is that of the last attempt.
    pub(crate) async fn up(
        &self,
        patience: Duration,
    ) -> Result<Arc<BrokerConnection>, BrokerError> {
        match tokio::time::timeout(patience, self.next()).await {
            Ok(Some(connection)) => Ok(connection),
            Ok(None) => Err(BrokerError::Unavailable("it was closed".to_owned())),
            Err(_) => Err(self.trouble()),
        }
    }

    /// The connection, without a time limit; `None` once the link is closed.
    pub(crate) async fn next(&self) -> Option<Arc<BrokerConnection>> {
        let mut state = self.0.clone();
        let up = |state: &State| matches!(state, State::Up(connection) if connection.is_up());
        match &*state.wait_for(up).await.ok()? {
            State::Up(connection) => Some(connection.clone()),
            State::Down(_) => None,
        }
    }

    pub(crate) fn now(&self) -> Result<Arc<BrokerConnection>, BrokerError> {
        match &*self.0.borrow() {
            State::Up(connection) if connection.is_up() => Ok(connection.clone()),
            State::Up(_) => Err(lost()),
            State::Down(error) => Err(error.clone()),
        }
    }

    fn trouble(&self) -> BrokerError {
        self.now().err().unwrap_or_else(lost)
    }
}

fn lost() -> BrokerError {
    BrokerError::Unavailable("the connection was lost".to_owned())
}

async fn keep(first: Arc<BrokerConnection>, dialer: Dialer, tell: watch::Sender<State>) {
    let mut connection = Some(first);
    let mut tries = 0;
    loop {
        if let Some(connection) = connection.take() {
            let since = Instant::now();
            connection.ended().await;
            dialer.access.failed(&connection.node);
            let at = connection.node.address();
            tracing::warn!(connection = %dialer.name, at, "the connection to the broker was lost");
            tell.send_replace(State::Down(lost()));
            if since.elapsed() > STEADY {
                tries = 0;
            }
        }
        tokio::time::sleep(pause(tries, rand::random())).await;
        tries = tries.saturating_add(1);
        match dialer.redial().await {
            Ok(next) => {
                let next = Arc::new(next);
                let at = next.node.address();
                tracing::info!(connection = %dialer.name, at, "the broker is connected again");
                tell.send_replace(State::Up(next.clone()));
                connection = Some(next);
            }
            Err(error) => {
                tracing::debug!(connection = %dialer.name, %error, "not connected yet");
                tell.send_replace(State::Down(error));
            }
        }
    }
}

/// How long to wait before the next attempt; `jitter` is uniform in [0, 1).
pub(crate) fn pause(tries: u32, jitter: f64) -> Duration {
    let ceiling = FIRST.saturating_mul(2u32.saturating_pow(tries.min(10)));
    ceiling.min(MOST).mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_jittered_from_nothing_and_never_passes_two_seconds() {
        assert_eq!(pause(0, 0.0), Duration::ZERO);
        assert_eq!(pause(0, 0.5), Duration::from_millis(50));
        assert_eq!(pause(3, 0.5), Duration::from_millis(400));
        for tries in 5..40 {
            assert!(pause(tries, 0.999) < MOST);
            assert!(pause(tries, 0.999) > Duration::from_millis(1900));
        }
    }
}
