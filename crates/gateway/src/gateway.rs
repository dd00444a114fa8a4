use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use listener::{Bounds, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::kling_api::{KlingApi, kling_api};
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
    pub kling_api: Option<KlingApi>,
}

impl Served {
    fn routes(self) -> Router {
        let callbacks = self.callbacks.map(callbacks).unwrap_or_default();
        callbacks.merge(self.kling_api.map(kling_api).unwrap_or_default())
    }
}

/// Serves until it is drained.
pub struct Gateway {
    address: SocketAddr,
    has_callbacks: bool,
    has_kling_api: bool,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

impl Gateway {
    /// Returns once it listens.
    pub async fn start(listen: &Listen, served: Served) -> io::Result<Self> {
        let has_callbacks = served.callbacks.is_some();
        let has_kling_api = served.kling_api.is_some();
        let listener = TcpListener::bind(listen.address).await?;
        let address = listener.local_addr()?;
        let bounds = Bounds { head: listen.head_timeout, connections: listen.connections };
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, served.routes(), bounds, stop.clone()));
        Ok(Self { address, has_callbacks, has_kling_api, stop, serving })
    }

    /// Where it listens; needed if the port was chosen by the system.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it receives callbacks, if it does.
    pub fn callbacks_on(&self) -> Option<SocketAddr> {
        self.has_callbacks.then_some(self.address)
    }

    /// Where it serves the provider's API, if it does.
    pub fn kling_api_on(&self) -> Option<SocketAddr> {
        self.has_kling_api.then_some(self.address)
    }

    /// Accepts nothing new and answers the requests under way. Returns whether all were answered
    /// within `patience`; a caller whose connection is cut may repeat its request.
    pub async fn drain(mut self, patience: Duration) -> bool {
        self.stop.cancel();
        match tokio::time::timeout(patience, &mut self.serving).await {
            Ok(served) => matches!(served, Ok(Ok(()))),
            Err(_) => {
                self.serving.abort();
                false
            }
        }
    }
}
