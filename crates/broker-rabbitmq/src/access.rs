//! How connections to the broker are opened: to which node, and how long that may take.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lapin::tcp::RustlsConnector;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, ConnectionProperties};
use ports::BrokerError;
use tls::Files;
use tokio::time::Instant;

use crate::bounds::Bounds;
use crate::channel::Unanswered;
use crate::connection::BrokerConnection;
use crate::error::{code, connecting, reply_code, within};
use crate::nodes::{Node, Nodes};
use crate::socket::{Socket, duplicate};
use crate::{Settings, encryption};

/// From the first packet to an open connection, for all nodes together.
const CONNECT: Duration = Duration::from_secs(10);

/// How long the broker may take to refuse our certificate.
const VERDICT: Duration = Duration::from_millis(250);

/// The nodes of the broker, and what every connection to them needs. Clones share the order in
/// which nodes are tried.
#[derive(Clone)]
pub(crate) struct Access {
    nodes: Nodes,
    tls: Files,
    bounds: Bounds,
    unanswered: Unanswered,
}

impl Access {
    pub(crate) fn of(settings: &Settings) -> Result<Self, BrokerError> {
        let (nodes, tls) = (settings.spread()?, settings.tls.clone());
        Ok(Self { nodes, tls, bounds: settings.bounds(), unanswered: Unanswered::default() })
    }

    pub(crate) fn unanswered(&self) -> Unanswered {
        self.unanswered.clone()
    }

    /// The node is tried last from now on.
    pub(crate) fn failed(&self, node: &Node) {
        self.nodes.failed(node);
    }

    /// Opens a connection that appears as `name` in the broker's lists. Every node is tried once. A
    /// node that accepts and then sends nothing takes only its share of the time.
    pub(crate) async fn open(&self, name: &str) -> Result<BrokerConnection, BrokerError> {
        let (nodes, deadline) = (self.nodes.in_order(), Instant::now() + CONNECT);
        let tls = self.connector(&nodes)?;
        let mut left = nodes.len() as u32;
        let mut refusals = Vec::new();
        for node in nodes {
            let share = (deadline.saturating_duration_since(Instant::now()) / left).as_millis();
            let share = Duration::from_millis(u64::try_from(share).unwrap_or(u64::MAX));
            left -= 1;
            // Boxed: every caller's future would contain the large one of lapin.
            let opening = Box::pin(self.open_at(&node, tls.clone(), name, share));
            let error = match opening.await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            self.failed(&node);
            let refusal = connecting(&error, &node.address());
            // The nodes of a cluster have the same users.
            if reply_code(&error) == Some(code::ACCESS_REFUSED) {
                return Err(refusal);
            }
            refusals.push(refusal);
        }
        Err(all(refusals))
    }

    /// Opens a connection to this node.
    pub(crate) async fn open_only(
        &self,
        node: &Node,
        name: &str,
        most: Duration,
    ) -> Result<BrokerConnection, BrokerError> {
        let tls = self.connector(std::slice::from_ref(node))?;
        let opened = Box::pin(self.open_at(node, tls, name, most)).await;
        opened.map_err(|error| connecting(&error, &node.address()))
    }

    /// `None` if no node is reached over TLS.
    fn connector(&self, nodes: &[Node]) -> Result<Option<RustlsConnector>, BrokerError> {
        let encrypted = nodes.iter().any(|node| node.0.scheme == AMQPScheme::AMQPS);
        encrypted.then(|| encryption::connector(&self.tls)).transpose()
    }

    async fn open_at(
        &self,
        node: &Node,
        tls: Option<RustlsConnector>,
        name: &str,
        most: Duration,
    ) -> lapin::Result<BrokerConnection> {
        let socket = Socket::default();
        let asked = node.0.query.connection_timeout.map(Duration::from_millis);
        let most = asked.map_or(most, |asked| asked.min(most));
        let opening = connect(node.0.clone(), tls, name, most, socket.0.clone());
        Ok(BrokerConnection {
            connection: Arc::new(within(most, opening).await?),
            socket,
            node: node.clone(),
            bounds: self.bounds,
            unanswered: self.unanswered.clone(),
        })
    }
}

/// Why no node could be used. It may help to try again, unless all of them refuse us.
pub(crate) fn all(mut refusals: Vec<BrokerError>) -> BrokerError {
    if refusals.len() == 1 {
        return refusals.remove(0);
    }
    let text = refusals.iter().map(BrokerError::cause).collect::<Vec<_>>().join("; ");
    let denied = |refusal: &BrokerError| matches!(refusal, BrokerError::Denied(_));
    match refusals.iter().all(denied) {
        true => BrokerError::Denied(text),
        false => BrokerError::Unavailable(text),
    }
}

async fn connect(
    uri: AMQPUri,
    tls: Option<RustlsConnector>,
    name: &str,
    most: Duration,
    slot: Arc<OnceLock<TcpStream>>,
) -> lapin::Result<lapin::Connection> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let runtime = lapin::runtime::default_runtime()?;
    // lapin's own dialling has no time limit: its thread waits for ever on a broker that accepts
    // and then sends nothing. Cutting this socket ends it.
    let reactor = runtime.clone();
    let dial = async move |uri: AMQPUri, _| {
        let dialling = async {
            let authority = (uri.authority.host.as_str(), uri.authority.port);
            let found: Vec<SocketAddr> = tokio::net::lookup_host(authority).await?.collect();
            let plain = AsyncTcpStream::connect(&reactor, found).await?;
            if let AsyncTcpStream::Plain(stream) = &plain {
                let _ = slot.set(duplicate(stream.get_ref())?);
            }
            let Some(tls) = &tls else { return Ok(plain) };
            let sealed = plain.into_rustls(tls, authority.0).await?;
            if let Some(stream) = slot.get() {
                verdict(stream.try_clone()?).await?;
            }
            Ok(sealed)
        };
        // Name look-up, TCP and TLS get less than the whole, so that lapin's thread ends by itself.
        within(most.mul_f64(0.8), dialling).await
    };
    lapin::Connection::connector(uri, runtime, dial, properties).await
}

/// From TLS 1.3 on, a broker refuses our certificate only after our side of the handshake. What it
/// says then is lost if we have written to the closed connection before.
async fn verdict(stream: TcpStream) -> std::io::Result<()> {
    let stream = tokio::net::TcpStream::from_std(stream)?;
    // Whatever comes is read by TLS.
    let _ = tokio::time::timeout(VERDICT, stream.peek(&mut [0])).await;
    Ok(())
}
