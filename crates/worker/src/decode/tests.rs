use producer::Producer;
use serde_json::{Value, json};
use validation::Slots;

use super::*;

fn bounds() -> Bounds {
    Bounds { max_deliveries: 20, slots: Slots { images: 4, ..Slots::default() } }
}

/// Why a worker rejects or parks it.
fn at_the_worker(body: &[u8], deliveries: u32) -> Option<Reason> {
    let facts = MessageFacts { message_id: Some("m"), routing_key: None };
    match decoded(body, facts, deliveries, bounds()) {
        Ok(accepted) => accepted.fit.err(),
        Err(bad) => Some(bad.reason),
    }
}

fn at_the_producer(body: &[u8]) -> Option<Reason> {
    Producer::read(body, bounds().slots).err().map(|invalid| invalid.reason)
}

/// A good job with some keys changed; null leaves one out.
fn video(changes: Value) -> Vec<u8> {
    let mut job = json!({"id": "a", "operation": "videos/text2video", "request": {"prompt": "x"}});
    for (key, value) in changes.as_object().unwrap() {
        job[key] = value.clone();
    }
    job.to_string().into_bytes()
}

fn request(operation: &str, request: &Value) -> Vec<u8> {
    video(json!({"operation": operation, "request": request}))
}

/// What the schema of a job message does not allow, key by key.
fn against_the_schema() -> Vec<Vec<u8>> {
    let changes = [
        json!({"prioritty": "high"}),
        json!({"deadline": 5}),
        json!({"deadline": "tomorrow"}),
        json!({"id": 5}),
        json!({"id": "x".repeat(161)}),
        json!({"id": "a\nb"}),
        json!({"metadata": []}),
        json!({"metadata": {"a": "x".repeat(64 * 1024)}}),
        json!({"operation": null}),
        json!({"operation": "texts/poem"}),
        json!({"operation": format!("videos/{}", "x".repeat(100))}),
        json!({"priority": "urgent"}),
        json!({"request": null}),
        json!({"request": "a cat"}),
        json!({"retries": 11}),
        json!({"retries": -1}),
        json!({"retries": "1"}),
        json!({"tenant": "a/b"}),
        json!({"tenant": "x".repeat(65)}),
        json!({"tenant": "reelwork.unreadable"}),
    ];
    changes.into_iter().map(video).collect()
}

/// What the provider or the operator's limits do not allow.
fn against_the_provider() -> Vec<Vec<u8>> {
    vec![
        request("videos/poem", &json!({"prompt": "x"})),
        request("videos/text2video", &json!({})),
        request("videos/text2video", &json!({"prompt": ["x"]})),
        request("videos/text2video", &json!({"prompt": "x".repeat(10_000)})),
        request("videos/text2video", &json!({"prompt": "x", "cfg_scale": 3})),
        request("videos/text2video", &json!({"prompt": "x", "duration": 5.5})),
        request("videos/text2video", &json!({"prompt": "x", "external_task_id": "mine"})),
        request("images/generations", &json!({"prompt": "x", "n": 5})),
        request("images/generations", &json!({"prompt": "x", "n": 10})),
        request("images/generations", &json!({"prompt": "x", "n": 0})),
    ]
}

fn no_json() -> Vec<Vec<u8>> {
    let large = "x".repeat(job::MAX_MESSAGE_BYTES);
    vec![
        Vec::new(),
        b"make me a video".to_vec(),
        vec![0xff, 0xfe, 0x00, 0x80],
        b"[{\"id\": \"a\"}]".to_vec(),
        request("videos/image2video", &json!({"image": large})),
    ]
}

#[test]
fn the_producer_refuses_what_a_worker_would_reject_or_park_with_the_same_words() {
    for body in [against_the_schema(), against_the_provider(), no_json()].concat() {
        let text = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let reason = at_the_worker(&body, 0);
        assert!(reason.is_some(), "a worker does {text}");
        assert_eq!(at_the_producer(&body), reason, "{text}");
    }
}

#[test]
fn what_one_accepts_the_other_accepts() {
    for body in [
        video(json!({})),
        video(json!({"tenant": null, "metadata": null, "retries": 1.0, "priority": "low"})),
        request("videos/text2video", &json!({"prompt": "x", "duration": 5})),
        request("images/generations", &json!({"prompt": "x", "n": 4})),
    ] {
        let both = (at_the_producer(&body), at_the_worker(&body, 0));
        assert_eq!(both, (None, None), "{}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn a_message_delivered_too_often_is_not_checked_once_more() {
    let most = bounds().max_deliveries;
    let bad = request("videos/text2video", &json!({}));
    assert_eq!(at_the_worker(&bad, most), Some(Reason::DeliveredTooOften(most)));
    assert!(matches!(at_the_worker(&bad, most - 1), Some(Reason::InvalidRequest(_))));
}
