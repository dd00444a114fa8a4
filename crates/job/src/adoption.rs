//! What it means for a job that the broker itself put its message among the dead letters.

use std::fmt;
use std::time::Duration;

use crate::{Fact, Life, Record, RequestHash, State, Timestamp, record_lost};

/// Why the broker gave a message up, as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// A time to live: the producer's `expiration`, or a policy.
    Expired,
    /// The queue was full, and its oldest message had to go.
    Full,
    /// Given back more often than the queue allows.
    DeliveryLimit,
    /// Refused by a consumer that is none of ours, or in words that we do not know.
    Other,
}

impl Death {
    /// Words: RabbitMQ manual, dead letter exchanges.
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

/// What is known of such a letter.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    pub death: Death,
    /// `None` when the body is no job.
    pub hash: Option<&'a RequestHash>,
    /// It was put back by us before: a record of it may have been made.
    pub put_back: bool,
    /// That the message tells; `None` when it tells none.
    pub life: Option<&'a Life>,
    /// As its producer told, if that can be.
    pub enqueued: Option<Timestamp>,
    /// Of the present generation of the ledger.
    pub began_at: Timestamp,
}

/// A producer's clock is believed only where it is clear of the beginning by so much.
const PRODUCERS: Duration = Duration::from_secs(300);

/// The clocks of stores differ by no more.
const STORES: Duration = Duration::from_secs(5);

impl Letter<'_> {
    /// Before it died it may have been delivered, sent and given back: the broker's words do not
    /// tell, and a record of that may be lost. Nothing was before the first generation.
    fn may_be_forgotten(&self) -> bool {
        self.is_before(self.enqueued.unwrap_or(Timestamp::EPOCH), PRODUCERS)
    }

    fn is_older(&self, record: &Record) -> bool {
        record.restored || self.is_before(record.last_change(), STORES)
    }

    fn is_before(&self, at: Timestamp, skew: Duration) -> bool {
        self.began_at > Timestamp::EPOCH && at < self.began_at + skew
    }

    /// A job of this life may have been sent without our knowing. What may have been announced as
    /// expired before must not be sent again.
    fn lost(&self) -> Fact {
        match self.death {
            Death::Expired => Fact::Expired { why: self.death.to_string(), may_be_sent: true },
            Death::Full | Death::DeliveryLimit | Death::Other => {
                Fact::OwnerLost { cause: self.death.to_string() }
            }
        }
    }

    /// The same without a record. A message that tells no time was sent under an external id that
    /// nobody knows any more.
    fn lost_with_its_record(&self) -> Fact {
        match self.life {
            Some(_) => self.lost(),
            None => record_lost(self.death.to_string(), None),
        }
    }

    /// It may have been sent in a forgotten generation, under another external id than the record.
    fn is_beside(&self, record: &Record) -> bool {
        self.may_be_forgotten()
            && record.created_at >= self.began_at
            && !record.life.is_unknown()
            && self.life.is_some_and(|told| *told != record.life)
    }
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Adoption {
    /// There is no record: it begins with this.
    Begin(Fact),
    /// This happened to the job whose record there is.
    Conclude(Fact),
    /// The record there tells nothing of the job: its own words take its place, and this happens.
    Fill(Fact),
    /// Back to its lane, once: a worker finds out what it is.
    PutBack,
    /// The job is on its way or has ended, or the letter is nobody's.
    Leave,
}

/// Pure. A letter never touches a job that is on its way or has ended, and nothing is paid for.
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
        // It may be a repeat of a message whose copy still waits.
        State::Queued { .. } if !letter.put_back => Adoption::PutBack,
        State::Queued { .. } if letter.is_older(record) => Adoption::Conclude(letter.lost()),
        State::Queued { .. } => Adoption::Conclude(end(letter.death)),
        // Once there is evidence, it is never sent again.
        State::InDoubt { doubt } if doubt.evidence.is_empty() && letter.is_beside(record) => {
            Adoption::Conclude(Fact::Repeated { cause: beside(letter.death) })
        }
        State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => Adoption::Leave,
    }
}

/// Whoever cancelled ahead may have done so after a loss; else the job ends by it, at the latest when
/// it comes for the second time.
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

/// Also what never became a job: nobody would hear of it otherwise.
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
