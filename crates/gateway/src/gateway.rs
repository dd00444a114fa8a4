use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use listener::{Bounds, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::api;
use crate::jobs::Jobs;
use crate::kling_api::kling_api;
use crate::mailbox::Mailbox;
use crate::receive::callbacks;

/// Where it listens, and its limits.
#[derive(Clone, Debug)]
pub struct Listen {
    pub address: SocketAddr,
    /// Between the first byte of a request and its last header, or between two requests.
    pub head_timeout: Duration,
    /// Maximum number of connections: the one longest without a whole request is closed.
    pub connections: usize,
}

impl Listen {
    pub fn on(address: SocketAddr) -> Self {
        Self { address, head_timeout: Duration::from_secs(5), connections: 512 }
    }
}

/// What it serves.
#[derive(Default)]
pub struct Served {
    pub callbacks: Option<Mailbox>,
    /// Those of clients, and in which words they are asked for.
    pub jobs: Option<(Arc<Jobs>, Apis)>,
    /// Pages for operators, below a path of their own.
    pub pages: Option<Router>,
}

/// The APIs of clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apis {
    /// That of the provider, below `/kling/v1/` and `/v1/`.
    pub kling: bool,
    /// reelwork's own, below `/api/v1/`.
    pub own: bool,
}

impl Served {
    fn routes(self) -> Router {
        let callbacks = self.callbacks.map(callbacks).unwrap_or_default();
        let callbacks = callbacks.merge(self.pages.unwrap_or_default());
        let Some((jobs, apis)) = self.jobs else { return callbacks };
        let own = apis.own.then(|| api(jobs.clone()));
        let kling = apis.kling.then(|| kling_api(jobs));
        own.into_iter().chain(kling).fold(callbacks, Router::merge)
    }
}

/// Serves until it is drained.
pub struct Gateway {
    address: SocketAddr,
    has_callbacks: bool,
    jobs: Option<(Arc<Jobs>, Apis)>,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

impl Gateway {
    /// Returns once it listens.
    pub async fn start(listen: &Listen, served: Served) -> io::Result<Self> {
        let has_callbacks = served.callbacks.is_some();
        let jobs = served.jobs.clone();
        let listener = TcpListener::bind(listen.address).await?;
        let address = listener.local_addr()?;
        let bounds = Bounds { head: listen.head_timeout, connections: listen.connections };
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, served.routes(), bounds, stop.clone()));
        Ok(Self { address, has_callbacks, jobs, stop, serving })
    }

    /// Where it listens; needed if the port was chosen by the system.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it receives callbacks, if it does.
    pub fn callbacks_on(&self) -> Option<SocketAddr> {
        self.has_callbacks.then_some(self.address)
    }

    /// Where it serves clients, and with which APIs.
    pub fn clients_on(&self) -> Option<(SocketAddr, Apis)> {
        self.jobs.as_ref().map(|(_, apis)| (self.address, *apis))
    }

    /// Accepts nothing new and answers the requests under way. Returns whether all were answered
    /// within `patience`; a caller whose connection is cut may repeat its request.
    pub async fn drain(mut self, patience: Duration) -> bool {
        self.stop.cancel();
        self.jobs.iter().for_each(|(jobs, _)| jobs.draining.cancel());
        match tokio::time::timeout(patience, &mut self.serving).await {
            Ok(served) => matches!(served, Ok(Ok(()))),
            Err(_) => {
                self.serving.abort();
                false
            }
        }
    }
}
