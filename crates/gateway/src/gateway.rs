use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use listener::{Bounds, serve};
use ports::{Clock, Ledger};
use recorder::Session;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::mailbox::Mailbox;
use crate::receive::routes;
use crate::settings::Settings;

/// Receives callbacks until it is drained.
pub struct Gateway {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

impl Gateway {
    /// Returns once it listens.
    pub async fn start(
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let bounds = Bounds { head: settings.head_timeout, connections: settings.connections };
        let mailbox = Mailbox::new(ledger, session, clock, settings);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, routes(mailbox), bounds, stop.clone()));
        Ok(Self { address, stop, serving })
    }

    /// Where it listens; needed if the port was chosen by the system.
    pub fn address(&self) -> SocketAddr {
        self.address
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
