//! Starting and stopping.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::accounts::Accounts;
use crate::connection::{ConnectionHandle, CuttableListener};
use crate::settings::Settings;
use crate::state::State;
use crate::{callbacks, routes};

/// How long requests in progress may take when the simulator stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running simulator. Dropping it stops it too, without waiting.
pub struct Simulator {
    state: Arc<State>,
    url: String,
    stopping: watch::Sender<bool>,
    server: JoinHandle<()>,
    callbacks: JoinHandle<()>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The state holds callback urls, which carry their senders' tokens.
        f.debug_struct("Simulator").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Listens on `listen` (port 0: any free port) and serves until stopped.
    ///
    /// # Errors
    /// `InvalidInput` names what is wrong with the settings; others come from binding.
    pub async fn start(settings: Settings, listen: SocketAddr) -> io::Result<Simulator> {
        Self::start_with(settings, None, listen).await
    }

    /// As [`Simulator::start`], with the state stored in a file, which is created if missing. After a
    /// restart with the same file, even after SIGKILL, the simulator has its tasks, external ids
    /// and accounts again. No other simulator may use the file at the same time.
    ///
    /// # Errors
    /// As [`Simulator::start`]; `InvalidData` names the line that cannot be read.
    pub async fn start_with_books(
        settings: Settings,
        books: &Path,
        listen: SocketAddr,
    ) -> io::Result<Simulator> {
        Self::start_with(settings, Some(books), listen).await
    }

    async fn start_with(
        settings: Settings,
        books: Option<&Path>,
        listen: SocketAddr,
    ) -> io::Result<Simulator> {
        if let Some(problem) = settings.problem() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let listener = TcpListener::bind(listen).await?;
        let url = url_of(listener.local_addr()?);
        let (stopping, stop) = watch::channel(false);
        let state = Arc::new(State::new(settings, books, url.clone(), stop.clone())?);
        let server = tokio::spawn(serve(listener, Arc::clone(&state), stop.clone()));
        let callbacks = tokio::spawn(callbacks::run(Arc::clone(&state), stop));
        tracing::debug!(%url, "simulator listens");
        Ok(Simulator { state, url, stopping, server, callbacks })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The accounts now, without the list of tasks.
    pub fn accounts(&self) -> Accounts {
        self.state.accounts(false)
    }

    /// The accounts now, with every accepted task.
    pub fn accounts_with_tasks(&self) -> Accounts {
        self.state.accounts(true)
    }

    /// Forgets all tasks, sessions, external ids and counts.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Replaces the settings. Tasks already accepted keep their durations and faults.
    ///
    /// # Errors
    /// `InvalidInput` names the error; the old settings stay.
    pub fn replace_settings(&self, settings: Settings) -> io::Result<()> {
        if let Some(problem) = settings.problem() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        self.state.replace_settings(settings);
        Ok(())
    }

    /// Stops listening, lets requests under way end for up to two seconds, drops callbacks.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        let Simulator { state, mut server, callbacks, .. } = self;
        if tokio::time::timeout(FAREWELL, &mut server).await.is_err() {
            server.abort();
        }
        // A panic in the task has been reported where it happened.
        let _ = callbacks.await;
        state.close_books();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>, mut stop: watch::Receiver<bool>) {
    let service = routes::router(state).into_make_service_with_connect_info::<ConnectionHandle>();
    let stopped = async move {
        // An error means that the simulator was dropped: that ends it as well.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let served =
        axum::serve(CuttableListener(listener), service).with_graceful_shutdown(stopped).await;
    if let Err(error) = served {
        tracing::error!(%error, "simulator stopped serving");
    }
}

fn url_of(addr: SocketAddr) -> String {
    match addr {
        SocketAddr::V6(addr) if !addr.ip().is_unspecified() => format!("http://{addr}"),
        SocketAddr::V4(addr) if !addr.ip().is_unspecified() => format!("http://{addr}"),
        addr => format!("http://{}:{}", Ipv4Addr::LOCALHOST, addr.port()),
    }
}
