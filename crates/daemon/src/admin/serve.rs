//! The server of the pages, on a thread of its own.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use axum::Router;
use listener::Bounds;
use tokio_util::sync::CancellationToken;

/// Probes and scrapers send their requests at once, and are a handful: the files that a process may
/// open are for its work. No page reads a body, so none is waited for.
pub(super) const BOUNDS: Bounds = Bounds { head: Duration::from_secs(5), connections: 64 };

/// Until it is stopped; connections without an answer are closed then.
pub(super) fn serve(
    listener: TcpListener,
    pages: Router,
    bounds: Bounds,
    stop: CancellationToken,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let serving = listener::serve(listener, pages, bounds, stop.clone());
        stop.run_until_cancelled(serving).await.unwrap_or(Ok(()))
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;
    use crate::admin::{Admin, Check, Checks, STUCK, ask};

    const CONNECTIONS: usize = 8;
    const SOON: Duration = Duration::from_millis(300);
    const NEVER: Duration = Duration::from_secs(3600);
    const GENEROUS: Duration = Duration::from_secs(10);

    fn admin(head: Duration) -> Admin {
        let well: Checks = Arc::new(|| Box::pin(std::future::ready(vec![Check::well("broker")])));
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let bounds = Bounds { head, connections: CONNECTIONS };
        Admin::watching(any, well, None, STUCK, bounds).unwrap()
    }

    /// A caller that sends the beginning of a request and nothing more.
    async fn half_sent(admin: &Admin, begun: &str) -> TcpStream {
        let mut stream = TcpStream::connect(admin.address()).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        stream
    }

    /// All bytes that it received before its connection was closed.
    async fn ended(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        let ending = timeout(GENEROUS, stream.read_to_end(&mut answer)).await;
        let _closed_or_reset = ending.expect("it is closed");
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn callers_that_never_finish_are_closed_in_time() {
        let admin = admin(SOON);
        for begun in ["", "GET", "GET /livez HTTP/1.1\r\nHost: a\r\n"] {
            let stream = half_sent(&admin, begun).await;
            assert_eq!(ended(stream).await, "", "{begun:?}");
        }
        for whole in ["\r\n", "Content-Length: 9\r\n\r\nbody"] {
            let request = format!("GET /livez HTTP/1.1\r\nHost: a\r\n{whole}");
            let answer = ended(half_sent(&admin, &request).await).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{whole:?}: {answer}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_oldest_unfinished_connection_is_closed_for_a_probe() {
        let admin = admin(NEVER);
        let mut callers = Vec::new();
        for _ in 0..3 * CONNECTIONS {
            callers.push(half_sent(&admin, "GET /livez HTTP/1.1\r\n").await);
        }
        for path in ["/livez", "/healthz"] {
            assert_eq!(ask(admin.address(), path).await.unwrap(), (200, "ok\n".to_owned()));
        }
        // All but the last CONNECTIONS, and one of those for the probes.
        for caller in callers.drain(..2 * CONNECTIONS + 1) {
            assert_eq!(ended(caller).await, "");
        }
    }
}
