use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::runtime::Handle;

use crate::bounds::Bounds;
use crate::channel::{Channel, Closer, Unanswered};
use crate::error::{code, is_unanswered, within};
use crate::nodes::Node;
use crate::socket::Socket;

/// How often a connection is checked, in case an event is missed.
const LOOK: Duration = Duration::from_millis(500);
const CLOSE: Duration = Duration::from_secs(2);

/// One connection to the broker. It is cut when it is dropped.
pub(crate) struct BrokerConnection {
    pub(crate) connection: Arc<lapin::Connection>,
    pub(crate) socket: Socket,
    pub(crate) node: Node,
    pub(crate) bounds: Bounds,
    pub(crate) unanswered: Unanswered,
}

impl BrokerConnection {
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
