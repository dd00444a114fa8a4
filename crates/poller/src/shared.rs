use std::sync::Arc;

use ports::{Announcer, Broker, Clock, Ledger, Session};
use tokio::sync::Semaphore;

use crate::look_up::Trials;
use crate::marks::Marks;
use crate::settings::Settings;
use crate::witnesses::Witnesses;

/// What every look needs.
pub(crate) struct Shared {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) kling: kling::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) announcer: Announcer,
    pub(crate) marks: Marks,
    pub(crate) looking: Arc<Semaphore>,
    pub(crate) trials: Arc<Trials>,
    pub(crate) witnesses: Witnesses,
}
