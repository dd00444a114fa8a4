use std::io;
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

use crate::callers::{Caller, Callers, Working};

/// The wait after a failed accept, for example when no file descriptor is left.
const REST: Duration = Duration::from_millis(100);

/// Limits of the server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest time until the headers are complete, from the first byte or the previous response.
    pub head: Duration,
    /// Most open connections.
    pub connections: usize,
}

/// Accepts connections until `stop` is cancelled, then answers the requests in progress.
pub async fn serve(
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
                // Dropped if all connections have a request in progress; the client may retry.
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
