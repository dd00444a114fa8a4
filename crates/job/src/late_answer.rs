//! What the answer to a POST may still change in the present record.

use crate::{Doubt, Fact, Record, State};

/// How a late answer is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LateAnswer {
    /// It answers the attempt that the record waits for, or shows that a task exists.
    Apply,
    /// A task exists that this record cannot take: its id is noted in the record.
    SecondTask(String),
    /// A request was sent and the record does not show it: in doubt, for this cause.
    Unknown(String),
    /// It answers another attempt, or brings nothing new.
    Ignore,
}

impl LateAnswer {
    /// The account of the record that it is applied to. What was sent is known only to the account
    /// of the intent; a ledger that lost the intent may have let another one be chosen since.
    pub fn account<'a>(&self, intent: &'a Record, present: &'a Record) -> &'a str {
        match self {
            Self::Apply | Self::Unknown(_) => &intent.account,
            Self::SecondTask(_) | Self::Ignore => &present.account,
        }
    }
}

/// `intent`: the record when the POST was sent; `present`: as it is now.
pub fn late_answer(intent: &Record, present: &Record, fact: &Fact) -> LateAnswer {
    let same_round = intent.round == present.round;
    let same_try = same_round && intent.attempt == present.attempt;
    // What the present account has denied says nothing about this request.
    let is_unseen = !present.sent_before || intent.account != present.account;
    match (fact, &present.state) {
        (Fact::Accepted { task_id, .. }, _) => accepted(task_id, present, same_round),
        // The ledger lost data, else it would show the POST: look the task up first.
        (
            Fact::AnswerLost { cause } | Fact::Repeated { cause },
            State::Queued { .. } | State::Waiting { .. },
        ) if same_round && is_unseen => LateAnswer::Unknown(cause.clone()),
        (_, State::Submitting { .. }) if same_try && intent.state == present.state => {
            LateAnswer::Apply
        }
        // A task exists, whichever attempt is in doubt.
        (Fact::Repeated { .. }, State::InDoubt { .. }) if same_round => LateAnswer::Apply,
        // Attempts that did not count have the same number: the intent distinguishes them.
        (_, State::InDoubt { doubt }) if same_try && is_of(doubt, intent) => LateAnswer::Apply,
        (
            Fact::AnswerLost { .. }
            | Fact::Repeated { .. }
            | Fact::PutOff { .. }
            | Fact::NotSent { .. }
            | Fact::PathRefused { .. }
            | Fact::Refused { .. },
            _,
        ) => LateAnswer::Ignore,
        // These are not answers to a POST.
        (
            Fact::Taken { .. }
            | Fact::NoSlot { .. }
            | Fact::StillWaits
            | Fact::Moved { .. }
            | Fact::Deferred { .. }
            | Fact::Strayed { .. }
            | Fact::OwnerLost { .. }
            | Fact::Denied
            | Fact::LookUpFailed { .. }
            | Fact::Unheard { .. }
            | Fact::Proposed { .. }
            | Fact::Unproven { .. }
            | Fact::Seen { .. }
            | Fact::Unread { .. }
            | Fact::LookDenied { .. }
            | Fact::LookFailed { .. }
            | Fact::Ended { .. }
            | Fact::DeadlinePassed
            | Fact::Expired { .. }
            | Fact::CancelRequested
            | Fact::GivenUp { .. }
            | Fact::Resubmit { .. }
            | Fact::Abandoned { .. }
            | Fact::Dropped
            | Fact::Replayed { .. }
            | Fact::Retried { .. }
            | Fact::Edited { .. }
            | Fact::Again { .. },
            _,
        ) => LateAnswer::Ignore,
    }
}

/// The record takes the task if it may still wait for one of this round.
fn accepted(task_id: &str, present: &Record, same_round: bool) -> LateAnswer {
    let waits = match &present.state {
        State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Parked { doubt: Some(_), .. } => same_round,
        State::Tombstone
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { doubt: None, .. } => false,
    };
    let is_its_own = present.task_id.as_deref() == Some(task_id);
    if is_its_own || (!waits && present.other_tasks.iter().any(|other| other == task_id)) {
        return LateAnswer::Ignore;
    }
    match waits {
        true => LateAnswer::Apply,
        false => LateAnswer::SecondTask(task_id.to_owned()),
    }
}

