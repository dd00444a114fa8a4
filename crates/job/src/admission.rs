//! What a delivery of a job means, by what the ledger knows of the job.
//!
//! Only a job without a record can be [`Admission::New`]; what is known is a [`Recovery`], which
//! has no such variant.

use std::time::Duration;

use crate::{Fact, Life, Reached, Record, RequestHash, State, Timestamp};

/// Of a job that the ledger has no record of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Never seen: write the intent and submit.
    New,
    /// An earlier ledger may have known it: look before submitting.
    RecordLost,
}

/// Of a job that the ledger has a record of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// There is only a tombstone, and an earlier ledger may have known the job: look before
    /// submitting.
    RecordLost,
    /// It waits for this try.
    Retry,
    /// Its id was only ever used by a message that was no job, as far as is known.
    Replacement {
        /// The ledger has forgotten what came after that message.
        may_be_sent: bool,
    },
    /// Cancelled before it came.
    Cancelled,
    /// Cancelled while nobody could tell whether it had been sent: this delivery tells that not.
    Withdrawn,
    /// A person gave it up before anything was sent, and here it is again.
    BeginsAgain,
    /// Already on its way or done: journal what is known, acknowledge.
    Duplicate,
    /// Somebody alive is submitting it.
    BeingSubmitted,
    /// Whoever was submitting it is gone.
    Orphaned {
        /// The ledger does not show that somebody was.
        forgot: bool,
    },
    /// Another request under the same id: the first stands.
    Conflict,
    /// Its worker wrote the intent and then put the message back without sending.
    Unsent,
    /// A doubt about one message of the job, and this other one may have been sent too, under
    /// an external id of its own.
    SentBeside,
    /// And its request is another one, so that it comes again as a [`Self::Conflict`].
    ConflictSentBeside,
}

/// What the delivery itself tells.
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// How far the job may have come by this message.
    pub reached: Reached,
    /// As its producer told, if that can be.
    pub enqueued: Option<Timestamp>,
    /// That the message tells; `None` when it tells none.
    pub life: Option<&'a Life>,
    /// The intent that was written for it and surely not sent.
    pub unsent: Option<&'a str>,
    /// How wrong a producer's clock may be.
    pub skew: Duration,
    /// Of the present generation of the ledger.
    pub began_at: Timestamp,
    pub now: Timestamp,
}

/// The clocks of stores differ by no more.
const SKEW: Duration = Duration::from_secs(5);

/// A generation that began at the epoch is the first: nothing was before it.
fn is_before(at: Timestamp, began_at: Timestamp, skew: Duration) -> bool {
    began_at > Timestamp::EPOCH && at < began_at + skew
}

impl Delivered<'_> {
    /// The message may have been sent by a worker whose record an earlier generation has lost. A
    /// producer's clock is believed only where it is clear of the beginning by minutes.
    fn may_be_forgotten(&self) -> bool {
        let enqueued = self.enqueued.unwrap_or(Timestamp::EPOCH);
        self.reached > Reached::Nothing && is_before(enqueued, self.began_at, self.skew)
    }

    /// Published after that, as far as is told: not a copy that was left over. It pays for nothing
    /// twice if that is wrong.
    fn is_after(&self, at: Timestamp) -> bool {
        self.enqueued.is_none_or(|enqueued| enqueued + self.skew >= at)
    }

    /// It may have been sent in an earlier generation, when no record stood in its way, under an
    /// external id of its own.
    fn is_sent_beside(&self, record: &Record, hash: &RequestHash) -> bool {
        let may_be_sent = self.may_be_forgotten()
            && self.reached == Reached::Provider
            && record.created_at >= self.began_at;
        may_be_sent
            && match record.is_of(hash) {
                // A message that tells none may be the record's own.
                true => {
                    !record.life.is_unknown() && self.life.is_some_and(|told| *told != record.life)
                }
                false => self.life.is_none_or(|told| *told != record.life),
            }
    }

    /// Whoever had this message may have begun a POST, and of what happened before the present
    /// generation the ledger may have forgotten the end.
    fn outlived(&self, record: &Record) -> bool {
        let old = record.restored || is_before(record.last_change(), self.began_at, SKEW);
        old && self.reached == Reached::Provider
    }
}

/// What happened to a job whose record the ledger has lost: it may have been sent. What was sent by
/// a message that tells no time went under an external id that nobody knows any more.
pub fn record_lost(cause: String, life: Option<&Life>) -> Fact {
    match life {
        Some(_) => Fact::OwnerLost { cause },
        None => Fact::Repeated {
            cause: format!("{cause}; its message tells no time, so its external id is not known"),
        },
    }
}

/// Whether a job that waits may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    TooLate,
    /// A task that may exist can only be found with the account it was sent with.
    OtherAccount,
}

/// `account`: of the worker that has it in hand.
pub fn readiness(record: &Record, account: &str, now: Timestamp) -> Readiness {
    if record.is_too_late(now) {
        return Readiness::TooLate;
    }
    match record.sent_before && record.account != account {
        true => Readiness::OtherAccount,
        false => Readiness::Ready,
    }
}

pub fn admit(delivered: &Delivered<'_>) -> Admission {
    match delivered.may_be_forgotten() {
        true => Admission::RecordLost,
        false => Admission::New,
    }
}

/// `owner_alive`: of the process that the record names as submitting.
pub fn recover(
    record: &Record,
    owner_alive: bool,
    hash: &RequestHash,
    delivered: &Delivered<'_>,
) -> Recovery {
    let forgot = delivered.outlived(record);
    match &record.state {
        // It tells nothing of the job: whoever cancelled may have done so after a loss.
        State::Tombstone if delivered.may_be_forgotten() => Recovery::RecordLost,
        State::Tombstone => Recovery::Cancelled,
        _ if record.leaves_its_id() => Recovery::Replacement { may_be_sent: forgot },
        // Once the doubt knows of it, the message is a mere conflict.
        State::InDoubt { doubt }
            if !record.is_of(hash)
                && doubt.evidence.is_empty()
                && delivered.is_sent_beside(record, hash) =>
        {
            Recovery::ConflictSentBeside
        }
        // A doubt that was denied.
        State::Queued { .. } if record.sent_before && delivered.is_sent_beside(record, hash) => {
            match record.is_of(hash) {
                true => Recovery::SentBeside,
                false => Recovery::ConflictSentBeside,
            }
        }
        _ if !record.is_of(hash) => Recovery::Conflict,
        State::Queued { .. } if forgot => Recovery::Orphaned { forgot },
        State::Queued { .. } if record.cancel_requested && !record.sent_before => {
            Recovery::Withdrawn
        }
        State::Queued { .. } => Recovery::Retry,
        State::Submitting { intent, .. } if delivered.unsent == Some(intent.as_str()) => {
            Recovery::Unsent
        }
        State::Submitting { .. } if record.is_orphaned(owner_alive, delivered.now) => {
            Recovery::Orphaned { forgot: false }
        }
        State::Submitting { .. } => Recovery::BeingSubmitted,
        State::InDoubt { .. } if delivered.is_sent_beside(record, hash) => Recovery::SentBeside,
        State::Settled { at, .. } if record.may_begin_again && delivered.is_after(*at) => {
            Recovery::BeginsAgain
        }
        State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => Recovery::Duplicate,
    }
}

#[cfg(test)]
mod tests;
