use std::sync::Arc;

use ports::{Broker, Clock, Ledger};
use recorder::{Recorder, Session};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;
use crate::told::WrongClocks;

/// What every delivery needs.
pub(crate) struct Shared {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) kling: kling::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) recorder: Recorder,
    pub(crate) wrong_clocks: WrongClocks,
    pub(crate) in_progress: Arc<Semaphore>,
    /// The drain's time is over: what still waits for a store is left to others.
    pub(crate) abandon: CancellationToken,
}
