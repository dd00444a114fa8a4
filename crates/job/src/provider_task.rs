//! A job as the provider would describe its task: in answers to clients, and in calls to their URLs.

use serde::Serialize;

use crate::{Acceptance, JobKey, Outcome, Output, OutputKind, Record, State, Timestamp};

/// `data` of an answer. Source: CometAPI's page "individual queries", Kling's pages of operations.
#[derive(Debug, PartialEq, Serialize)]
pub struct ProviderTask {
    task_id: String,
    task_status: Status,
    task_status_msg: String,
    task_info: Info,
    /// Unix time in ms.
    created_at: i64,
    updated_at: i64,
    /// Empty before it has succeeded; left out when a task is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_result: Option<Files>,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_unit_deduction: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Submitted,
    Processing,
    Succeed,
    Failed,
}

/// A task can be asked for under its external id: ours is both.
#[derive(Debug, PartialEq, Serialize)]
struct Info {
    external_task_id: String,
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct Files {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    videos: Vec<Video>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audios: Vec<Audio>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Video {
    id: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    watermark_url: Option<String>,
    /// Seconds, such as "5.1".
    duration: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Image {
    index: usize,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    watermark_url: Option<String>,
}

/// Speech has one address, sounds have two.
#[derive(Debug, PartialEq, Serialize)]
struct Audio {
    id: String,
    url: String,
    duration: String,
    url_mp3: String,
    duration_mp3: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_wav: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_wav: Option<String>,
}

impl ProviderTask {
    /// Accepted, and not recorded by a worker yet.
    pub fn of_acceptance(key: &JobKey, accepted: &Acceptance) -> Self {
        Self::submitted(key, accepted.accepted_at, accepted.accepted_at)
    }

    /// The answer to the POST that has created it.
    pub fn created(key: &JobKey, accepted: &Acceptance) -> Self {
        Self { task_result: None, ..Self::of_acceptance(key, accepted) }
    }

    pub fn of_record(record: &Record) -> Self {
        // As in the first answer, where only the time of the message was known.
        let created = record.enqueued_at.unwrap_or(record.created_at);
        let begun = Self::submitted(&record.key, created, record.last_change());
        match &record.state {
            State::Tombstone
            | State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::InDoubt { .. } => begun,
            State::Pending { status, .. } => Self { task_status: pending(status), ..begun },
            // It may go on.
            State::Parked { why, .. } => {
                let task_status_msg = format!("waits for an operator: {why}");
                Self { task_status: Status::Processing, task_status_msg, ..begun }
            }
            State::Settled { outcome, .. } => begun.ended(outcome),
        }
    }

    fn submitted(key: &JobKey, created: Timestamp, updated: Timestamp) -> Self {
        Self {
            task_id: key.id.to_string(),
            task_status: Status::Submitted,
            task_status_msg: String::new(),
            task_info: Info { external_task_id: key.id.to_string() },
            created_at: created.as_millis(),
            updated_at: updated.max(created).as_millis(),
            task_result: Some(Files::default()),
            final_unit_deduction: None,
        }
    }

    fn ended(self, outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Succeeded { outputs, outputs_left_out, final_unit_deduction } => Self {
                task_status: Status::Succeed,
                task_status_msg: left_out(*outputs_left_out),
                task_result: Some(Files::of(outputs)),
                final_unit_deduction: final_unit_deduction.clone(),
                ..self
            },
            Outcome::Cancelled => self.failed("cancelled"),
            Outcome::Failed { error }
            | Outcome::Rejected { error }
            | Outcome::TimedOut { error } => self.failed(&error.message),
        }
    }

    fn failed(self, why: &str) -> Self {
        Self { task_status: Status::Failed, task_status_msg: why.to_owned(), ..self }
    }
}

/// A result that lacks a file must not look complete.
fn left_out(files: u32) -> String {
    match files {
        0 => String::new(),
        files => format!("{files} more files, which the provider lists without an address"),
    }
}

/// The provider's word decides only what is shown.
fn pending(status: &str) -> Status {
    match status {
        "submitted" => Status::Submitted,
        _ => Status::Processing,
    }
}

impl Files {
    fn of(outputs: &[Output]) -> Self {
        let of = |kind| outputs.iter().filter(move |output| output.kind == kind);
        Self {
            videos: of(OutputKind::Video).map(Video::of).collect(),
            images: of(OutputKind::Image).enumerate().map(Image::of).collect(),
            audios: of(OutputKind::Audio).map(Audio::of).collect(),
        }
    }
}

impl Video {
    fn of(output: &Output) -> Self {
        Self {
            id: output.id.clone().unwrap_or_default(),
            url: output.url.clone(),
            watermark_url: output.watermark_url.clone(),
            duration: output.duration.clone().unwrap_or_default(),
        }
    }
}

impl Image {
    fn of((index, output): (usize, &Output)) -> Self {
        let watermark_url = output.watermark_url.clone();
        Self { index, url: output.url.clone(), watermark_url }
    }
}

impl Audio {
    fn of(output: &Output) -> Self {
        let (url, url_wav) = (output.url.clone(), output.wav_url.clone());
        let duration = output.duration.clone().unwrap_or_default();
        Self {
            id: output.id.clone().unwrap_or_default(),
            url_mp3: url.clone(),
            url,
            duration_mp3: duration.clone(),
            duration_wav: url_wav.is_some().then(|| duration.clone()),
            duration,
            url_wav,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Doubt, MessageFacts, Problem, decode};

    const AT: Timestamp = Timestamp::from_millis(1_777_385_361_501);

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record { state, ..Record::new(&job, "default", "reelwork", AT) }
    }

    fn shown(state: State) -> Value {
        serde_json::to_value(ProviderTask::of_record(&record(state))).unwrap()
    }

    fn settled(outcome: Outcome) -> Value {
        shown(State::Settled { outcome, at: AT })
    }

    #[test]
    fn a_task_looks_as_the_provider_documents_it() {
        let pending = State::Pending { status: "processing".into(), looks: 1, next_look: AT };
        let expected = json!({
            "task_id": "a", "task_status": "processing", "task_status_msg": "",
            "task_info": {"external_task_id": "a"}, "task_result": {},
            "created_at": 1_777_385_361_501_i64, "updated_at": 1_777_385_361_501_i64,
        });
        assert_eq!(shown(pending), expected);
    }

    #[test]
    fn every_state_has_its_status() {
        let doubt = Doubt::begun(AT, String::new(), AT);
        let error = Problem::new("input", "the image is too small");
        let pending =
            |status: &str| State::Pending { status: status.into(), looks: 0, next_look: AT };
        for (state, status, words) in [
            (State::Queued { why: None }, "submitted", ""),
            (State::Waiting { why: String::new(), since: AT, next_look: AT }, "submitted", ""),
            (State::InDoubt { doubt }, "submitted", ""),
            (pending("submitted"), "submitted", ""),
            (pending("in_progress"), "processing", ""),
            (
                State::Parked { why: "x".into(), doubt: None, at: AT },
                "processing",
                "waits for an operator: x",
            ),
            (
                State::Settled { outcome: Outcome::Failed { error: error.clone() }, at: AT },
                "failed",
                "the image is too small",
            ),
            (
                State::Settled { outcome: Outcome::Rejected { error }, at: AT },
                "failed",
                "the image is too small",
            ),
            (State::Settled { outcome: Outcome::Cancelled, at: AT }, "failed", "cancelled"),
        ] {
            let shown = shown(state.clone());
            assert_eq!(shown["task_status"], status, "{state:?}");
            assert_eq!(shown["task_status_msg"], words, "{state:?}");
        }
    }

    fn file(kind: OutputKind, url: &str) -> Output {
        Output {
            kind,
            id: Some("7".into()),
            url: url.to_owned(),
            wav_url: (kind == OutputKind::Audio).then(|| "https://x/1.wav".to_owned()),
            watermark_url: None,
            duration: Some("5.1".into()),
            expires_at: None,
        }
    }

    #[test]
    fn files_are_listed_by_kind() {
        let of = |kind| file(kind, "https://x/1");
        let outputs = vec![of(OutputKind::Video), of(OutputKind::Image), of(OutputKind::Image)];
        let shown = settled(Outcome::succeeded(outputs));
        assert_eq!(shown["task_status"], "succeed");
        let expected = json!({
            "videos": [{"id": "7", "url": "https://x/1", "duration": "5.1"}],
            "images": [{"index": 0, "url": "https://x/1"}, {"index": 1, "url": "https://x/1"}],
        });
        assert_eq!(shown["task_result"], expected);
        let sound = settled(Outcome::succeeded(vec![of(OutputKind::Audio)]));
        let audio = &sound["task_result"]["audios"][0];
        assert_eq!(audio["url_mp3"], "https://x/1");
        assert_eq!(audio["url_wav"], "https://x/1.wav");
        assert_eq!(audio["duration_wav"], "5.1");
    }

    #[test]
    fn the_deduction_and_what_is_left_out_are_passed_on() {
        let outcome = Outcome::Succeeded {
            outputs: Vec::new(),
            outputs_left_out: 3,
            final_unit_deduction: Some("2".into()),
        };
        let shown = settled(outcome);
        assert_eq!(shown["final_unit_deduction"], "2");
        assert!(shown["task_status_msg"].as_str().is_some_and(|words| words.starts_with("3 more")));
    }
}
