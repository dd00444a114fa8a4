use std::sync::Arc;

use ports::{Broker, Clock, Ledger};
use recorder::{Phase, Recorder, Session};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::origin::WrongClocks;
use crate::settings::Settings;

/// What the handling of every delivery needs.
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
    /// Cancelled when the time to drain is over: deliveries that still wait are given back.
    pub(crate) abandon: CancellationToken,
}

impl Shared {
    /// The ledger may not know a job that it knew before, so no job may be decided.
    pub(crate) fn is_rebuilding(&self) -> bool {
        self.session.phase() < Phase::Recalling
    }
}
