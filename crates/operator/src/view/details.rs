//! What is shown of one job beside what lists show of it.

use job::{Doubt, JsonObject, Kept, Record, State, Timestamp, Watch};
use serde::Serialize;

/// What a page about one job has more than a list. Times are RFC 3339.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
pub struct JobDetails<'a> {
    /// Whether the ledger still has the request, to send it (again).
    pub request_kept: bool,
    /// The request without inline files and without what gives access to a URL. At most 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    pub request: Option<JsonObject>,
    /// It was longer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub request_cut: bool,
    /// The provider account that it is submitted with. Empty if it was never a job.
    pub account: &'a str,
    /// Others that may have its task.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub other_accounts: &'a [String],
    pub priority: &'static str,
    /// Further paid rounds, should this one end failed.
    pub retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Other tasks of it: of earlier rounds, or created when the record could not take them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub other_task_ids: &'a [String],
    /// What was seen of its task; none before it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look: Option<LookView<'a>>,
}

/// What queries to the provider have shown about the task of the present round.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct LookView<'a> {
    /// What the provider last told: its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a str>,
    /// How many queries were made. Not known of a task that has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_look_at: Option<String>,
    /// The last query without an answer about the task, if none since has shown it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<String>,
    /// What came instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_with: Option<&'a str>,
    /// How often the provider said that there is no such task.
    #[serde(skip_serializing_if = "is_zero")]
    pub denials: u32,
    /// Since when it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_since: Option<String>,
    /// Since when it reports success without a readable file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_since: Option<String>,
    /// It was announced that the task takes too long.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// Signs that a task exists, without proof which one.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub evidence: &'a [String],
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(times: &u32) -> bool {
    *times == 0
}

impl<'a> JobDetails<'a> {
    /// The record must have been loaded with its request.
    pub fn of(record: &'a Record) -> Self {
        let redacted = record.request.here().map(job::Request::redacted);
        let request_cut = redacted.as_ref().is_some_and(|redacted| redacted.cut);
        Self {
            request_kept: !matches!(record.request, Kept::Nothing),
            request: redacted.map(|redacted| redacted.fields),
            request_cut,
            account: &record.account,
            other_accounts: &record.other_accounts,
            priority: record.priority.as_str(),
            retries: record.retries,
            deadline: record.deadline.map(|at| at.to_string()),
            other_task_ids: &record.other_tasks,
            look: LookView::of(record),
        }
    }
}

impl<'a> LookView<'a> {
    /// `None` if nothing is known.
    fn of(record: &'a Record) -> Option<Self> {
        let seen = match &record.state {
            State::Pending { status, looks, next_look } => Self {
                status: Some(status),
                looks: Some(*looks),
                next_look_at: Some(next_look.to_string()),
                ..Self::of_watch(&record.watch)
            },
            State::InDoubt { doubt } => {
                Self { next_look_at: Some(doubt.next_look.to_string()), ..Self::of_doubt(doubt) }
            }
            State::Parked { doubt: Some(doubt), .. } => Self::of_doubt(doubt),
            State::Tombstone
            | State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::Settled { .. }
            | State::Parked { doubt: None, .. } => Self::of_watch(&record.watch),
        };
        Some(seen).filter(|seen| *seen != Self::default())
    }

    fn of_watch(watch: &'a Watch) -> Self {
        let told = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let failed = watch.failed_look.as_ref();
        Self {
            failed_at: failed.map(|failed| failed.at.to_string()),
            failed_with: failed.map(|failed| failed.why.as_str()),
            denials: watch.denials,
            denied_since: told(watch.denied_since),
            unread_since: told(watch.unread_since),
            overdue: watch.overdue,
            ..Self::default()
        }
    }

    fn of_doubt(doubt: &'a Doubt) -> Self {
        let (looks, denials, evidence) = (Some(doubt.looks), doubt.denials, &doubt.evidence[..]);
        Self { looks, denials, evidence, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use job::{FailedLook, MessageFacts, decode};
    use serde_json::{Value, json};

    use super::*;

    fn record() -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","retries":2,
            "request":{"prompt":"x","image":"https://me:pw@host/a.png"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record::new(&job, "second", "reelwork", Timestamp::EPOCH)
    }

    fn shown(record: &Record) -> Value {
        serde_json::to_value(JobDetails::of(record)).unwrap()
    }

    #[test]
    fn a_request_is_shown_redacted_and_it_is_told_whether_it_is_kept() {
        let mut record = record();
        let expected = json!({
            "request_kept": true,
            "request": {"prompt": "x", "image": "https://***@host/a.png"},
            "account": "second", "priority": "normal", "retries": 2,
        });
        assert_eq!(shown(&record), expected);
        record.request = Kept::Apart;
        assert_eq!(
            (&shown(&record)["request_kept"], &shown(&record)["request"]),
            (&json!(true), &Value::Null)
        );
        record.request = Kept::Nothing;
        assert_eq!(shown(&record)["request_kept"], json!(false));
    }

    #[test]
    fn the_last_look_at_a_task_is_shown_with_its_answer() {
        let mut record = record();
        let at = Timestamp::EPOCH;
        record.state = State::Pending { status: "processing".into(), looks: 3, next_look: at };
        let time = "1970-01-01T00:00:00.000Z";
        let expected = json!({"status": "processing", "looks": 3, "next_look_at": time});
        assert_eq!(shown(&record)["look"], expected);
        record.watch.failed_look = Some(FailedLook { at, why: "HTTP 503".into() });
        record.watch.overdue = true;
        record.watch.denied_since = Some(at);
        record.watch.denials = 1;
        let look = &shown(&record)["look"];
        assert_eq!((&look["failed_at"], &look["failed_with"]), (&json!(time), &json!("HTTP 503")));
        assert_eq!(
            (&look["denials"], &look["denied_since"], &look["overdue"]),
            (&json!(1), &json!(time), &json!(true))
        );
    }

    #[test]
    fn a_doubt_shows_its_looks_and_evidence() {
        let mut record = record();
        let at = Timestamp::EPOCH;
        let evidence = vec!["a callback named task 7".to_owned()];
        let doubt = Doubt { looks: 4, evidence, ..Doubt::begun(at, "answer lost".into(), at) };
        record.state = State::Parked { why: "x".into(), doubt: Some(doubt.clone()), at };
        let parked = json!({"looks": 4, "evidence": ["a callback named task 7"]});
        assert_eq!(shown(&record)["look"], parked);
        record.state = State::InDoubt { doubt };
        assert_eq!(shown(&record)["look"]["next_look_at"], "1970-01-01T00:00:00.000Z");
    }
}
