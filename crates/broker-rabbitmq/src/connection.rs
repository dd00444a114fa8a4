use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use lapin::tcp::TLSConfig;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, ConnectionProperties};
use ports::BrokerError;
use tokio::runtime::Handle;

use crate::Settings;
use crate::bounds::Bounds;
use crate::channel::{Channel, Closer, Unanswered};
use crate::error::{code, connecting, is_unanswered, within};
use crate::socket::{Socket, duplicate};

/// From the first packet to an open connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Name look-up, TCP and TLS; less than [`CONNECT`], so that lapin's thread ends by itself.
const DIAL: Duration = Duration::from_secs(8);
/// How often a connection is checked, in case an event is missed.
const LOOK: Duration = Duration::from_millis(500);
const CLOSE: Duration = Duration::from_secs(2);

/// One connection to the broker. It is cut when it is dropped.
pub(crate) struct BrokerConnection {
    connection: Arc<lapin::Connection>,
    socket: Socket,
    bounds: Bounds,
    unanswered: Unanswered,
}

impl BrokerConnection {
    /// Opens a connection that appears as `name` in the broker's lists.
    pub(crate) async fn open(
        uri: &AMQPUri,
        name: &str,
        bounds: Bounds,
        unanswered: Unanswered,
    ) -> Result<Self, BrokerError> {
        let address = Settings::address(uri);
        let socket = Socket::default();
        let opening = connect(uri.clone(), name, socket.0.clone());
        let asked = uri.query.connection_timeout.map(Duration::from_millis);
        let most = asked.map_or(CONNECT, |asked| asked.min(CONNECT));
        let connection =
            within(most, opening).await.map_err(|error| connecting(&error, &address))?;
        Ok(Self { connection: Arc::new(connection), socket, bounds, unanswered })
    }

    /// Opened in a task of its own, which closes the channel if it is opened too late.
    pub(crate) async fn channel(&self) -> lapin::Result<Channel> {
        let connection = self.connection.clone();
        let (cutter, unanswered) = (self.socket.cutter(), self.unanswered.clone());
        let closer = Closer::new(cutter, self.bounds.close, Handle::current(), unanswered);
        let answer = self.bounds.answer;
        let opening = tokio::spawn(async move {
            let opened = connection.create_channel().await?;
            Ok(Channel::new(opened, closer, answer))
        });
        let opened = within(answer, async { opening.await.map_err(std::io::Error::other)? }).await;
        if opened.as_ref().is_err_and(is_unanswered) {
            self.unanswered.one();
        }
        opened
    }

    pub(crate) fn is_up(&self) -> bool {
        self.connection.status().connected()
    }

    /// The broker accepts no messages: a memory or disk alarm.
    pub(crate) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Returns when the connection has ended. For one caller at a time: each event comes once.
    pub(crate) async fn ended(&self) {
        let mut events = Box::pin(self.connection.events_listener());
        while self.is_up() {
            tokio::select! {
                _ = events.next() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    pub(crate) async fn close(&self) {
        let closing = self.connection.close(code::CLOSE_NORMALLY, "closed".into());
        if let Err(error) = within(CLOSE, closing).await {
            tracing::debug!(%error, "the connection to the broker was not closed in order");
            self.socket.cutter().cut();
        }
    }
}

async fn connect(
    uri: AMQPUri,
    name: &str,
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
            match uri.scheme {
                AMQPScheme::AMQP => Ok(plain),
                AMQPScheme::AMQPS => {
                    plain.into_tls(authority.0, TLSConfig::default()).await.map_err(Into::into)
                }
            }
        };
        within(DIAL, dialling).await
    };
    lapin::Connection::connector(uri, runtime, dial, properties).await
}
