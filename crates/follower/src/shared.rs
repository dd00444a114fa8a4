use std::sync::Arc;

use ports::{Broker, Clock, Ledger};
use recorder::{Recorder, Session};

use crate::settings::Settings;

/// More records than a ledger contains.
pub(crate) const MOST: usize = 1_000_000_000;

/// What the parts of the follower use.
pub(crate) struct Shared {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recorder: Recorder,
    pub(crate) settings: Settings,
}
