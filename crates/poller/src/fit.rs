//! Decides whether a task that a callback named can belong to a job in doubt.

use job::{Candidate, Origin, Record, Timestamp};
use kling::{QueryError, Task};

/// The result of a query for a proposed task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Fits(Candidate),
    /// It belongs to another job, or nothing shows that it belongs to this one.
    Refuted(String),
    /// The provider gave no usable answer about it.
    Unanswered(String),
}

/// Pure. A proposed task fits if the provider returns it for the job's operation and
/// [`Record::refutes`] finds no contradiction.
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
    match record.refutes(origin(&task)) {
        Some(why) => refuted(&why),
        None => {
            Judgement::Fits(Candidate { task_id: proposed.to_owned(), status: task.status.word() })
        }
    }
}

pub(crate) fn origin(task: &Task) -> Origin<'_> {
    Origin {
        external_id: task.external_task_id.as_deref(),
        created_at: task.created_at_ms.map(Timestamp::from_millis),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use job::{MessageFacts, decode};

    use super::*;

    const BEGAN_MS: i64 = 1_700_000_000_000;

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

    #[test]
    fn a_proposal_fits_by_external_id_or_by_time_and_keeps_its_own_name() {
        let record = record();
        let ours = Some(record.external_id.as_str());
        let fits = Judgement::Fits(Candidate { task_id: "9".into(), status: "processing" });
        assert_eq!(judge(&record, "9", Ok(task(ours, None))), fits, "the id that GET answers to");
        assert_eq!(judge(&record, "9", Ok(task(None, Some(BEGAN_MS)))), fits);
        for other in [task(None, None), task(Some("other"), Some(BEGAN_MS))] {
            assert!(matches!(judge(&record, "9", Ok(other)), Judgement::Refuted(_)));
        }
    }

    #[test]
    fn a_denial_refutes_and_silence_does_not() {
        let denied = Err(QueryError::NotFound { message: "no such task".into() });
        assert!(matches!(judge(&record(), "9", denied), Judgement::Refuted(_)));
        let silent = Err(QueryError::Later { cause: "timed out".into() });
        assert!(matches!(judge(&record(), "9", silent), Judgement::Unanswered(_)));
    }
}
