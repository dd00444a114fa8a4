//! Records of cancellations that came before their jobs.

use crate::record::NO_ACCOUNT;
use crate::{
    Job, JobKey, JsonObject, Kept, Operation, Priority, Record, Request, State, StoredHash,
    Timestamp,
};

impl Record {
    /// The record of a cancellation that came before its job.
    pub fn tombstone(key: JobKey, now: Timestamp) -> Self {
        let job = Job {
            key,
            operation: Operation::new("unknown"),
            request: Request::default(),
            priority: Priority::default(),
            deadline: None,
            metadata: JsonObject::default(),
            retries: 0,
            account: None,
            webhook: None,
        };
        let mut record = Self::new(&job, NO_ACCOUNT, NO_ACCOUNT, now);
        record.request = Kept::Nothing;
        record.request_hash = StoredHash::of_message(b"");
        record.state = State::Tombstone;
        record.note(now, "cancelled before it was seen");
        record
    }

    /// The same in place of a tombstone, whose revision and history it continues.
    #[must_use]
    pub fn over_tombstone(mut self, tombstone: &Self) -> Self {
        self.revision = tombstone.revision;
        self.history.clone_from(&tombstone.history);
        self
    }

    /// The same, still cancelled: its event then names the job.
    #[must_use]
    pub fn cancelled_ahead(self, tombstone: &Self) -> Self {
        Self { state: State::Tombstone, ..self.over_tombstone(tombstone) }
    }

    /// Whether it expires one retention after it was written, since no event announces its end.
    pub fn fades(&self) -> bool {
        matches!(self.state, State::Tombstone)
    }
}
