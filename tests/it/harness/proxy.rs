//! A proxy between the program and a server that can break their connections in many ways.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::Deliveries;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    Whole,
    /// Delays all data by this time, in both directions.
    Late(Duration),
    /// Open connections are closed, and new ones are refused.
    Cut,
    /// Open and new connections end with a TCP reset.
    Reset,
    /// Open connections are closed; new ones are accepted and never answered.
    HalfOpen,
    /// Data from the server is lost; data to the server arrives.
    Deaf,
    /// Open and new connections are closed by the server, but the close never completes.
    SlowClose,
    /// A few bytes at a time.
    Sliced,
    /// No data passes and no connection is closed; nothing is lost either.
    Stalled,
}

impl LinkState {
    /// Open connections end when this begins.
    fn ends(self) -> bool {
        matches!(self, Self::Cut | Self::Reset | Self::HalfOpen | Self::SlowClose)
    }
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    link: watch::Sender<LinkState>,
    pub(crate) deliveries: Arc<Deliveries>,
}

impl Proxy {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, link) = watch::channel(LinkState::Whole);
        let deliveries = Arc::new(Deliveries::default());
        let seen = deliveries.clone();
        tokio::spawn(async move {
            let mut listener = Some(listener);
            while let Some(open) = listener {
                accept(&open, server, &link, &seen).await;
                drop(open);
                listener = mended(address, link.clone()).await;
            }
        });
        Self { address, link: sender, deliveries }
    }

    pub(crate) fn set(&self, state: LinkState) {
        self.link.send_replace(state);
    }
}

/// Runs until the link is cut, or the proxy is dropped.
async fn accept(
    listener: &TcpListener,
    server: SocketAddr,
    link: &watch::Receiver<LinkState>,
    seen: &Arc<Deliveries>,
) {
    let mut cut = link.clone();
    let mut cut = std::pin::pin!(cut.wait_for(|state| *state == LinkState::Cut));
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((client, _)) = accepted {
                tokio::spawn(serve(client, server, link.clone(), seen.clone()));
            },
            _ = &mut cut => return,
        }
    }
}

/// Waits without listening until the proxy works again; `None` if it was dropped.
async fn mended(address: SocketAddr, mut link: watch::Receiver<LinkState>) -> Option<TcpListener> {
    link.wait_for(|state| *state != LinkState::Cut).await.ok()?;
    link.has_changed().ok()?;
    Some(TcpListener::bind(address).await.expect("the port that it had"))
}

async fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    mut link: watch::Receiver<LinkState>,
    seen: Arc<Deliveries>,
) {
    let _ = client.set_nodelay(true);
    if !link.borrow().ends() {
        let Ok(mut server) = TcpStream::connect(server).await else { return };
        let _ = server.set_nodelay(true);
        tokio::select! {
            () = pass(&mut client, &mut server, &link, &seen) => return,
            _ = broken(link.clone()) => {}
        }
    }
    let state = *link.borrow_and_update();
    match state {
        LinkState::Reset => {
            let _ = client.set_zero_linger();
        }
        LinkState::SlowClose => {
            let _ = client.shutdown().await;
            hold(&mut client, link).await;
        }
        // Only new connections: open ones have been closed.
        LinkState::HalfOpen => hold(&mut client, link).await,
        _ => {}
    }
}

async fn broken(mut link: watch::Receiver<LinkState>) {
    let _ = link.wait_for(|state| state.ends()).await;
}

/// Reads and answers nothing until the mode changes.
async fn hold(client: &mut TcpStream, mut link: watch::Receiver<LinkState>) {
    let mut buffer = vec![0; 4096];
    let swallowing = async {
        while client.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = swallowing => {}
        _ = link.changed() => {}
    }
}

async fn pass(
    client: &mut TcpStream,
    server: &mut TcpStream,
    link: &watch::Receiver<LinkState>,
    seen: &Deliveries,
) {
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let there = Way { link: link.clone(), seen: None };
    let back = Way { link: link.clone(), seen: Some(seen) };
    tokio::select! {
        () = there.run(from_client, to_server) => {}
        () = back.run(from_server, to_client) => {}
    }
}

/// One direction of a connection; frames from the server are counted.
struct Way<'a> {
    link: watch::Receiver<LinkState>,
    seen: Option<&'a Deliveries>,
}

type Chunk = (Instant, Vec<u8>);

/// Most chunks in progress.
const QUEUE: usize = 256;

impl Way<'_> {
    async fn run(self, from: impl AsyncReadExt + Unpin, to: impl AsyncWriteExt + Unpin) {
        let (queue, queued) = mpsc::channel(QUEUE);
        let link = self.link.clone();
        tokio::select! {
            () = self.read(from, queue) => {}
            _ = write(to, queued, link) => {}
        }
    }

    /// Returns only when data that it has read can no longer be written in order.
    async fn read(self, mut from: impl AsyncReadExt + Unpin, queue: mpsc::Sender<Chunk>) {
        let mut buffer = vec![0; 16 * 1024];
        let mut frames = super::deliveries::Frames::default();
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            if let Some(seen) = self.seen {
                frames.read(&buffer[..count], seen);
            }
            let state = *self.link.borrow();
            if state == LinkState::Deaf && self.seen.is_some() {
                // The rest would be unreadable without the lost part.
                let _ = self.link.clone().wait_for(|state| *state != LinkState::Deaf).await;
                return;
            }
            let delay = if let LinkState::Late(delay) = state { delay } else { Duration::ZERO };
            if queue.send((Instant::now() + delay, buffer[..count].to_vec())).await.is_err() {
                return;
            }
        }
        drop(queue);
        std::future::pending::<()>().await;
    }
}

async fn write(
    mut to: impl AsyncWriteExt + Unpin,
    mut queued: mpsc::Receiver<Chunk>,
    mut link: watch::Receiver<LinkState>,
) -> std::io::Result<()> {
    while let Some((at, chunk)) = queued.recv().await {
        tokio::time::sleep_until(at).await;
        let _ = link.wait_for(|state| *state != LinkState::Stalled).await;
        if *link.borrow() == LinkState::Sliced {
            write_sliced(&mut to, &chunk).await?;
        } else {
            to.write_all(&chunk).await?;
        }
    }
    to.shutdown().await
}

/// One to seven bytes per packet.
async fn write_sliced(to: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    let (mut rest, mut size) = (bytes, 1);
    while !rest.is_empty() {
        let (slice, after) = rest.split_at(size.min(rest.len()));
        to.write_all(slice).await?;
        to.flush().await?;
        tokio::task::yield_now().await;
        (rest, size) = (after, size % 7 + 1);
    }
    Ok(())
}
