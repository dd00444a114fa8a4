use std::sync::Arc;

use ports::{Broker, Clock, Ledger};
use recorder::{Recorder, Session};
use tokio::sync::Semaphore;

use crate::settings::Settings;
use crate::trials::Trials;
use crate::witnesses::Witnesses;

/// What all parts of the poller use.
pub(crate) struct Shared {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) kling: kling::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) recorder: Recorder,
    /// For messages that the broker dead-lettered. Their events are published from the outbox, so
    /// that a full consumer queue does not delay the next message.
    pub(crate) adopted: Recorder,
    pub(crate) looking: Arc<Semaphore>,
    pub(crate) trials: Arc<Trials>,
    pub(crate) witnesses: Witnesses,
}
