//! Jobs that a gateway has accepted, and what it does when one is asked for again.

use serde::{Deserialize, Serialize};

use crate::{Job, Operation, Record, State, StoredHash, Timestamp};

/// A request for a job that a gateway has begun to accept: all that is known of the job until a
/// worker records it. Nobody submits anything because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    pub operation: Operation,
    pub request_hash: StoredHash,
    /// Also the publish time of its message, however often it is published.
    pub accepted_at: Timestamp,
    /// Differs for each request of a client.
    pub attempt: String,
    /// The broker has confirmed a message of it; otherwise it may have one.
    #[serde(default)]
    pub published: bool,
    /// It was counted for its client's key, so a repeat is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
}

/// What a gateway does with a request for a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked<'a> {
    /// Accept it, and publish its message.
    New,
    /// A worker has recorded it: answer with its state.
    Known(&'a Record),
    /// Its id belongs to another request.
    Conflict,
}

/// What an acceptance says of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its id belongs to another request.
    Other,
    /// The broker has it.
    Published,
    /// The broker may have it.
    Unconfirmed,
}

impl Acceptance {
    /// Not published yet.
    pub fn of(job: &Job, accepted_at: Timestamp, attempt: String) -> Self {
        let request_hash = StoredHash::of_request(&job.request.hash());
        let operation = job.operation.clone();
        Self { operation, request_hash, accepted_at, attempt, published: false, counted: false }
    }

    /// Pure. What it says of this job.
    pub fn standing(&self, job: &Job) -> Standing {
        let is_of_job = self.operation == job.operation
            && self.request_hash == StoredHash::of_request(&job.request.hash());
        match (is_of_job, self.published) {
            (false, _) => Standing::Other,
            (true, true) => Standing::Published,
            (true, false) => Standing::Unconfirmed,
        }
    }

    #[must_use]
    pub fn counted(self, counted: bool) -> Self {
        Self { counted, ..self }
    }

    #[must_use]
    pub fn published(self) -> Self {
        Self { published: true, ..self }
    }
}

impl Record {
    /// Whether clients see it: a job that begins again is one only once it has begun.
    pub fn has_begun(&self) -> bool {
        self.was_a_job() && !self.may_begin_again
    }

    /// Earlier acceptances are of the job that was dropped, not of the one that may begin again.
    pub fn accepted_since(&self) -> Timestamp {
        match self.may_begin_again {
            true => self.last_change(),
            false => Timestamp::EPOCH,
        }
    }
}

/// Pure. `record`: the job's, if a worker has recorded it.
pub fn asked_again<'a>(record: Option<&'a Record>, job: &Job) -> Asked<'a> {
    match record {
        None => Asked::New,
        // Its message ends it, or begins a job in its place.
        Some(record) if has_no_job(record) || record.may_begin_again => Asked::New,
        Some(record) => {
            match record.is_of(&job.request.hash()) && record.operation == job.operation {
                true => Asked::Known(record),
                false => Asked::Conflict,
            }
        }
    }
}

fn has_no_job(record: &Record) -> bool {
    matches!(record.state, State::Tombstone) || record.leaves_its_id()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageFacts, Outcome, Problem, decode};

    const AT: Timestamp = Timestamp::EPOCH;

    fn job(operation: &str, prompt: &str) -> Job {
        let body =
            format!(r#"{{"id":"a","operation":"{operation}","request":{{"prompt":"{prompt}"}}}}"#);
        decode(body.as_bytes(), MessageFacts::default()).unwrap()
    }

    #[test]
    fn a_job_is_known_by_its_operation_and_request() {
        let cat = job("videos/text2video", "a cat");
        let accepted = Acceptance::of(&cat, AT, "1".to_owned());
        assert_eq!(accepted.standing(&cat), Standing::Unconfirmed);
        assert_eq!(accepted.clone().published().standing(&cat), Standing::Published);
        let mut record = Record::new(&cat, "default", "reelwork", AT);
        record.state = State::Settled { outcome: Outcome::Cancelled, at: AT };
        assert_eq!(asked_again(None, &cat), Asked::New);
        assert_eq!(asked_again(Some(&record), &cat), Asked::Known(&record));
        for other in [job("videos/text2video", "a dog"), job("images/generations", "a cat")] {
            assert_eq!(accepted.standing(&other), Standing::Other);
            assert_eq!(accepted.clone().published().standing(&other), Standing::Other);
            assert_eq!(asked_again(Some(&record), &other), Asked::Conflict);
        }
    }

    #[test]
    fn an_id_without_a_job_is_free() {
        let cat = job("videos/text2video", "a cat");
        let tombstone = Record::tombstone(cat.key.clone(), AT);
        assert_eq!(asked_again(Some(&tombstone), &cat), Asked::New);
        let error = Problem::new("policy", "x");
        let rejected = State::Settled { outcome: Outcome::Rejected { error }, at: AT };
        let no_job = Record { state: rejected, ..tombstone };
        assert_eq!(asked_again(Some(&no_job), &cat), Asked::New);
        let dropped = Record { may_begin_again: true, ..Record::new(&cat, "a", "reelwork", AT) };
        assert_eq!(asked_again(Some(&dropped), &cat), Asked::New);
        assert_eq!(dropped.accepted_since(), dropped.last_change());
        let kept = Record { may_begin_again: false, ..dropped };
        assert_eq!(kept.accepted_since(), AT);
    }
}
