//! Whether a task that the provider shows can be the one that a doubtful POST created.

use std::time::Duration;

use job::{Record, Timestamp};
use kling::{QueryError, Task};

/// The provider's clock and ours may differ by so much.
const CLOCKS: Duration = Duration::from_secs(120);

/// A task that may be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) task_id: String,
    pub(crate) status: &'static str,
}

/// What asking for a proposed task told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Fits(Candidate),
    /// It is not ours, or nothing shows that it is.
    Refuted(String),
    /// The provider was not heard about it.
    Unanswered(String),
}

/// Pure: a proposal is believed when the provider answers for it under our operation, nothing
/// contradicts, and at least the external id or the time of creation agrees.
pub(crate) fn judge(
    record: &Record,
    proposed: &str,
    answer: Result<Task, QueryError>,
) -> Judgement {
    let refuted = |why: &str| Judgement::Refuted(format!("task {proposed}: {why}"));
    let task = match answer {
        Ok(task) => task,
        Err(QueryError::NotFound { message }) => {
            return refuted(&format!("the provider denies it ({message})"));
        }
        Err(error) => return Judgement::Unanswered(format!("task {proposed}: {error}")),
    };
    if let Some(why) = contradiction(record, &task) {
        return refuted(&why);
    }
    if task.external_task_id.is_none() && task.created_at_ms.is_none() {
        return refuted("the answer tells neither its external id nor when it was created");
    }
    Judgement::Fits(Candidate { task_id: proposed.to_owned(), status: task.status.word() })
}

/// What in an answer speaks against its being ours.
pub(crate) fn contradiction(record: &Record, task: &Task) -> Option<String> {
    if task.external_task_id.as_deref().is_some_and(|id| id != record.external_id.as_str()) {
        return Some("it carries another external id".to_owned());
    }
    let created = Timestamp::from_millis(task.created_at_ms?);
    let began = began(record);
    (created + CLOCKS < began)
        .then(|| format!("it was created at {created}, before the round began at {began}"))
}

/// Unix milliseconds before which no task of this round was created, by any clock.
pub(crate) fn since_ms(record: &Record) -> i64 {
    let margin = i64::try_from(CLOCKS.as_millis()).unwrap_or(i64::MAX);
    began(record).as_millis().saturating_sub(margin)
}

/// No POST of this round was sent before. The record of a first round may be younger than its
/// first POST, where a ledger has lost the older one.
fn began(record: &Record) -> Timestamp {
    let earlier = record.history.iter().rev().find(|entry| entry.round < record.round);
    let first = record.enqueued_at.map_or(record.created_at, |at| at.min(record.created_at));
    earlier.map_or(first, |entry| entry.at)
}

#[cfg(test)]
pub(crate) mod tests {
    use job::{HistoryEntry, MessageFacts, decode};

    use super::*;

    const BEGAN_MS: i64 = 1_700_000_000_000;
    const HOUR_MS: i64 = 3_600_000;

    pub(crate) fn record() -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record::new(&job, "default", "reelwork", Timestamp::from_millis(BEGAN_MS))
    }

    pub(crate) fn task(external: Option<&str>, created_ms: Option<i64>) -> Task {
        let external = serde_json::json!(external);
        let created = serde_json::json!(created_ms);
        let body = format!(
            r#"{{"code":0,"data":{{"task_id":"7","task_status":"processing","created_at":{created},
                "task_info":{{"external_task_id":{external}}}}}}}"#
        );
        kling::decode_task(200, body.as_bytes()).unwrap()
    }

    fn refuted(record: &Record, task: Task) -> bool {
        matches!(judge(record, "9", Ok(task)), Judgement::Refuted(_))
    }

    #[test]
    fn a_proposal_fits_by_external_id_or_by_time() {
        let record = record();
        let ours = Some(record.external_id.as_str());
        let fits = Judgement::Fits(Candidate { task_id: "9".into(), status: "processing" });
        assert_eq!(judge(&record, "9", Ok(task(ours, None))), fits, "the id that GET answers to");
        assert_eq!(judge(&record, "9", Ok(task(None, Some(BEGAN_MS)))), fits);
        assert!(refuted(&record, task(None, None)), "nothing agrees");
    }

    #[test]
    fn any_contradiction_refutes() {
        let record = record();
        let ours = Some(record.external_id.as_str());
        assert!(refuted(&record, task(Some("other"), Some(BEGAN_MS))));
        let early = BEGAN_MS - 120_001;
        assert!(refuted(&record, task(ours, Some(early))), "older than the job");
        assert!(!refuted(&record, task(ours, Some(early + 1))), "clocks differ");
    }

    #[test]
    fn a_denial_refutes_and_silence_does_not() {
        let denied = Err(QueryError::NotFound { message: "no such task".into() });
        assert!(matches!(judge(&record(), "9", denied), Judgement::Refuted(_)));
        let silent = Err(QueryError::Later { cause: "timed out".into() });
        assert!(matches!(judge(&record(), "9", silent), Judgement::Unanswered(_)));
    }

    #[test]
    fn a_task_of_an_earlier_round_is_too_old_for_a_later_one() {
        let mut record = record();
        let entry = |round, millis, what: &str| {
            HistoryEntry::once(Timestamp::from_millis(millis), round, what)
        };
        record.round = 2;
        record.history = vec![entry(2, BEGAN_MS + 9 * HOUR_MS, "round 2")];
        assert!(!refuted(&record, task(None, Some(BEGAN_MS))), "cannot be known better");
        record.history.insert(0, entry(1, BEGAN_MS + 8 * HOUR_MS, "failed"));
        assert!(refuted(&record, task(None, Some(BEGAN_MS))));
    }

    #[test]
    fn a_record_that_was_lost_does_not_make_its_task_too_old() {
        let mut record = record();
        let day = 24 * HOUR_MS;
        assert!(refuted(&record, task(None, Some(BEGAN_MS - day))));
        record.enqueued_at = Some(Timestamp::from_millis(BEGAN_MS - day));
        assert!(!refuted(&record, task(None, Some(BEGAN_MS - day))));
    }
}
