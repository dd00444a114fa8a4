//! Who is connected. A caller that does not finish its request is cut off in time, and at once when
//! others need its place.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// After an accept that failed, such as for want of file descriptors.
const REST: Duration = Duration::from_millis(100);

/// How long, and how many.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// From the first byte, or from the answer before, to the last header.
    pub(crate) head: Duration,
    pub(crate) connections: usize,
}

/// Accepts until it is told to stop; then what is under way is answered.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) -> io::Result<()> {
    let callers = Callers::default();
    let tasks = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                // Dropped, where all the others are at work: it may come again.
                if let Some(caller) = callers.admit(bounds.connections) {
                    tasks.spawn(talk(stream, router.clone(), bounds.head, caller, stop.clone()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a caller could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
    tasks.close();
    tasks.wait().await;
    Ok(())
}

async fn talk(
    stream: TcpStream,
    router: Router,
    head: Duration,
    caller: Caller,
    stop: CancellationToken,
) {
    let (service, working) = (TowerToHyperService::new(router), caller.working.clone());
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, working) = (service.clone(), Working::begun(&working));
        async move {
            let answered = hyper::service::Service::call(&service, request.map(Body::new)).await;
            drop(working);
            answered as Result<Response, _>
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head);
    let mut talking = std::pin::pin!(http.serve_connection(TokioIo::new(stream), answer));
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            () = caller.cut.cancelled() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                talking.as_mut().graceful_shutdown();
            }
            talked = talking.as_mut() => {
                if let Err(error) = talked {
                    tracing::debug!(%error, "a caller has gone");
                }
                return;
            }
        }
    }
}

/// Set while an answer is made.
struct Working(Arc<AtomicBool>);

impl Working {
    fn begun(working: &Arc<AtomicBool>) -> Self {
        working.store(true, Ordering::SeqCst);
        Self(working.clone())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Everybody who is connected, in the order of their coming.
#[derive(Clone, Default)]
struct Callers(Arc<Mutex<BTreeMap<u64, Known>>>);

struct Known {
    working: Arc<AtomicBool>,
    cut: CancellationToken,
}

/// One of them, until it is dropped.
struct Caller {
    number: u64,
    working: Arc<AtomicBool>,
    cut: CancellationToken,
    all: Callers,
}

impl Callers {
    /// Where there is no place, who has waited longest without a whole request makes one.
    fn admit(&self, most: usize) -> Option<Caller> {
        let mut known = self.lock();
        if known.len() >= most {
            let idle = |known: &Known| !known.working.load(Ordering::SeqCst);
            let (number, _) = known.iter().find(|(_, caller)| idle(caller))?;
            let number = *number;
            known.remove(&number)?.cut.cancel();
        }
        let number = known.last_key_value().map_or(0, |(last, _)| last + 1);
        let (working, cut) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
        known.insert(number, Known { working: working.clone(), cut: cut.clone() });
        Some(Caller { number, working, cut, all: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // Cut off, its number may be another's by now.
        if !self.cut.is_cancelled() {
            self.all.lock().remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_longest_makes_place_and_who_works_does_not() {
        let callers = Callers::default();
        let [first, second] = [(); 2].map(|()| callers.admit(2).unwrap());
        let working = Working::begun(&first.working);
        let third = callers.admit(2).unwrap();
        assert!(second.cut.is_cancelled() && !first.cut.is_cancelled());
        let _third_works = Working::begun(&third.working);
        assert!(callers.admit(2).is_none(), "all are at work");
        drop((second, working));
        assert!(callers.admit(2).is_some() && first.cut.is_cancelled());
    }
}
