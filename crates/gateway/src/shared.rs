use std::sync::Arc;

use ports::{Announcer, Clock, Ledger, Session};
use tokio::sync::Semaphore;

use crate::settings::Settings;

/// What every callback needs.
pub(crate) struct Shared {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) announcer: Announcer,
    pub(crate) places: Semaphore,
}
