//! Records of messages that were not jobs, so that their ids can be looked up.

use crate::record::NO_ACCOUNT;
use crate::revision::{next_revision, revision_at};
use crate::{
    BadJob, ExternalId, Job, JobKey, Kept, Outcome, Priority, Record, Request, State, StoredHash,
    Timestamp,
};

impl Record {
    /// The record of a message that was not a job, not settled yet.
    pub fn of_bad_job(bad: &BadJob, key: JobKey, body: &[u8], now: Timestamp) -> Self {
        let job = Job {
            key,
            operation: bad.told_operation(),
            request: Request::default(),
            priority: Priority::default(),
            deadline: None,
            metadata: bad.metadata.clone(),
            retries: 0,
            account: None,
            webhook: None,
        };
        let mut record = Self::new(&job, NO_ACCOUNT, NO_ACCOUNT, now);
        record.request = Kept::Nothing;
        record.request_hash = StoredHash::of_message(body);
        record
    }

    /// The same, settled as rejected.
    pub fn rejected(bad: &BadJob, key: JobKey, body: &[u8], now: Timestamp) -> Self {
        let mut record = Self::of_bad_job(bad, key, body, now);
        record.revision = revision_at(now);
        let outcome = Outcome::Rejected { error: bad.reason.problem() };
        record.state = State::Settled { outcome, at: now };
        record.note(now, format!("rejected: {}", bad.reason));
        record
    }

    /// The same, one round after the record of another such message under this id.
    #[must_use]
    pub fn after(self, other: &Self, installation: &str, now: Timestamp) -> Self {
        let history = self.history.clone();
        let mut next = self.in_place_of(other, installation);
        next.revision = next_revision(other.revision, now);
        history.into_iter().for_each(|entry| next.note(entry.at, entry.what));
        next
    }

    /// Whether it is the record of this very message, which was not a job.
    pub fn is_of_message(&self, body: &[u8]) -> bool {
        !self.was_a_job() && self.request_hash == StoredHash::of_message(body)
    }

    /// Whether a job may take this id: only a message that was not a job has used it, and has
    /// ended.
    pub fn leaves_its_id(&self) -> bool {
        let ended = matches!(self.state, State::Parked { .. } | State::Settled { .. });
        ended && !self.was_a_job()
    }

    /// `false` for a tombstone, and for a message that could not be read as a job.
    pub fn was_a_job(&self) -> bool {
        self.account != NO_ACCOUNT
    }

    /// Takes the place of a message under its id that was not a job. That message was announced
    /// under its round, so this job begins the next.
    #[must_use]
    pub fn in_place_of(mut self, other: &Self, installation: &str) -> Self {
        self.round = other.round + 1;
        self.revision = other.revision;
        self.external_id = ExternalId::derive(installation, &self.key, &self.life, self.round);
        self.history.clone_from(&other.history);
        self
    }
}
