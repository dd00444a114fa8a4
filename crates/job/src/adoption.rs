//! What it means for a job that the broker itself put its message among the dead letters.

use std::fmt;
use std::time::Duration;

use crate::{Fact, Life, Record, RequestHash, State, Timestamp};

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
            None => Fact::Repeated {
                cause: format!(
                    "{}; the message tells no time, so its external id is not known",
                    self.death
                ),
            },
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
mod tests {
    use super::*;
    use crate::{Doubt, Job, MessageFacts, Moment, Outcome, Rules, decode, transition};

    const DEATHS: [Death; 4] = [Death::Expired, Death::Full, Death::DeliveryLimit, Death::Other];

    fn job() -> Job {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        decode(body, MessageFacts::default()).unwrap()
    }

    fn record(state: State) -> Record {
        let mut record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
        record.state = state;
        record
    }

    fn queued() -> State {
        record(State::Tombstone);
        Record::new(&job(), "default", "reelwork", Timestamp::EPOCH).state
    }

    fn letter(death: Death, hash: Option<&RequestHash>, put_back: bool) -> Letter<'_> {
        Letter { death, hash, put_back, life: None, enqueued: None, began_at: Timestamp::EPOCH }
    }

    #[test]
    fn without_a_record_the_brokers_word_is_the_jobs_end() {
        let hash = job().request.hash();
        for death in DEATHS {
            let begun = adopt(None, letter(death, Some(&hash), false));
            let expired = matches!(begun, Adoption::Begin(Fact::Expired { .. }));
            let parked = matches!(begun, Adoption::Begin(Fact::GivenUp { .. }));
            assert_eq!((expired, parked), (death == Death::Expired, death != Death::Expired));
        }
    }

    fn is_doubt(adoption: &Adoption) -> bool {
        matches!(
            adoption,
            Adoption::Begin(Fact::OwnerLost { .. } | Fact::Expired { may_be_sent: true, .. })
        )
    }

    /// Its end may have been announced by a ledger that has lost its memory since.
    #[test]
    fn what_expired_is_never_sent_again() {
        let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
        let letter = Letter {
            began_at: BEGAN,
            life: Some(&life),
            ..letter(Death::Expired, Some(&hash), true)
        };
        let rules = Rules { denials_trusted: true, denials_needed: 1, ..Rules::default() };
        let waiting = Record { restored: true, ..record(queued()) };
        for found in [None, Some(waiting)] {
            let fact = match adopt(found.as_ref(), letter) {
                Adoption::Begin(fact) | Adoption::Conclude(fact) => fact,
                other => panic!("{other:?}"),
            };
            let record = found.unwrap_or_else(|| record(queued()));
            let at = |seconds| Moment {
                now: BEGAN + Duration::from_secs(seconds),
                steady_since: Timestamp::EPOCH,
                jitter: 0.5,
            };
            let doubtful = transition(record, fact, at(0), &rules).unwrap().record;
            assert_eq!(doubtful.state.word(), "in_doubt");
            let denied = transition(doubtful, Fact::Denied, at(3600), &rules).unwrap().record;
            assert_eq!(denied.state.word(), "timed_out");
        }
    }

    #[test]
    fn a_letter_of_another_life_is_evidence_against_sending_again() {
        let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
        let doubt = Doubt::begun(BEGAN, "x".into(), BEGAN);
        let mut found = record(State::InDoubt { doubt });
        found.created_at = BEGAN;
        let letter = Letter { began_at: BEGAN, ..letter(Death::Expired, Some(&hash), false) };
        for (told, beside) in [(Some(&life), true), (Some(&found.life), false), (None, false)] {
            let adoption = adopt(Some(&found), Letter { life: told, ..letter });
            let repeated = matches!(adoption, Adoption::Conclude(Fact::Repeated { .. }));
            assert_eq!(repeated, beside, "{told:?}");
        }
        let State::InDoubt { doubt } = &mut found.state else { panic!("in doubt") };
        doubt.evidence.push("told".to_owned());
        assert_eq!(adopt(Some(&found), Letter { life: Some(&life), ..letter }), Adoption::Leave);
    }

    const BEGAN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn what_may_have_been_sent_in_a_forgotten_generation_is_in_doubt() {
        let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
        let ahead = BEGAN + PRODUCERS;
        for (enqueued, doubted) in
            [(None, true), (Some(BEGAN), true), (Some(BEGAN + STORES), true), (Some(ahead), false)]
        {
            for (death, put_back) in DEATHS.into_iter().flat_map(|d| [(d, false), (d, true)]) {
                let letter =
                    Letter { enqueued, began_at: BEGAN, ..letter(death, Some(&hash), put_back) };
                let told = Letter { life: Some(&life), ..letter };
                assert_eq!(
                    is_doubt(&adopt(None, told)),
                    doubted,
                    "{death:?} {put_back} {enqueued:?}"
                );
                let is_evidence =
                    matches!(adopt(None, letter), Adoption::Begin(Fact::Repeated { .. }));
                assert_eq!(is_evidence, doubted, "its external id is unknown: never sent again");
            }
        }
    }

    #[test]
    fn a_waiting_job_from_before_the_generation_may_have_been_sent_too() {
        let hash = job().request.hash();
        let letter = Letter { began_at: BEGAN, ..letter(Death::Expired, Some(&hash), true) };
        let mut since = record(queued());
        since.created_at = BEGAN + STORES;
        assert_eq!(adopt(Some(&since), letter), Adoption::Conclude(end(Death::Expired)));
        let restored = Record { restored: true, ..since };
        for found in [restored, record(queued())] {
            assert_eq!(adopt(Some(&found), letter), Adoption::Conclude(letter.lost()));
        }
    }

    #[test]
    fn what_never_was_a_job_is_said_when_no_worker_can_read_it() {
        let seen = |put_back| adopt(None, letter(Death::Expired, None, put_back));
        assert_eq!(seen(false), Adoption::PutBack);
        assert_eq!(seen(true), Adoption::Begin(given_up(Death::Expired)));
    }

    #[test]
    fn a_job_on_its_way_or_ended_is_never_touched() {
        let hash = job().request.hash();
        let doubt = Doubt::begun(Timestamp::EPOCH, "x".into(), Timestamp::EPOCH);
        let at = Timestamp::EPOCH;
        let states = [
            State::Submitting { owner: "o".into(), intent: String::new(), post_deadline: at },
            State::InDoubt { doubt: doubt.clone() },
            State::Settled { outcome: Outcome::Cancelled, at },
            State::Parked { why: "x".into(), doubt: None, at },
            State::Parked { why: "x".into(), doubt: Some(doubt), at },
        ];
        for state in states {
            for death in DEATHS {
                for put_back in [false, true] {
                    let found = record(state.clone());
                    let adoption = adopt(Some(&found), letter(death, Some(&hash), put_back));
                    assert_eq!(adoption, Adoption::Leave, "{state:?} {death:?}");
                }
            }
        }
    }

    #[test]
    fn a_waiting_job_gets_one_more_try_and_then_its_end() {
        let hash = job().request.hash();
        let found = record(queued());
        for death in DEATHS {
            let first = adopt(Some(&found), letter(death, Some(&hash), false));
            assert_eq!(first, Adoption::PutBack);
            let second = adopt(Some(&found), letter(death, Some(&hash), true));
            assert_eq!(second, Adoption::Conclude(end(death)));
        }
    }

    #[test]
    fn what_was_cancelled_ahead_ends_by_it() {
        let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
        let found = record(State::Tombstone);
        let cancel = Adoption::Fill(Fact::CancelRequested);
        for death in DEATHS {
            let of = |hash, put_back| adopt(Some(&found), letter(death, hash, put_back));
            for hash in [Some(&hash), None] {
                assert_eq!((of(hash, false), of(hash, true)), (Adoption::PutBack, cancel.clone()));
            }
            let before =
                Letter { began_at: BEGAN, life: Some(&life), ..letter(death, Some(&hash), true) };
            assert_eq!(adopt(Some(&found), before), Adoption::Fill(before.lost()));
        }
    }

    #[test]
    fn what_a_worker_must_read_goes_back_once() {
        let other = crate::Request::default().hash();
        for (found, hash) in
            [(Some(record(queued())), Some(&other)), (Some(record(queued())), None)]
        {
            let seen = |put_back| adopt(found.as_ref(), letter(Death::Expired, hash, put_back));
            assert_eq!((seen(false), seen(true)), (Adoption::PutBack, Adoption::Leave));
        }
    }
}
