//! What follows for a job whose message the broker itself dead-lettered.

use std::fmt;
use std::time::Duration;

use crate::{Fact, Life, Record, RequestHash, State, Timestamp, record_lost};

/// Why the broker dead-lettered a message, by its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// A time to live: the producer's `expiration`, or a policy.
    Expired,
    /// The queue was full, and its oldest message was dropped.
    Full,
    /// Given back more often than the queue allows.
    DeliveryLimit,
    /// Rejected by a consumer that is not ours, or for a reason that we do not know.
    Other,
}

impl Death {
    /// The words that a broker gives (RabbitMQ manual, dead letter exchanges).
    pub const WORDS: [&'static str; 4] = ["expired", "maxlen", "delivery_limit", "rejected"];

    /// The words of the RabbitMQ manual, dead letter exchanges.
    pub fn of_word(word: &str) -> Self {
        match word {
            "expired" => Self::Expired,
            "maxlen" => Self::Full,
            "delivery_limit" => Self::DeliveryLimit,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the message expired in the broker (expired)",
            Self::Full => "the broker dropped the message from a full queue (maxlen)",
            Self::DeliveryLimit => "the broker gave the message up (delivery_limit)",
            Self::Other => "the broker was told to reject the message (rejected)",
        })
    }
}

/// What is known about a message that the broker dead-lettered.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    pub death: Death,
    /// `None` when the body is no job.
    pub hash: Option<&'a RequestHash>,
    /// It was put back into its lane before: a worker may have written a record.
    pub put_back: bool,
    /// The life in the message; `None` if it has none.
    pub life: Option<&'a Life>,
    /// The accounts that it may have been sent with.
    pub accounts: &'a [String],
    /// The producer's publish time, if it is plausible.
    pub enqueued: Option<Timestamp>,
    /// When the present generation of the ledger began.
    pub began_at: Timestamp,
}

/// How wrong a producer's clock may be.
const PRODUCERS: Duration = Duration::from_secs(300);

/// How much the clocks of stores may differ.
const STORES: Duration = Duration::from_secs(5);

impl Letter<'_> {
    /// Whether an earlier generation may have had a record of it that is lost: the headers do not
    /// show whether it was delivered and sent. There is none before the first generation.
    fn may_be_forgotten(&self) -> bool {
        self.is_before(self.enqueued.unwrap_or(Timestamp::EPOCH), PRODUCERS)
    }

    fn is_older(&self, record: &Record) -> bool {
        record.restored || self.is_before(record.last_change(), STORES)
    }

    fn is_before(&self, at: Timestamp, skew: Duration) -> bool {
        self.began_at > Timestamp::EPOCH && at < self.began_at + skew
    }

    /// The fact for a job that may have been sent in an earlier generation. One that may have been
    /// announced as expired must not be sent again.
    fn lost(&self) -> Fact {
        match self.death {
            Death::Expired => Fact::Expired { why: self.death.to_string(), may_be_sent: true },
            Death::Full | Death::DeliveryLimit | Death::Other => {
                Fact::OwnerLost { cause: self.death.to_string() }
            }
        }
    }

    /// The same for a record that the loss has left behind: another account may have been chosen
    /// for its last attempt.
    fn lost_since(&self, record: &Record) -> Fact {
        let there = record.clone().left_behind(self.accounts);
        match there.other_accounts.is_empty() {
            true => self.lost(),
            false => {
                let accounts = there.all_possible_accounts();
                record_lost(self.death.to_string(), Some(&record.life), &accounts)
            }
        }
    }

    /// The same without a record. Without a life in the message, the external id of an earlier POST
    /// is unknown.
    fn lost_with_its_record(&self) -> Fact {
        match (self.life, self.accounts) {
            (Some(_), [] | [_]) => self.lost(),
            (life, _) => record_lost(self.death.to_string(), life, self.accounts),
        }
    }

    /// It may have been sent in an earlier generation, under another external id than the record's.
    fn is_beside(&self, record: &Record) -> bool {
        self.may_be_forgotten()
            && record.created_at >= self.began_at
            && !record.life.is_unknown()
            && self.life.is_some_and(|life| *life != record.life)
    }
}

/// What to do with the message.
#[derive(Clone, Debug, PartialEq)]
pub enum Adoption {
    /// There is no record: one is created with this fact.
    Begin(Fact),
    /// This fact is applied to the record.
    Conclude(Fact),
    /// The record is a tombstone: the job's own data replaces it, and this fact is applied.
    Fill(Fact),
    /// It goes back to its lane, once: a worker decides.
    PutBack,
    /// The job is in progress or has ended, or the message is not one of a job.
    Leave,
}

/// Pure. A letter does not change a job that is being submitted, has a task or has ended.
pub fn adopt(found: Option<&Record>, letter: Letter<'_>) -> Adoption {
    let Some(record) = found else {
        return match letter.hash {
            Some(_) if letter.may_be_forgotten() => Adoption::Begin(letter.lost_with_its_record()),
            Some(_) => Adoption::Begin(end(letter.death)),
            None if letter.put_back => Adoption::Begin(given_up(letter.death)),
            None => Adoption::PutBack,
        };
    };
    let same = letter.hash.is_some_and(|hash| record.is_of(hash));
    match &record.state {
        State::Tombstone => of_tombstone(letter),
        _ if record.leaves_its_id() => once_more(letter),
        _ if !same => once_more(letter),
        // It may be a copy of a message that still waits.
        State::Queued { .. } | State::Waiting { .. } if !letter.put_back => Adoption::PutBack,
        State::Queued { .. } if letter.is_older(record) => {
            Adoption::Conclude(letter.lost_since(record))
        }
        State::Queued { .. } => Adoption::Conclude(end(letter.death)),
        // With evidence the job is not sent again anyway.
        State::InDoubt { doubt } if doubt.evidence.is_empty() && letter.is_beside(record) => {
            Adoption::Conclude(Fact::Repeated { cause: beside(letter.death) })
        }
        State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => Adoption::Leave,
    }
}

/// The cancellation may have come after a loss. Otherwise it ends the job, here at the second time.
fn of_tombstone(letter: Letter<'_>) -> Adoption {
    match letter.hash {
        Some(_) if letter.may_be_forgotten() => Adoption::Fill(letter.lost_with_its_record()),
        Some(_) | None if letter.put_back => Adoption::Fill(Fact::CancelRequested),
        Some(_) | None => Adoption::PutBack,
    }
}

fn end(death: Death) -> Fact {
    match death {
        Death::Expired => Fact::Expired { why: death.to_string(), may_be_sent: false },
        Death::Full | Death::DeliveryLimit | Death::Other => given_up(death),
    }
}

/// Also for a message that is not a job: without a record nothing would report it.
fn given_up(death: Death) -> Fact {
    Fact::GivenUp { why: death.to_string() }
}

fn beside(death: Death) -> String {
    format!("another message of this job may have been sent too: {death}")
}

fn once_more(letter: Letter<'_>) -> Adoption {
    if letter.put_back { Adoption::Leave } else { Adoption::PutBack }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the table is asked directly")]
mod tests;
