use std::time::Duration;

use crate::{Doubt, EventKind, JournalEntry, Outcome, Record, State, Timestamp};

/// The times that decide what is restored from the journal.
#[derive(Clone, Copy, Debug)]
pub struct Restoring {
    pub now: Timestamp,
    /// Settled records older than this have expired and were not lost.
    pub retention: Duration,
    /// By then requests sent before the loss have arrived: earlier denials prove nothing.
    pub settles_at: Timestamp,
}

/// A record to be written to the ledger, and how its end is announced.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    pub record: Record,
    /// The kind of event that announces its end, if it has ended.
    pub ending: Option<EventKind>,
    /// The journal shows that this was announced.
    pub told: bool,
}

impl Restoring {
    /// `None` if the ledger needs nothing from this line. `present`: the revision of its record of
    /// the same job.
    ///
    /// The journal lags behind the ledger until a POST is answered, so a job that it shows as queued
    /// may have been submitted since. A first round that was not sent stays queued: its message is
    /// surely in the broker, and shows whether it was delivered before. Once a job waited for a slot,
    /// its intents are journaled before they are sent, so unless it was sent before, it waits. Any
    /// other queued or waiting job is in doubt: its message was perhaps never published.
    pub fn restore(&self, entry: JournalEntry, present: Option<u64>) -> Option<Restored> {
        let record = entry.record;
        // An expired record still replaces an older one of the same job.
        let known = present.map_or(self.is_over(&record), |present| present >= record.revision);
        if known {
            return None;
        }
        let ending = ending(&record.state);
        // The event may be an earlier one: that a job was parked does not announce its success.
        let told = entry.event.is_some_and(|event| {
            ending.is_some() && event.kind() == ending && event.data.round == record.round
        });
        Some(Restored { ending, told, record: self.back(record) })
    }

    /// `there`: the ledger's record of the same job. A tombstone has no data of the job and is
    /// always replaced; a queued job is then to be cancelled.
    #[must_use]
    pub fn in_place_of(&self, mut record: Record, there: &Record) -> Option<Record> {
        let is_tombstone = |record: &Record| matches!(record.state, State::Tombstone);
        match (is_tombstone(there), is_tombstone(&record)) {
            (false, true) => None,
            (true, false) => {
                record.cancel_requested =
                    matches!(record.state, State::Queued { .. } | State::Waiting { .. });
                Some(record)
            }
            (true, true) | (false, false) => (there.revision < record.revision).then_some(record),
        }
    }

    fn is_over(&self, record: &Record) -> bool {
        match &record.state {
            State::Settled { at, .. } => self.now.since(*at) > self.retention,
            State::Tombstone => self.now.since(record.last_change()) > self.retention,
            State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::InDoubt { .. }
            | State::Pending { .. }
            | State::Parked { .. } => false,
        }
    }

    fn back(&self, mut record: Record) -> Record {
        let certain = record.round == 1 && !record.sent_before;
        let (before, came_at) = (record.state.clone(), record.came_at());
        record.state = match record.state {
            // Whether its message was published again is not known.
            State::Queued { why } if record.acknowledged && !record.sent_before => {
                State::Waiting { why: why.unwrap_or_default(), since: came_at, next_look: self.now }
            }
            State::Queued { .. } if certain => record.state,
            State::Waiting { .. } if !record.sent_before => record.state,
            // A doubt that a callback began since may be missing.
            State::Queued { .. } | State::Waiting { .. } | State::Submitting { .. } => {
                State::InDoubt {
                    doubt: self.doubt("it may have been submitted after its last journal line"),
                }
            }
            State::InDoubt { doubt } => State::InDoubt { doubt: self.again(doubt) },
            as_it_was @ (State::Tombstone
            | State::Pending { .. }
            | State::Settled { .. }
            | State::Parked { .. }) => as_it_was,
        };
        record.sent_before |= matches!(record.state, State::InDoubt { .. });
        // Newer than a snapshot with the line's own state, but still older than a change that came
        // after the line.
        record.revision += u64::from(record.state != before);
        record.restored = true;
        record.note(self.now, "put back from the journal");
        record
    }

