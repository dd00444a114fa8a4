//! Looking for a task whose answer was lost. Never a guess: found, denied, or cannot tell.

use job::{Fact, Record};
use kling::{QueryError, Task, TaskStatus};

/// Pure: what a look-up by external id says about a job in doubt.
pub(crate) fn read(record: &Record, answer: Result<Option<Task>, QueryError>) -> Fact {
    match answer {
        Ok(None) => Fact::Denied,
        Ok(Some(task)) => found(record, task),
        Err(error) => Fact::LookUpFailed { why: error.to_string() },
    }
}

fn found(record: &Record, task: Task) -> Fact {
    let ours = record.external_id.as_str();
    if task.external_task_id.as_deref().is_some_and(|echoed| echoed != ours) {
        return Fact::LookUpFailed { why: "the look-up answered with another task".to_owned() };
    }
    let status = match task.status {
        TaskStatus::Submitted => "submitted",
        TaskStatus::Processing => "processing",
        TaskStatus::Succeeded => "succeeded",
        TaskStatus::Failed => "failed",
    };
    match task.task_id {
        Some(task_id) => Fact::Accepted { task_id, status: status.to_owned() },
        None => Fact::LookUpFailed { why: "the look-up named no task id".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use job::{MessageFacts, Timestamp, decode};

    use super::*;

    fn record() -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record::new(&job, "default", "reelwork", Timestamp::EPOCH)
    }

    fn task(external: &str) -> Task {
        let body = format!(
            r#"{{"code":0,"data":{{"task_id":"7","task_status":"processing","task_info":{{"external_task_id":"{external}"}}}}}}"#
        );
        kling::decode_task(200, body.as_bytes()).unwrap()
    }

    #[test]
    fn a_task_under_our_id_is_attached_and_another_one_is_not() {
        let record = record();
        let ours = read(&record, Ok(Some(task(record.external_id.as_str()))));
        assert_eq!(ours, Fact::Accepted { task_id: "7".into(), status: "processing".into() });
        let other = read(&record, Ok(Some(task("somebody-else"))));
        assert!(matches!(other, Fact::LookUpFailed { .. }));
    }

    #[test]
    fn silence_is_not_a_denial() {
        assert_eq!(read(&record(), Ok(None)), Fact::Denied);
        let trouble = Err(QueryError::Later { cause: "timed out".into() });
        assert!(matches!(read(&record(), trouble), Fact::LookUpFailed { .. }));
    }
}
