use std::sync::Arc;

use ports::{Broker, Clock, Ledger};
use recorder::{Recorder, Session};
use tokio::sync::Semaphore;

use crate::settings::Settings;
use crate::trials::Trials;
use crate::witnesses::Witnesses;

/// What every look needs.
pub(crate) struct Shared {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) kling: kling::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) recorder: Recorder,
    /// For jobs that the broker gave up: announced from the outbox, because a consumer whose queue
    /// is full must not keep the next letter waiting.
    pub(crate) adopted: Recorder,
    pub(crate) looking: Arc<Semaphore>,
    pub(crate) trials: Arc<Trials>,
    pub(crate) witnesses: Witnesses,
}
