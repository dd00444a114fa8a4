//! The admin port: whether the process is alive and ready, and its metrics.
//!
//! It has a thread of its own, so that it answers, and reports it, when the runtime of the roles
//! is stuck.

mod ask;
mod bounded_calls;
mod health;
mod liveness;
mod serve;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use listener::Bounds;
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::ask::ask;
use self::bounded_calls::BoundedCalls;
pub use self::health::{Check, Checks, Metrics, Standing};
use self::health::{Health, pages};
use self::liveness::Liveness;
use self::serve::{BOUNDS, serve};

/// Serves until it is dropped.
pub struct Admin {
    address: SocketAddr,
    draining: Arc<AtomicBool>,
    _stop: DropGuard,
}

/// A runtime that has not moved for so long is stuck: its tasks never wait this long for a turn.
const STUCK: Duration = Duration::from_secs(15);

impl Admin {
    /// Listens when this returns. Called on the runtime that is to be watched, which also runs
    /// the checks.
    pub fn start(
        listen: SocketAddr,
        checks: Checks,
        metrics: Option<Arc<dyn Metrics>>,
    ) -> io::Result<Self> {
        Self::watching(listen, checks, metrics, STUCK, BOUNDS)
    }

    fn watching(
        listen: SocketAddr,
        checks: Checks,
        metrics: Option<Arc<dyn Metrics>>,
        stuck: Duration,
        bounds: Bounds,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let draining = Arc::new(AtomicBool::new(false));
        let runtime = Handle::current();
        let liveness = Liveness::of(&runtime, stuck);
        let calls = BoundedCalls::on(runtime);
        let health = Health { checks, metrics, liveness, calls, draining: draining.clone() };
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        thread::Builder::new().name("admin".into()).spawn(move || {
            if let Err(error) = serve(listener, pages(health), bounds, stopped) {
                tracing::error!(%error, "the admin port is closed");
            }
        })?;
        Ok(Self { address, draining, _stop: stop.drop_guard() })
    }

    /// Where it listens, with the port that was assigned for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on the process is not ready.
    pub fn drains(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    fn checks(why: Option<&'static str>) -> Checks {
        Arc::new(move || {
            let checks = [Check::well("broker"), Check::failing("ledger", why.map(Into::into))];
            Box::pin(std::future::ready(checks.into()))
        })
    }

    async fn page(admin: &Admin, path: &str) -> (u16, String) {
        ask(admin.address(), path).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_process_is_ready_until_it_drains() {
        let admin = Admin::start(ANY, checks(None), None).unwrap();
        for path in ["/livez", "/readyz", "/healthz"] {
            assert_eq!(page(&admin, path).await, (200, "ok\n".to_owned()), "{path}");
        }
        let text = "[+]broker ok\n[+]ledger ok\n[+]serving ok\n";
        assert_eq!(page(&admin, "/readyz?verbose").await, (200, text.to_owned()));
        assert_eq!(page(&admin, "/else").await.0, 404);
        admin.drains();
        let (status, text) = page(&admin, "/readyz").await;
        assert_eq!(status, 503);
        assert!(text.ends_with("[-]serving it drains: nothing new is taken\n"), "{text}");
        assert_eq!(page(&admin, "/livez").await.0, 200);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_failing_check_has_its_reason() {
        let admin = Admin::start(ANY, checks(Some("no answer")), None).unwrap();
        let text = "[+]broker ok\n[-]ledger no answer\n[+]serving ok\n";
        assert_eq!(page(&admin, "/readyz").await, (503, text.to_owned()));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_note_is_shown_and_the_process_is_ready() {
        let what = "videos rests\n[-]ledger \u{1b}]0;x\u{7}";
        let noted: Checks = Arc::new(|| {
            let checks = vec![Check::well("broker"), Check::noted("lanes", Some(what.into()))];
            Box::pin(std::future::ready(checks))
        });
        let admin = Admin::start(ANY, noted, None).unwrap();
        let note = "[!]lanes videos rests [-]ledger \\u001b]0;x\\u0007\n";
        assert_eq!(page(&admin, "/readyz").await, (200, format!("ok\n{note}")));
        let (status, text) = page(&admin, "/readyz?verbose").await;
        assert_eq!((status, text), (200, format!("[+]broker ok\n{note}[+]serving ok\n")));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_check_that_does_not_end_fails() {
        let never: Checks = Arc::new(|| Box::pin(std::future::pending()));
        let admin = Admin::start(ANY, never, None).unwrap();
        let (status, text) = page(&admin, "/readyz").await;
        assert_eq!(
            (status, text.as_str()),
            (503, "[-]checks no answer within 3 s\n[+]serving ok\n")
        );
    }

    /// The runtime is held up by a task that blocks its only thread.
    #[test]
    fn a_stuck_runtime_is_not_alive() {
        let (started, address) = mpsc::channel();
        let (free, held) = mpsc::channel::<()>();
        let stuck = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let stuck = Duration::from_millis(100);
                let admin = Admin::watching(ANY, checks(None), None, stuck, BOUNDS).unwrap();
                started.send(admin.address()).unwrap();
                held.recv().unwrap_err();
            });
        });
        let address = address.recv().unwrap();
        let watcher = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        watcher.block_on(async {
            loop {
                let (status, text) = ask(address, "/livez").await.unwrap();
                if status == 503 {
                    assert_eq!(text, "the runtime is stuck\n");
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        drop(free);
        stuck.join().unwrap();
    }
}
