//! The messages: a job, a line of the journal, an event.

use serde_json::{Value, json};

pub(super) fn job(number: usize) -> Value {
    let id = format!("job-{number:07}");
    let prompt = format!("A lighthouse at dusk over a calm sea [job:{id}]");
    json!({
        "id": id,
        "operation": "videos/text2video",
        "request": {"prompt": prompt, "duration": "5", "mode": "std"},
    })
}

/// The body of the POST: that of the job, with an external id that is the same for a repeat.
pub(super) fn request(job: &Value) -> Value {
    let mut request = job["request"].clone();
    request["external_task_id"] = job["id"].clone();
    request
}

pub(super) fn submitted(job: &Value, task: &str) -> Vec<u8> {
    json!({"state": "pending", "task_id": task, "round": 1, "job": job}).to_string().into()
}

pub(super) fn settled(job: &str, task: &str, event: &Value) -> Vec<u8> {
    let line = json!({
        "state": "settled", "task_id": task, "round": 1, "job": job, "event": event,
    });
    line.to_string().into()
}

pub(super) fn event(job: &str, task: &str, url: &str) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("{job}:succeeded:1"),
        "source": "https://reelwork.dev/installations/thin",
        "type": "dev.reelwork.task.succeeded.v1",
        "subject": job,
        "datacontenttype": "application/json",
        "data": {
            "job_id": job,
            "tenant": "default",
            "operation": "videos/text2video",
            "task_id": task,
            "outputs": [{"kind": "video", "url": url, "duration": "5"}],
        },
    })
}
