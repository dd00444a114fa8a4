//! One submission of a job that holds a slot: permission to send it, the intent, the POST, and the
//! answer, until that is in the ledger and the journal.

mod by_hand;
mod money;
mod permission;
mod send;

use std::sync::Arc;
use std::time::Duration;

use job::{Fact, Record};
use ports::{Fence, Handling};
use recorder::{Intent, Plan};

pub(crate) use self::money::NotReserved;
use self::send::JOURNAL;
use crate::decode::Decoded;
use crate::error::Error;
use crate::intake::Intake;
use crate::shared::Shared;

/// A job, and what is needed to submit it.
pub(crate) struct Submission<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) intake: &'a Intake,
    /// Read before the ledger was found open.
    pub(crate) fence: Arc<Fence>,
    pub(crate) decoded: Decoded,
    pub(crate) handling: &'a Handling,
}

impl Submission<'_> {
    /// The intent, to be written before anything is sent.
    pub(crate) fn intend(&self, mut record: Record) -> Result<Plan, Error> {
        record.worker_span = self.handling.traceparent().map(str::to_owned);
        let owner = self.fence.owner.clone();
        let journaling = if record.acknowledged { JOURNAL } else { Duration::ZERO };
        let post_deadline =
            self.shared.clock.now() + journaling + self.shared.settings.post_timeout;
        let intent = self.shared.clock.fresh_id().to_string();
        let fact = Fact::Taken { owner, intent, post_deadline };
        Ok(self.shared.recorder.writer().plan(record, fact)?)
    }

    pub(crate) fn intent(&self, record: Record, version: u64) -> Intent {
        Intent { record, version, fence: self.fence.clone() }
    }
}