    fn doubt(&self, cause: &str) -> Doubt {
        Doubt::begun(self.now, cause.to_owned(), self.settles_at)
    }

    /// Denials from before the loss may have come too early.
    fn again(&self, doubt: Doubt) -> Doubt {
        let settles_at = doubt.settles_at.max(self.settles_at);
        Doubt { settles_at, denials: 0, next_look: self.now, ..doubt }
    }
}

/// The kind of event that announces the end; `None` if the job has not ended.
fn ending(state: &State) -> Option<EventKind> {
    Some(match state {
        State::Parked { .. } => EventKind::Parked,
        State::Settled { outcome, .. } => match outcome {
            Outcome::Succeeded { .. } => EventKind::Succeeded,
            Outcome::Failed { .. } => EventKind::Failed,
            Outcome::Rejected { .. } => EventKind::Rejected,
            Outcome::TimedOut { .. } => EventKind::TimedOut,
            Outcome::Cancelled => EventKind::Cancelled,
        },
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::{CloudEvent, EventSource, MessageFacts, decode};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(10_000_000);
    const QUIET: Timestamp = Timestamp::from_millis(10_090_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn restoring() -> Restoring {
        Restoring { now: NOW, retention: HOUR, settles_at: QUIET }
    }

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        (record.revision, record.state) = (4, state);
        record
    }

    fn line(record: Record) -> JournalEntry {
        JournalEntry {
            version: JournalEntry::VERSION,
            generation: "g".into(),
            at: NOW,
            record,
            event: None,
        }
    }

    fn back(record: Record) -> Record {
        restoring().restore(line(record), None).unwrap().record
    }

    fn settled(at: Timestamp) -> State {
        State::Settled { outcome: Outcome::Cancelled, at }
    }

    #[test]
    fn only_what_is_older_or_missing_is_put_back() {
        let queued = || line(record(State::Queued { why: None }));
        assert!(restoring().restore(queued(), Some(4)).is_none());
        assert!(restoring().restore(queued(), Some(5)).is_none());
        assert!(restoring().restore(queued(), Some(3)).is_some());
        assert!(restoring().restore(queued(), None).is_some());
    }

    #[test]
    fn what_expired_was_not_lost() {
        let old = line(record(settled(Timestamp::EPOCH)));
        assert!(restoring().restore(old.clone(), None).is_none());
        assert!(restoring().restore(old, Some(1)).is_some(), "an older line of it came back");
        assert!(restoring().restore(line(record(settled(NOW))), None).is_some());
        let parked = State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH };
        assert!(restoring().restore(line(record(parked)), None).is_some(), "kept for a person");
    }

    #[test]
    fn a_cancellation_that_came_first_is_remembered() {
        let key = crate::JobKey::parse("default/a").unwrap();
        let tombstone = |at| line(Record::tombstone(key.clone(), at));
        assert!(restoring().restore(tombstone(Timestamp::EPOCH), None).is_none(), "long since");
        let record = restoring().restore(tombstone(NOW), None).unwrap().record;
        assert!(matches!(record.state, State::Tombstone));
    }

    #[test]
    fn a_tombstone_gives_way_to_the_job_itself_whatever_its_revision() {
        let key = crate::JobKey::parse("default/a").unwrap();
        let tombstone = |revision| {
            let mut tombstone = Record::tombstone(key.clone(), NOW);
            tombstone.revision = revision;
            tombstone
        };
        let pending = State::Pending { status: "x".into(), looks: 0, next_look: NOW };
        for old in [0, u64::MAX] {
            let over = |record| restoring().in_place_of(record, &tombstone(old));
            let paid = over(record(pending.clone())).unwrap();
            assert!(!paid.cancel_requested, "it goes on");
            let waiting = over(record(State::Queued { why: None })).unwrap();
            assert!(waiting.cancel_requested);
            let real = record(pending.clone());
            assert_eq!(restoring().in_place_of(tombstone(old), &real), None);
        }
        assert!(Record::tombstone(key, NOW).revision < record(pending).revision);
    }

    #[test]
    fn a_first_try_waits_for_its_message_and_a_repeat_is_in_doubt() {
        let first = back(record(State::Queued { why: None }));
        assert!(matches!(first.state, State::Queued { .. }) && first.restored);
        let again = Record { round: 2, ..record(State::Queued { why: None }) };
        let State::InDoubt { doubt } = back(again).state else { panic!("nobody knows") };
        assert_eq!((doubt.settles_at, doubt.next_look), (QUIET, NOW));
        let sent = Record { sent_before: true, ..record(State::Queued { why: None }) };
        assert!(matches!(back(sent).state, State::InDoubt { .. }));
    }

    #[test]
    fn a_job_that_waits_for_a_slot_waits_on_unless_it_was_sent_before() {
        let waiting = || State::Waiting { why: "full".into(), since: NOW, next_look: NOW };
        for round in [1, 2] {
            let back = back(Record { round, ..record(waiting()) });
            assert_eq!((back.state, back.revision), (waiting(), 4), "round {round}");
        }
        let sent = back(Record { sent_before: true, ..record(waiting()) });
        assert_eq!(sent.state.word(), "in_doubt", "a callback may have named its task since");
    }

    #[test]
    fn a_job_that_waited_and_was_queued_again_waits() {
        let queued = || State::Queued { why: Some("x".into()) };
        let of = |sent_before| {
            back(Record { acknowledged: true, sent_before, ..record(queued()) }).state.word()
        };
        assert_eq!(of(false), "waiting", "its message was perhaps never published");
        assert_eq!(of(true), "in_doubt");
    }

    #[test]
    fn a_doubt_that_a_rebuild_begins_is_newer_than_its_line() {
        assert_eq!(back(record(State::Queued { why: None })).revision, 4);
        let sent = Record { sent_before: true, ..record(State::Queued { why: None }) };
        assert_eq!(back(sent).revision, 5, "its message is acknowledged from now on");
    }

    #[test]
    fn denials_from_before_the_loss_do_not_count() {
        let mut doubt = restoring().doubt("answer lost");
        (doubt.denials, doubt.settles_at) = (1, Timestamp::EPOCH);
        let State::InDoubt { doubt } = back(record(State::InDoubt { doubt })).state else {
            panic!("it stays in doubt")
        };
        assert_eq!((doubt.denials, doubt.settles_at), (0, QUIET));
        assert_eq!(doubt.cause, "answer lost");
    }

    #[test]
    fn only_the_event_of_its_end_shows_that_it_was_announced() {
        let outputs = Vec::new();
        let outcome = Outcome::succeeded(outputs);
        let done = Record { round: 2, ..record(State::Settled { outcome, at: NOW }) };
        let source = EventSource::of_installation("reelwork");
        let told = |record: &Record, kind| {
            let event = Some(CloudEvent::about(record, kind, &source, NOW));
            restoring().restore(JournalEntry { event, ..line(done.clone()) }, None).unwrap().told
        };
        assert!(told(&done, EventKind::Succeeded));
        assert!(!told(&done, EventKind::Parked), "it was parked before it was found");
        assert!(!told(&done, EventKind::Failed));
        let before = Record { round: 1, ..done.clone() };
        assert!(!told(&before, EventKind::Succeeded), "a late event of the round before");
    }

    #[test]
    fn an_end_is_announced_again_unless_the_journal_shows_its_event() {
        let record = record(settled(NOW));
        let restored = restoring().restore(line(record.clone()), None).unwrap();
        assert_eq!((restored.ending, restored.told), (Some(EventKind::Cancelled), false));
        let source = EventSource::of_installation("reelwork");
        let event = CloudEvent::about(&record, EventKind::Cancelled, &source, NOW);
        let told = JournalEntry { event: Some(event), ..line(record) };
        assert!(restoring().restore(told, None).unwrap().told);
    }
}
