//! What a page must ask of the roles, on their own runtime, where their connections live.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::serve::BOUNDS;

/// Less than whoever probes waits.
const PATIENCE: Duration = Duration::from_secs(3);

/// Fewer than may be connected: while stores are silent, `/livez` still finds a place.
const AT_ONCE: usize = BOUNDS.connections / 4;

/// A bounded number at once, each for a bounded time.
#[derive(Clone)]
pub(super) struct Looks {
    runtime: Handle,
    places: Arc<Semaphore>,
}

impl Looks {
    pub(super) fn on(runtime: Handle) -> Self {
        Self { runtime, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// What it found, or why it did not; given up as well when whoever asked has gone.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        look: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, String> {
        let place = self.places.try_acquire();
        let _place = place.map_err(|_| "too many ask at once: repeat it".to_owned())?;
        let looking = AbortOnDropHandle::new(self.runtime.spawn(look));
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(found) => found.map_err(|error| error.to_string()),
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

    /// Ends when its look has.
    type Look = oneshot::Receiver<()>;

    /// Its checks never end, and each look is told as it begins.
    fn silent() -> (Admin, mpsc::UnboundedReceiver<Look>) {
        let (tell, told) = mpsc::unbounded_channel();
        let checks: Checks = Arc::new(move || {
            let (held, look) = oneshot::channel::<()>();
            tell.send(look).unwrap();
            Box::pin(async move {
                let _held = held;
                std::future::pending().await
            })
        });
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        (Admin::start(any, checks, None).unwrap(), told)
    }

    async fn asks(admin: &Admin) -> TcpStream {
        let mut stream = TcpStream::connect(admin.address()).await.unwrap();
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        stream
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_ends_when_whoever_asked_has_gone() {
        let (admin, mut looks) = silent();
        let caller = asks(&admin).await;
        let look = looks.recv().await.unwrap();
        drop(caller);
        assert!(timeout(GENEROUS, look).await.expect("it ends").is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn however_many_ask_the_process_is_seen_to_be_alive() {
        let (admin, mut looks) = silent();
        let mut callers = Vec::new();
        for _ in 0..2 * BOUNDS.connections {
            callers.push(asks(&admin).await);
        }
        for _ in 0..AT_ONCE {
            looks.recv().await.unwrap();
        }
        assert_eq!(ask(admin.address(), "/livez").await.unwrap(), (200, "ok\n".to_owned()));
    }

    #[tokio::test]
    async fn whoever_asks_beside_too_many_is_told() {
        let looks = Looks::on(Handle::current());
        let waiting = (0..AT_ONCE).map(|_| Box::pin(looks.take(std::future::pending::<()>())));
        let mut waiting: Vec<_> = waiting.collect();
        for look in &mut waiting {
            assert!(poll_fn(|context| Poll::Ready(look.as_mut().poll(context))).await.is_pending());
        }
        let told = "too many ask at once: repeat it".to_owned();
        assert_eq!(looks.take(async {}).await, Err(told));
        drop(waiting);
        assert_eq!(looks.take(async {}).await, Ok(()));
    }
}
