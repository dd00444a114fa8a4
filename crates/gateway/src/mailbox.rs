//! A callback without HTTP: whose it is, and what becomes of it.

use std::sync::Arc;

use job::{CallbackTo, is_task_id};
use ports::{Clock, Ledger};
use recorder::{Session, Writer};

use crate::keep::{NotKept, keep};
use crate::settings::Settings;

/// A longer one is nobody's: ids seen so far have 18 to 40 signs.
const MOST_ID_BYTES: usize = 200;

/// Where callbacks are put.
pub struct Mailbox {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) settings: Settings,
    pub(crate) writer: Writer,
}

impl Mailbox {
    pub fn new(
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let writer = Writer::new(ledger.clone(), clock, settings.rules.clone());
        Self { ledger, session, settings, writer }
    }

    /// Whose callbacks come to this address; `None` if we did not give it away.
    pub fn whose(&self, address: &str) -> Option<CallbackTo> {
        self.settings.signer.read(address).ok()
    }

    /// Once this returns without an error the callback need not come again.
    pub async fn put(&self, to: &CallbackTo, body: &[u8]) -> Result<(), NotKept> {
        // A body that cannot be read still tells that something has changed.
        let task_id = kling::decode_callback(body).ok().and_then(|task| task.task_id);
        keep(self, to, task_id.as_deref().filter(|id| is_plausible(id))).await
    }
}

fn is_plausible(id: &str) -> bool {
    is_task_id(id) && id.len() <= MOST_ID_BYTES && id.is_ascii()
}
