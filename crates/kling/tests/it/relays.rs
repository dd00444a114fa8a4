//! Where relays write the files of a task that has succeeded.

use kling::{OutputKind, TaskStatus, decode_callback, decode_created, decode_task};
use serde_json::{Value, json};

const URL: &str = "https://files.example/a.mp4";

fn urls(answer: &Value) -> Vec<String> {
    let task = decode_task(200, answer.to_string().as_bytes()).expect("a task");
    assert_eq!(task.status, TaskStatus::Succeeded, "{answer}");
    task.outputs.into_iter().map(|output| output.url).collect()
}

fn native(result: Value) -> Value {
    json!({"code": 0, "data": {"task_id": "7", "task_status": "succeed", "task_result": result}})
}

#[test]
fn a_file_is_found_wherever_it_stands() {
    let text = json!({"videos": [{"url": URL}]}).to_string();
    let item = json!({"id": "v", "url": URL, "duration": "5"});
    for answer in [
        native(json!({"videos": [{"id": "v", "watermark_url": URL, "duration": "5"}]})),
        native(json!({"videos": item})),
        native(json!({"video": item})),
        native(json!({"videos": [URL]})),
        native(json!({"video_url": URL})),
        native(json!({"url": URL})),
        native(json!(text)),
        native(json!([item])),
        native(json!(URL)),
        json!({"code": "success", "data": {"status": "SUCCESS", "result_url": URL, "data": null}}),
        json!({"code": "success", "data": {"status": "SUCCESS", "task_id": "7",
            "data": {"code": 0, "data": {"task_status": "succeed", "task_result": {"videos": [item]}}}}}),
        json!({"id": "7", "object": "video", "status": "completed", "metadata": {"url": URL}}),
        json!({"id": "7", "status": "finished", "output": [URL]}),
        json!({"id": "7", "status": "done", "result": {"video": {"url": URL}}}),
        json!({"task_id": "7", "status": "ok", "result": URL}),
    ] {
        assert_eq!(urls(&answer), [URL], "{answer}");
    }
}

#[test]
fn what_the_request_gave_is_no_result() {
    for answer in [
        json!({"task_id": "7", "status": "success", "image_url": "https://x/in.png"}),
        json!({"task_id": "7", "status": "success", "input": {"url": "https://x/in.mp4"}}),
        json!({"task_id": "7", "status": "success", "callback_url": "https://x/hook"}),
        native(json!({"videos": []})),
        native(json!({"videos": [{"id": "v", "url": "file:///etc/passwd"}]})),
    ] {
        assert_eq!(urls(&answer), [""; 0], "{answer}");
    }
    let parent = json!({"parent_video": {"url": "https://x/parent.mp4"}});
    let mut answer = native(json!({}));
    answer["data"]["task_info"] = parent;
    assert_eq!(urls(&answer), [""; 0]);
}

/// Decoded as a success without a file, with the beginning of the response.
#[test]
fn what_cannot_be_fetched_is_no_file() {
    for result in [
        json!({"images": [{"b64_json": "iVBORw0KGgo="}]}),
        json!({"images": [{"url": "data:image/png;base64,iVBORw0KGgo="}]}),
        json!({"images": ["iVBORw0KGgo="]}),
        json!({"videos": [{"url": "/files/a.mp4"}]}),
        json!({"videos": [{"url": "files/a.mp4"}]}),
        json!({"videos": [{"url": "//files.example/a.mp4"}]}),
        json!({"videos": [{"url": "https:///a.mp4"}]}),
        json!({"video_url": "s3://bucket/a.mp4"}),
    ] {
        let answer = native(result);
        let task = decode_task(200, answer.to_string().as_bytes()).expect("a task");
        assert_eq!((task.status, task.outputs.len()), (TaskStatus::Succeeded, 0), "{answer}");
        assert!(task.unread.is_some_and(|kept| kept.contains("task_result")), "{answer}");
    }
    let both = native(json!({"images": [{"b64_json": "iVBORw0KGgo=", "url": URL}]}));
    assert_eq!(urls(&both), [URL]);
}

/// Otherwise the event would look complete.
#[test]
fn a_file_without_an_address_beside_others_is_counted() {
    const INLINE: &str = "iVBORw0KGgo=";
    let left_out = |answer: &Value| {
        let task = decode_task(200, answer.to_string().as_bytes()).expect("a task");
        (task.outputs.len(), task.outputs_left_out)
    };
    let (file, inline) = (json!({"url": URL}), json!({"b64_json": INLINE}));
    for result in [
        json!({"images": [file, inline]}),
        json!({"images": [inline, file, null]}),
        json!({"images": [inline], "videos": [file]}),
        json!({"images": [file, {"url": format!("data:image/png;base64,{INLINE}")}]}),
        json!({"images": [file, {"url": "/files/b.png"}]}),
    ] {
        assert_eq!(left_out(&native(result.clone())), (1, 1), "{result}");
    }
    for complete in
        [json!({"images": [file]}), json!({"images": [{"b64_json": INLINE, "url": URL}]})]
    {
        assert_eq!(left_out(&native(complete.clone())), (1, 0), "{complete}");
    }
    let relay = json!({"task_id": "7", "status": "succeeded",
        "input": {"images": [inline]}, "output": [URL, inline, {"type": "log", "text": "done"}]});
    assert_eq!(left_out(&relay), (1, 1), "what was given and what is no file do not count");
}

#[test]
fn the_kind_follows_from_where_it_stands() {
    let answer = native(json!({"audios": [{"id": "a", "url_mp3": "https://x/a.mp3"}]}));
    let task = decode_task(200, answer.to_string().as_bytes()).unwrap();
    assert_eq!(task.outputs[0].kind, OutputKind::Audio);
}

#[test]
fn final_words_of_relays_are_final() {
    for (words, status) in [
        (&["done", "finished", "COMPLETE", "ok"][..], TaskStatus::Succeeded),
        (
            &["expired", "cancelled", "canceled", "timeout", "rejected", "banned", "aborted"],
            TaskStatus::Failed,
        ),
    ] {
        for word in words {
            let answer = json!({"task_id": "7", "task_status": word});
            let task = decode_task(200, answer.to_string().as_bytes()).unwrap();
            assert_eq!((task.status, task.unknown_status), (status, None), "{word}");
        }
    }
}

#[test]
fn a_byte_order_mark_hides_no_task() {
    let created = json!({"code": 0, "data": {"task_id": "7", "task_status": "submitted"}});
    let marked = format!("\u{feff}{created}");
    assert_eq!(decode_created(200, marked.as_bytes()).unwrap().task_id, "7");
    let task = native(json!({"videos": [{"url": URL}]}));
    let marked = format!("\u{feff}{task}");
    assert_eq!(decode_task(200, marked.as_bytes()).unwrap().outputs.len(), 1);
    let callback = "\u{feff}{\"task_id\":\"7\",\"task_status\":\"succeed\"}";
    assert_eq!(decode_callback(callback.as_bytes()).unwrap().task_id.as_deref(), Some("7"));
}

#[test]
fn bytes_that_are_no_text_are_counted_and_not_shown() {
    let error = decode_created(200, b"\x1f\x8b\x08\x00\x00\x00\x00\x00").unwrap_err().to_string();
    assert!(error.contains("8 bytes that are no text"), "{error}");
}