fn is_of(doubt: &Doubt, sent: &Record) -> bool {
    match &sent.state {
        State::Submitting { intent, .. } => doubt.intent.as_ref() == Some(intent),
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => false,
    }
}

impl Record {
    /// Whether the ledger lost data and holds an older state than `intent`: an earlier round, a
    /// restored record unchanged since, or the state in which it waited. A tombstone is older too: it
    /// was written without knowledge of the job.
    pub fn is_from_before(&self, intent: &Self) -> bool {
        if matches!(self.state, State::Tombstone) {
            return true;
        }
        let waits = matches!(self.state, State::Queued { .. } | State::Waiting { .. });
        let untouched = (self.restored || waits) && self.revision < intent.revision;
        self.round < intent.round || untouched
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageFacts, Outcome, Timestamp, decode};

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        (record.attempt, record.state) = (1, state);
        record
    }

    fn submitting(owner: &str) -> State {
        State::Submitting {
            owner: owner.into(),
            intent: String::new(),
            post_deadline: Timestamp::EPOCH,
        }
    }

    fn in_doubt() -> State {
        let doubt = Doubt {
            since: Timestamp::EPOCH,
            cause: String::new(),
            settles_at: Timestamp::EPOCH,
            denials: 0,
            looks: 0,
            next_look: Timestamp::EPOCH,
            evidence: Vec::new(),
            intent: Some(String::new()),
        };
        State::InDoubt { doubt }
    }

    fn put_off() -> Fact {
        Fact::PutOff { why: "busy".into() }
    }

    fn accepted() -> Fact {
        Fact::Accepted { task_id: "7".into(), status: "submitted".into() }
    }

    #[test]
    fn a_late_refusal_does_not_touch_another_workers_try() {
        let intent = record(submitting("ours"));
        assert_eq!(
            late_answer(&intent, &record(submitting("ours")), &put_off()),
            LateAnswer::Apply
        );
        assert_eq!(
            late_answer(&intent, &record(submitting("other")), &put_off()),
            LateAnswer::Ignore
        );
        let next_try = Record { attempt: 2, ..record(in_doubt()) };
        assert_eq!(late_answer(&intent, &record(in_doubt()), &put_off()), LateAnswer::Apply);
        assert_eq!(late_answer(&intent, &next_try, &put_off()), LateAnswer::Ignore);
    }

    /// An attempt that was put off is not counted, so the next one has its number.
    #[test]
    fn a_late_refusal_does_not_end_the_doubt_of_another_try() {
        let intent = record(submitting("ours"));
        let doubt_of = |other: Option<&str>| {
            let State::InDoubt { doubt } = in_doubt() else { panic!("in doubt") };
            record(State::InDoubt { doubt: Doubt { intent: other.map(str::to_owned), ..doubt } })
        };
        for other in [Some("another"), None] {
            assert_eq!(late_answer(&intent, &doubt_of(other), &put_off()), LateAnswer::Ignore);
            let repeated = Fact::Repeated { cause: "1201".into() };
            assert_eq!(late_answer(&intent, &doubt_of(other), &repeated), LateAnswer::Apply);
        }
    }

    #[test]
    fn a_task_id_is_attached_where_it_can_be_and_kept_where_it_cannot() {
        let intent = record(submitting("ours"));
        let queued = record(State::Queued { why: None });
        assert_eq!(late_answer(&intent, &queued, &accepted()), LateAnswer::Apply);
        assert_eq!(
            late_answer(&intent, &record(submitting("other")), &accepted()),
            LateAnswer::Apply
        );
        let next_round = Record { round: 2, ..record(submitting("other")) };
        assert_eq!(
            late_answer(&intent, &next_round, &accepted()),
            LateAnswer::SecondTask("7".into())
        );
        let pending =
            State::Pending { status: "submitted".into(), looks: 0, next_look: Timestamp::EPOCH };
        let known = Record { task_id: Some("7".into()), ..record(pending.clone()) };
        assert_eq!(late_answer(&intent, &known, &accepted()), LateAnswer::Ignore);
        let other = Record { task_id: Some("8".into()), ..record(pending) };
        assert_eq!(late_answer(&intent, &other, &accepted()), LateAnswer::SecondTask("7".into()));
    }

    #[test]
    fn only_what_was_put_back_from_before_is_written_over() {
        let intent = Record { revision: 3, ..record(submitting("ours")) };
        let queued = |revision, restored| {
            let queued = record(State::Queued { why: None });
            Record { revision, restored, ..queued }
        };
        assert!(queued(2, true).is_from_before(&intent));
        assert!(queued(2, false).is_from_before(&intent), "set back");
        let next_round = Record { round: 2, ..intent.clone() };
        let looked_at_since = Record { revision: 9, ..record(in_doubt()) };
        assert!(looked_at_since.is_from_before(&next_round), "rounds only rise");
        let touched = Record { revision: 2, ..record(submitting("other")) };
        assert!(!touched.is_from_before(&intent), "somebody has touched it");
        assert!(!queued(4, true).is_from_before(&intent), "it has moved on");
        let tombstone = Record::tombstone(intent.key.clone(), Timestamp::from_millis(9));
        assert!(tombstone.is_from_before(&intent), "what was sent is never cancelled unseen");
    }

    #[test]
    fn an_answer_that_was_lost_is_a_doubt_also_where_nothing_shows_that_it_was_sent() {
        let lost = Fact::AnswerLost { cause: "reset".into() };
        let queued = record(State::Queued { why: None });
        let intent = record(submitting("ours"));
        assert_eq!(late_answer(&intent, &queued, &lost), LateAnswer::Unknown("reset".into()));
        let known = Record { sent_before: true, ..queued };
        assert_eq!(late_answer(&intent, &known, &lost), LateAnswer::Ignore);
        let elsewhere = Record { account: "b".into(), ..known };
        let unknown = late_answer(&intent, &elsewhere, &lost);
        assert_eq!(unknown, LateAnswer::Unknown("reset".into()), "only that account denied it");
    }

    #[test]
    fn a_task_belongs_to_the_account_that_was_asked_for_it() {
        let intent = record(submitting("ours"));
        let of = |state, fact: &Fact| {
            let present = Record { account: "b".into(), ..record(state) };
            late_answer(&intent, &present, fact).account(&intent, &present).to_owned()
        };
        let lost = Fact::AnswerLost { cause: "reset".into() };
        let ended = || State::Settled { outcome: Outcome::Cancelled, at: Timestamp::EPOCH };
        assert_eq!(of(in_doubt(), &accepted()), "default");
        assert_eq!(of(State::Queued { why: None }, &accepted()), "default");
        assert_eq!(of(State::Queued { why: None }, &lost), "default");
        assert_eq!(of(ended(), &accepted()), "b", "its own task was found there");
        assert_eq!(of(ended(), &lost), "b");
    }

    #[test]
    fn a_second_task_is_noted_once_whatever_the_history_still_shows() {
        let intent = record(submitting("ours"));
        let next_round = Record { round: 2, ..record(submitting("other")) };
        let noted = Record { other_tasks: vec!["7".into()], ..next_round.clone() };
        assert_eq!(late_answer(&intent, &noted, &accepted()), LateAnswer::Ignore);
        let mut sentence = next_round;
        sentence.note(Timestamp::EPOCH, "the provider also accepted it as task 7");
        let second = LateAnswer::SecondTask("7".into());
        assert_eq!(
            late_answer(&intent, &sentence, &accepted()),
            second,
            "a sentence decides nothing"
        );
    }

    #[test]
    fn a_second_task_still_ends_a_doubt_of_its_round() {
        let intent = record(submitting("ours"));
        let doubted = Record { other_tasks: vec!["7".into()], ..record(in_doubt()) };
        assert_eq!(late_answer(&intent, &doubted, &accepted()), LateAnswer::Apply);
    }
}
