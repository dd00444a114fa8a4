//! Calls that a page makes on the runtime of the roles, which has their connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::serve::BOUNDS;

/// Less than the timeout of a usual probe.
const PATIENCE: Duration = Duration::from_secs(3);

/// Fewer than the connections, so that `/livez` is answered while stores do not answer.
const AT_ONCE: usize = BOUNDS.connections / 4;

/// Runs a bounded number of calls at once, each for a bounded time.
#[derive(Clone)]
pub(super) struct BoundedCalls {
    runtime: Handle,
    permits: Arc<Semaphore>,
}

impl BoundedCalls {
    pub(super) fn on(runtime: Handle) -> Self {
        Self { runtime, permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The result, or why there is none. The call is aborted when its caller has gone.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, String> {
        let permit = self.permits.try_acquire();
        let _permit = permit.map_err(|_| "too many ask at once: repeat it".to_owned())?;
        let running = AbortOnDropHandle::new(self.runtime.spawn(call));
        match tokio::time::timeout(PATIENCE, running).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::task::Poll;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;
    use tokio::sync::{mpsc, oneshot};
    use tokio::time::timeout;

    use super::*;
    use crate::admin::{Admin, Checks, ask};

    const GENEROUS: Duration = Duration::from_secs(10);

    /// Ends when the call has ended.
    type Call = oneshot::Receiver<()>;

    /// Its checks never end; each is sent to the receiver as it begins.
    fn silent() -> (Admin, mpsc::UnboundedReceiver<Call>) {
        let (begun, calls) = mpsc::unbounded_channel();
        let checks: Checks = Arc::new(move || {
            let (held, call) = oneshot::channel::<()>();
            begun.send(call).unwrap();
            Box::pin(async move {
                let _held = held;
                std::future::pending().await
            })
        });
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        (Admin::start(any, checks, None).unwrap(), calls)
    }

    async fn asks(admin: &Admin) -> TcpStream {
        let mut stream = TcpStream::connect(admin.address()).await.unwrap();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        stream
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_ends_when_its_caller_has_gone() {
        let (admin, mut calls) = silent();
        let caller = asks(&admin).await;
        let call = calls.recv().await.unwrap();
        drop(caller);
        assert!(timeout(GENEROUS, call).await.expect("it ends").is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn livez_is_answered_however_many_calls_wait() {
        let (admin, mut calls) = silent();
        let mut callers = Vec::new();
        for _ in 0..2 * BOUNDS.connections {
            callers.push(asks(&admin).await);
        }
        for _ in 0..AT_ONCE {
            calls.recv().await.unwrap();
        }
        assert_eq!(ask(admin.address(), "/livez").await.unwrap(), (200, "ok\n".to_owned()));
    }

    #[tokio::test]
    async fn a_call_beyond_the_limit_is_refused() {
        let calls = BoundedCalls::on(Handle::current());
        let waiting = (0..AT_ONCE).map(|_| Box::pin(calls.run(std::future::pending::<()>())));
        let mut waiting: Vec<_> = waiting.collect();
        for call in &mut waiting {
            assert!(poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await.is_pending());
        }
        let refused = "too many ask at once: repeat it".to_owned();
        assert_eq!(calls.run(async {}).await, Err(refused));
        drop(waiting);
        assert_eq!(calls.run(async {}).await, Ok(()));
    }
}
