//! A wire that can be cut, frozen and mended.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Whole,
    /// Nothing passes, nobody is told.
    Frozen,
    /// What is open is closed, what comes is turned away.
    Cut,
}

/// Passes bytes on to a broker while the wire is whole.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    wire: watch::Sender<Told>,
}

/// What the wire shall be, and how often it was cut: a cut is felt however short it was.
#[derive(Clone, Copy)]
struct Told {
    wire: Wire,
    cuts: u64,
}

impl Proxy {
    pub(crate) async fn to(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (wire, state) = watch::channel(Told { wire: Wire::Whole, cuts: 0 });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let now = *state.borrow();
                if now.wire != Wire::Cut {
                    tokio::spawn(pass(client, broker, state.clone(), now.cuts));
                }
            }
        });
        Self { address, wire }
    }

    pub(crate) fn set(&self, wire: Wire) {
        self.wire.send_modify(|told| {
            told.wire = wire;
            told.cuts += u64::from(wire == Wire::Cut);
        });
    }
}

async fn pass(client: TcpStream, broker: SocketAddr, mut state: watch::Receiver<Told>, cuts: u64) {
    let (wanted, cut) = (state.clone(), async move {
        let _ = state.wait_for(|told| told.cuts > cuts).await;
    });
    let passing = async {
        let broker = TcpStream::connect(broker).await?;
        let (from_client, to_client) = client.into_split();
        let (from_broker, to_broker) = broker.into_split();
        let there = copy(from_client, to_broker, wanted.clone());
        let back = copy(from_broker, to_client, wanted);
        tokio::try_join!(there, back).map(|_| ())
    };
    tokio::select! {
        _ = passing => {}
        () = cut => {}
    }
}

async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut state: watch::Receiver<Told>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        let _ = state.wait_for(|told| told.wire == Wire::Whole).await;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all(&buffer[..count]).await?;
    }
}
