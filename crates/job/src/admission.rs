//! What to do with a delivery of a job, by the job's record.
//!
//! Only a job without a record can be [`Admission::New`]; one with a record is a [`Recovery`],
//! which has no such variant.

use std::time::Duration;

use crate::{Fact, Life, Reached, Record, RequestHash, State, Timestamp};

/// For a job without a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Never seen: write the intent and submit.
    New,
    /// An earlier generation may have had its record: look it up before submitting.
    RecordLost,
}

/// For a job with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// There is only a tombstone, and an earlier generation may have had the job's record: look it
    /// up before submitting.
    RecordLost,
    /// It waits for this attempt.
    Retry,
    /// Its id was only used by a message that was not a job, as far as is known.
    Replacement {
        /// The ledger may have lost a job that came after that message.
        may_be_sent: bool,
    },
    /// Cancelled before it was delivered.
    Cancelled,
    /// Cancelled while it was unknown whether it had been sent: this delivery shows it was not.
    Withdrawn,
    /// An operator dropped it before anything was sent, and it was published again.
    BeginsAgain,
    /// It waits for a slot: make sure that it is in the waiting room, journal the record,
    /// acknowledge.
    Waits,
    /// Already submitted or ended: journal the record, acknowledge.
    Duplicate,
    /// A living worker is submitting it.
    BeingSubmitted,
    /// The worker that was submitting it is gone.
    Orphaned {
        /// The ledger does not show that it was submitting.
        forgot: bool,
    },
    /// Another request under the same id: the first stands.
    Conflict,
    /// Its worker wrote the intent and then put the message back without sending.
    Unsent,
    /// The job is or was in doubt about one message, and this second message may also have been
    /// sent, under its own external id.
    SentBeside,
    /// The same with another request: the message then comes again as a [`Self::Conflict`].
    ConflictSentBeside,
}

/// What the delivery itself shows.
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// How far the job may have come with this message.
    pub reached: Reached,
    /// The producer's publish time, if it is plausible.
    pub enqueued: Option<Timestamp>,
    /// The life in the message; `None` if it has none.
    pub life: Option<&'a Life>,
    /// The intent for it that was surely not sent.
    pub unsent: Option<&'a str>,
    /// How wrong a producer's clock may be.
    pub skew: Duration,
    /// When the present generation of the ledger began.
    pub began_at: Timestamp,
    pub now: Timestamp,
}

/// How much the clocks of stores may differ.
const SKEW: Duration = Duration::from_secs(5);

/// A generation that began at the epoch is the first: nothing was before it.
fn is_before(at: Timestamp, began_at: Timestamp, skew: Duration) -> bool {
    began_at > Timestamp::EPOCH && at < began_at + skew
}

impl Delivered<'_> {
    /// Whether an earlier generation may have had a record of it that is lost. Publish times near
    /// the beginning of the present one prove nothing.
    fn may_be_forgotten(&self) -> bool {
        let enqueued = self.enqueued.unwrap_or(Timestamp::EPOCH);
        self.reached > Reached::Nothing && is_before(enqueued, self.began_at, self.skew)
    }

    /// Whether it was published after that, so is not an old copy. Nothing is paid twice if its
    /// time is wrong.
    fn is_after(&self, at: Timestamp) -> bool {
        self.enqueued.is_none_or(|enqueued| enqueued + self.skew >= at)
    }

    /// Whether it may have been sent in an earlier generation, before this record was there, under
    /// another external id.
    fn is_sent_beside(&self, record: &Record, hash: &RequestHash) -> bool {
        let may_be_sent = self.may_be_forgotten()
            && self.reached == Reached::Provider
            && record.created_at >= self.began_at;
        may_be_sent
            && match record.is_of(hash) {
                // A message without a life may be the record's own.
                true => {
                    !record.life.is_unknown() && self.life.is_some_and(|life| *life != record.life)
                }
                false => self.life.is_none_or(|life| *life != record.life),
            }
    }

    /// Whether a POST may have been made with this message that the ledger has lost, because the
    /// record is older than the present generation.
    fn outlived(&self, record: &Record) -> bool {
        let old = record.restored || is_before(record.last_change(), self.began_at, SKEW);
        old && self.reached == Reached::Provider
    }
}

/// The fact for a job that may have been sent and whose record is lost. Without a life in its
/// message, the external id of that POST is unknown. `accounts`: those that it may have been sent
/// with; if there are several, a denial by one proves nothing.
pub fn record_lost(cause: String, life: Option<&Life>, accounts: &[String]) -> Fact {
    let unknown = match (life, accounts) {
        (None, _) => "its message tells no time, so its external id is not known".to_owned(),
        (Some(_), [] | [_]) => return Fact::OwnerLost { cause },
        (Some(_), several) => format!("it may have been sent with any of {}", several.join(", ")),
    };
    Fact::Repeated { cause: format!("{cause}; {unknown}") }
}

/// Whether a job that waits may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    TooLate,
    /// It is bound to another account, or a task that may exist can only be found with that.
    OtherAccount,
}

/// `account`: that of the worker.
pub fn readiness(record: &Record, account: &str, now: Timestamp) -> Readiness {
    if record.is_too_late(now) {
        return Readiness::TooLate;
    }
    match (record.sent_before || record.bound) && record.account != account {
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

/// `owner_alive`: whether the process that the record names as submitting is alive.
pub fn recover(
    record: &Record,
    owner_alive: bool,
    hash: &RequestHash,
    delivered: &Delivered<'_>,
) -> Recovery {
    let forgot = delivered.outlived(record);
    match &record.state {
        // The tombstone may have been written after the job's record was lost.
        State::Tombstone if delivered.may_be_forgotten() => Recovery::RecordLost,
        State::Tombstone => Recovery::Cancelled,
        _ if record.leaves_its_id() => Recovery::Replacement { may_be_sent: forgot },
        // Once the doubt has evidence, the message is only a conflict.
        State::InDoubt { doubt }
            if !record.is_of(hash)
                && doubt.evidence.is_empty()
                && delivered.is_sent_beside(record, hash) =>
        {
            Recovery::ConflictSentBeside
        }
        // A second message of the job came first after the loss, and nothing was sent for it yet; or
        // the job was in doubt, and its task was denied.
        State::Queued { .. } | State::Waiting { .. }
            if record.is_of(hash) && delivered.is_sent_beside(record, hash) =>
        {
            Recovery::SentBeside
        }
        State::Queued { .. } | State::Waiting { .. }
            if record.sent_before && delivered.is_sent_beside(record, hash) =>
        {
            Recovery::ConflictSentBeside
        }
        _ if !record.is_of(hash) => Recovery::Conflict,
        State::Queued { .. } if forgot => Recovery::Orphaned { forgot },
        State::Waiting { .. } if forgot && record.restored => Recovery::Orphaned { forgot },
        State::Queued { .. } if record.cancel_requested && !record.sent_before => {
            Recovery::Withdrawn
        }
        State::Queued { .. } => Recovery::Retry,
        State::Waiting { .. } => Recovery::Waits,
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
