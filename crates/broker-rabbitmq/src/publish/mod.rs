//! Confirmed publishing: many callers, a few channels, one task for each channel.

mod outstanding;
mod parcel;
mod publisher;
mod returns;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ports::{BrokerError, PublishError};
use tokio::sync::{mpsc, oneshot};

pub(crate) use parcel::{Parcel, address};

use crate::channel::Unanswered;
use crate::link::LinkView;
use publisher::publish_all;

/// A broker handles each channel in a process of its own: several share the work.
const CHANNELS: usize = 4;
/// Orders that wait for one channel; with more, the callers wait.
const QUEUED: usize = 256;

/// The message of one caller, and where its result is sent.
pub(crate) struct Order {
    parcel: Parcel,
    answer: oneshot::Sender<Result<(), PublishError>>,
}

/// The channels, which are used in turn.
pub(crate) struct Publishing {
    line: LinkView,
    channels: Vec<mpsc::Sender<Order>>,
    turn: AtomicUsize,
    timeout: Duration,
    unanswered: Unanswered,
}

impl Publishing {
    /// The tasks end when this is dropped.
    pub(crate) fn start(line: LinkView, timeout: Duration, unanswered: Unanswered) -> Self {
        let start = |_| {
            let (orders, inbox) = mpsc::channel(QUEUED);
            tokio::spawn(publish_all(line.clone(), inbox));
            orders
        };
        let channels = (0..CHANNELS).map(start).collect();
        Self { line, channels, turn: AtomicUsize::new(0), timeout, unanswered }
    }

    pub(crate) async fn publish(&self, parcel: Parcel) -> Result<(), PublishError> {
        let (answer, answered) = oneshot::channel();
        let handed = parcel.handed.clone();
        let order = Order { parcel, answer };
        let channel = &self.channels[self.turn.fetch_add(1, Ordering::Relaxed) % CHANNELS];
        let publishing = async {
            channel.send(order).await.ok()?;
            answered.await.ok()
        };
        match tokio::time::timeout(self.timeout, publishing).await {
            Ok(Some(answer)) => answer,
            Ok(None) => Err(PublishError::Unknown("the broker was closed".to_owned())),
            Err(_) => Err(self.overdue(handed.load(Ordering::SeqCst))),
        }
    }

    pub(crate) fn takes_messages(&self) -> bool {
        self.line.now().is_ok_and(|connection| !connection.is_blocked())
    }

    /// Why there is no confirm in time. `handed`: the message may have been sent.
    fn overdue(&self, handed: bool) -> PublishError {
        let timeout = self.timeout;
        match self.line.now() {
            Ok(connection) if connection.is_blocked() && !handed => PublishError::Refused(format!(
                "it takes no messages (memory or disk alarm), for {timeout:?} now"
            )),
            Ok(_) => {
                self.unanswered.one();
                PublishError::Unknown(format!("no confirm within {timeout:?}"))
            }
            Err(BrokerError::Unavailable(cause)) => {
                PublishError::Unknown(format!("no connection within {timeout:?}: {cause}"))
            }
            Err(error) => PublishError::Unknown(error.to_string()),
        }
    }
}
