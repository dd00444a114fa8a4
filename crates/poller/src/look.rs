//! Turns the provider's answer about a known task into a fact.

use job::{Fact, Money, Outcome, Output, OutputKind, Problem, Timestamp};
use kling::{FailureClass, QueryError, Task, TaskStatus, classify_failure};

/// Kling deletes generated files after 30 days (API reference, retention).
const FILES_KEPT: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// Pure. `now`: the time from which the files expire.
pub(crate) fn read(answer: Result<Task, QueryError>, now: Timestamp) -> Fact {
    let task = match answer {
        Ok(task) => task,
        Err(QueryError::NotFound { message }) => {
            return Fact::LookDenied { why: format!("the provider denies it ({message})") };
        }
        Err(error) => {
            return Fact::LookFailed { why: error.to_string() };
        }
    };
    match task.status {
        TaskStatus::Submitted => Fact::Seen { status: task.status.word().to_owned() },
        TaskStatus::Processing => {
            let word = task.unknown_status.filter(|word| !word.is_empty());
            Fact::Seen { status: word.unwrap_or_else(|| task.status.word().to_owned()) }
        }
        TaskStatus::Succeeded if task.outputs.is_empty() => {
            Fact::Unread { answer: task.unread.unwrap_or_default() }
        }
        TaskStatus::Succeeded => succeeded(task, now),
        TaskStatus::Failed => failed(&task),
    }
}

fn succeeded(task: Task, now: Timestamp) -> Fact {
    let expires = (now + FILES_KEPT).to_string();
    let outputs_left_out = task.outputs_left_out.try_into().unwrap_or(u32::MAX);
    let outputs = task.outputs.into_iter().map(|output| output_of(output, &expires)).collect();
    let final_unit_deduction = task.final_unit_deduction;
    Fact::Ended { outcome: Outcome::Succeeded { outputs, outputs_left_out, final_unit_deduction } }
}

fn output_of(output: kling::Output, expires: &str) -> Output {
    Output {
        kind: match output.kind {
            kling::OutputKind::Video => OutputKind::Video,
            kling::OutputKind::Image => OutputKind::Image,
            kling::OutputKind::Audio => OutputKind::Audio,
        },
        id: output.id,
        wav_url: output.url_wav.filter(|wav| *wav != output.url),
        watermark_url: output.watermark_url.filter(|marked| *marked != output.url),
        url: output.url,
        duration: output.duration_s,
        expires_at: Some(expires.to_owned()),
    }
}

/// Kling does not charge for failed tasks (pricing notes of T-GRID), unless it reports a deduction.
fn failed(task: &Task) -> Fact {
    let message = task.status_message.as_deref().unwrap_or_default();
    let deduction = task.final_unit_deduction.as_deref().and_then(Money::parse);
    let billed = deduction.is_some_and(|units| !units.is_zero());
    let (kind, advice) = match classify_failure(message) {
        FailureClass::Moderation => {
            ("moderation", "change the prompt or the input; sometimes a new attempt passes")
        }
        FailureClass::Input => ("input", "change the input as the message says"),
        FailureClass::Generation => ("generation", "try again"),
    };
    let message = if message.is_empty() { "the task failed" } else { message };
    let error = Problem::new(kind, message).advice(advice).billed(billed);
    Fact::Ended { outcome: Outcome::Failed { error } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(body: &str) -> Result<Task, QueryError> {
        kling::decode_task(200, body.as_bytes())
    }

    fn answer(status: &str, result: &str) -> Result<Task, QueryError> {
        task(&format!(
            r#"{{"code":0,"data":{{"task_id":"1","task_status":"{status}","task_status_msg":"Failure to pass the risk control system","task_result":{result}}}}}"#
        ))
    }

    const NOW: Timestamp = Timestamp::EPOCH;

    #[test]
    fn success_without_a_file_keeps_the_beginning_of_its_answer() {
        let Fact::Unread { answer } = read(answer("succeed", "{}"), NOW) else {
            panic!("nobody has seen a file")
        };
        assert!(answer.contains("task_result"), "{answer}");
    }

    #[test]
    fn a_denial_is_an_answer_and_an_outage_is_none() {
        let denied = kling::decode_task(404, br#"{"code":1203,"message":"no such task"}"#);
        assert!(matches!(read(denied, NOW), Fact::LookDenied { .. }));
    }

    #[test]
    fn a_file_ends_it_with_its_expiry() {
        let result = r#"{"videos":[{"id":"v","url":"https://x/y.mp4","duration":"5.1"}]}"#;
        let Fact::Ended { outcome: Outcome::Succeeded { outputs, .. } } =
            read(answer("succeed", result), NOW)
        else {
            panic!("a file is a success")
        };
        assert_eq!(outputs[0].duration.as_deref(), Some("5.1"));
        assert_eq!(outputs[0].expires_at.as_deref(), Some("1970-01-31T00:00:00.000Z"));
    }

    #[test]
    fn a_file_that_is_left_out_is_counted() {
        let result = r#"{"images":[{"index":0,"url":"https://x/a.png"},{"index":1,"b64_json":"iVBORw0KGgo="}]}"#;
        let Fact::Ended { outcome: Outcome::Succeeded { outputs, outputs_left_out, .. } } =
            read(answer("succeed", result), NOW)
        else {
            panic!("a file is a success")
        };
        assert_eq!((outputs.len(), outputs_left_out), (1, 1));
    }

    #[test]
    fn a_failed_task_is_classified_and_an_unreadable_answer_is_no_outcome() {
        let Fact::Ended { outcome: Outcome::Failed { error } } = read(answer("failed", "{}"), NOW)
        else {
            panic!("failed is an end")
        };
        assert_eq!(error.kind, "moderation");
        let page = kling::decode_task(502, b"<html>");
        assert!(matches!(read(page, NOW), Fact::LookFailed { .. }));
    }
}
