//! What is kept of a cancellation that came before its job.

use crate::record::NO_ACCOUNT;
use crate::{
    Job, JobKey, JsonObject, Kept, Operation, Priority, Record, Request, State, StoredHash,
    Timestamp,
};

impl Record {
    /// A cancellation that came before its job.
    pub fn tombstone(key: JobKey, now: Timestamp) -> Self {
        let job = Job {
            key,
            operation: Operation::new("unknown"),
            request: Request::default(),
            priority: Priority::default(),
            deadline: None,
            metadata: JsonObject::default(),
            retries: 0,
        };
        let mut record = Self::new(&job, NO_ACCOUNT, NO_ACCOUNT, now);
        record.request = Kept::Nothing;
        record.request_hash = StoredHash::of_message(b"");
        record.state = State::Tombstone;
        record.note(now, "cancelled before it was seen");
        record
    }

    /// What its message tells, in the place of a tombstone, which tells nothing of the job.
    #[must_use]
    pub fn over_tombstone(mut self, tombstone: &Self) -> Self {
        self.revision = tombstone.revision;
        self.history.clone_from(&tombstone.history);
        self
    }

    /// The same, and still cancelled: its event says what was.
    #[must_use]
    pub fn cancelled_ahead(self, tombstone: &Self) -> Self {
        Self { state: State::Tombstone, ..self.over_tombstone(tombstone) }
    }

    /// Nothing announces its end, so it is forgotten after the retention from when it was written.
    pub fn fades(&self) -> bool {
        matches!(self.state, State::Tombstone)
    }
}
