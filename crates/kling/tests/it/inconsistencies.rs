//! The drift between pages, examples and gateways that the decoder must survive.

use kling::{OutputKind, TaskStatus, decode_callback, decode_created, decode_task};
use serde_json::{Value, json};

fn task(body: &Value) -> kling::Task {
    decode_task(200, body.to_string().as_bytes()).expect("task")
}

fn native(data: &Value) -> kling::Task {
    task(&json!({"code": 0, "message": "SUCCEED", "data": data}))
}

#[test]
fn fine_is_zero_200_or_a_word() {
    for code in
        [json!(0), json!("0"), json!("200"), json!(200), json!(0.0), json!("success"), json!("")]
    {
        let body = json!({"code": code, "data": {"task_id": "7", "task_status": "submitted"}});
        let created = decode_created(200, body.to_string().as_bytes());
        assert_eq!(created.expect("created").task_id, "7", "{code}");
    }
    let bare = json!({"task_id": "7", "task_status": "submitted"});
    assert_eq!(decode_created(200, bare.to_string().as_bytes()).expect("created").task_id, "7");
}

#[test]
fn a_create_may_be_a_video_object() {
    let body = json!({"id": "task_1", "task_id": "", "object": "video", "status": "queued",
        "progress": 0, "created_at": 1_777_385_361});
    let created = decode_created(200, body.to_string().as_bytes()).expect("created");
    assert_eq!(created.task_id, "task_1");
    assert_eq!(created.created_at_ms, Some(1_777_385_361_000));
}

#[test]
fn the_result_may_be_missing_null_empty_or_hold_an_empty_list() {
    for result in
        [json!(null), json!({}), json!({"videos": []}), json!({"videos": null}), json!([])]
    {
        let task = native(&json!({"task_status": "succeed", "task_result": result}));
        assert_eq!(task.status, TaskStatus::Succeeded);
        assert!(task.outputs.is_empty(), "an address-less success is the caller's to judge");
    }
    let task = native(&json!({"task_status": "succeed", "task_result": {"videos": [{"url": ""}]}}));
    assert!(task.outputs.is_empty());
}

#[test]
fn a_message_may_be_missing_null_or_empty() {
    for message in [json!(null), json!(""), json!("  ")] {
        let task = native(&json!({"task_status": "failed", "task_status_msg": message}));
        assert_eq!(task.status_message, None);
    }
}

#[test]
fn the_message_of_the_call_is_not_the_task_s() {
    let flat = json!({"code": 0, "message": "SUCCEED", "task_id": "7", "task_status": "failed"});
    assert_eq!(task(&flat).status_message, None);
    let object = json!({"id": "7", "object": "video", "status": "failed", "message": "why"});
    assert_eq!(task(&object).status_message.as_deref(), Some("why"));
}

#[test]
fn numbers_and_texts_are_both_read() {
    let task = native(&json!({
    "task_id": 2_032_273_942_220_931_072_u64, "task_status": "succeed",
    "created_at": "1777385361501", "updated_at": 1_777_385_363, "final_unit_deduction": 2.5,
    "task_result": {
        "images": [{"index": "3", "url": "https://i.example/3.png"}],
        "videos": [{"id": 12, "url": "https://v.example/v.mp4", "duration": 5.1}],
        "audios": [{"audio_id": "a", "url_wav": "https://a.example/a.wav", "duration_wav": 5.0}],
    }}));
    assert_eq!(task.task_id.as_deref(), Some("2032273942220931072"));
    assert_eq!(task.created_at_ms, Some(1_777_385_361_501));
    assert_eq!(task.updated_at_ms, Some(1_777_385_363_000));
    assert_eq!(task.final_unit_deduction.as_deref(), Some("2.5"));
    let [video, image, audio] = task.outputs.as_slice() else { panic!("all three lists") };
    assert_eq!((video.id.as_deref(), video.duration_s.as_deref()), (Some("12"), Some("5.1")));
    assert_eq!(image.index, Some(3));
    assert_eq!((audio.id.as_deref(), audio.duration_s.as_deref()), (Some("a"), Some("5.0")));
    assert_eq!(audio.url, "https://a.example/a.wav");
}

#[test]
fn a_task_is_found_under_up_to_three_wrappings() {
    let mut body = json!({"task_id": "7", "task_status": "succeed"});
    for depth in 0..=3 {
        assert_eq!(task(&body).task_id.as_deref(), Some("7"), "depth {depth}");
        body = json!({"code": 0, "message": "", "data": body});
    }
    assert!(decode_task(200, body.to_string().as_bytes()).is_err(), "four are too many");
}

#[test]
fn every_status_word_is_known_in_any_case() {
    for (words, status) in [
        (&["submitted", "queued", "NOT_START", "pending", "SUBMITTED"][..], TaskStatus::Submitted),
        (&["processing", "IN_PROGRESS", "running"][..], TaskStatus::Processing),
        (&["succeed", "SUCCESS", "succeeded", "completed"][..], TaskStatus::Succeeded),
        (&["failed", "FAILURE", "error"][..], TaskStatus::Failed),
    ] {
        for word in words {
            for key in ["task_status", "status"] {
                let task = native(&json!({key: word, "task_id": "7"}));
                assert_eq!((task.status, task.unknown_status), (status, None), "{word}");
            }
        }
    }
}

#[test]
fn an_unknown_word_never_ends_a_task() {
    let task = native(&json!({"task_status": "REVIEWING", "task_id": "7"}));
    assert_eq!(task.status, TaskStatus::Processing);
    assert_eq!(task.unknown_status.as_deref(), Some("REVIEWING"));
}

#[test]
fn a_final_outer_status_beats_a_stale_inner_one() {
    let failed = native(&json!({"task_id": "7", "status": "FAILURE", "fail_reason": "out of luck",
        "data": {"code": 0, "data": {"task_id": "7", "task_status": "processing"}}}));
    assert_eq!(failed.status, TaskStatus::Failed);
    assert_eq!(failed.status_message.as_deref(), Some("out of luck"));
    for inner in [json!(null), json!({}), json!({"code": 1301, "message": "unsafe"})] {
        let failed = native(&json!({"task_id": "7", "status": "FAILURE", "data": inner}));
        assert_eq!(failed.status, TaskStatus::Failed, "{inner}");
    }
    let stale = native(&json!({"task_id": "7", "status": "IN_PROGRESS",
        "data": {"code": 1303, "message": "full"}}));
    assert_eq!(stale.status, TaskStatus::Processing);
    let inner_final = native(&json!({"status": "IN_PROGRESS",
        "data": {"code": 0, "data": {"task_status": "succeed"}}}));
    assert_eq!(inner_final.status, TaskStatus::Succeeded);
}

#[test]
fn the_status_of_the_call_is_not_the_task_s() {
    let body = json!({"status": "success", "code": 0, "data": {"task_status": "processing"}});
    assert_eq!(task(&body).status, TaskStatus::Processing);
    let empty = json!({"status": "success", "code": 0, "data": null});
    assert!(decode_task(200, empty.to_string().as_bytes()).is_err());
}

#[test]
fn a_failed_task_under_an_error_code_has_failed() {
    let body = json!({"code": 1301, "message": "unsafe",
        "data": {"task_id": "7", "task_status": "failed", "task_status_msg": "unsafe"}});
    assert_eq!(task(&body).status, TaskStatus::Failed);
}

#[test]
fn results_of_an_unexpected_kind_are_still_read() {
    let task = native(&json!({"task_status": "succeed",
        "task_result": {"images": [{"url": "https://i.example/a.png"}]}}));
    assert_eq!(task.outputs[0].kind, OutputKind::Image);
}

#[test]
fn a_flat_address_is_an_output() {
    let data = json!({"error": null, "format": "mp4", "metadata": null, "status": "succeeded",
        "task_id": "task_abc", "url": "https://v.example/a"});
    let [output] = &native(&data).outputs[..] else { panic!("one output") };
    assert_eq!(output.kind, OutputKind::Video);
    assert_eq!(output.url, "https://v.example/a");
    let outer = native(&json!({"status": "SUCCESS", "url": "https://a.example/a.mp3?x=1",
        "data": {"code": 0, "data": {"task_status": "succeed", "task_result": {}}}}));
    assert_eq!(outer.outputs[0].kind, OutputKind::Audio);
}

#[test]
fn unknown_fields_are_no_trouble() {
    let task = native(&json!({"task_status": "succeed", "brand_new": {"deep": [1, {"x": null}]},
        "task_info": {"future": 1}, "watermark_info": [1]}));
    assert_eq!(task.status, TaskStatus::Succeeded);
}

#[test]
fn a_callback_is_read_in_each_of_its_forms() {
    let bare = json!({"task_id": "7", "task_status": "failed", "task_status_msg": "why"});
    let wrapped = json!({"code": 0, "message": "SUCCEED", "request_id": "r", "data": bare});
    for body in [&bare, &wrapped] {
        let task = decode_callback(body.to_string().as_bytes()).expect("task");
        assert_eq!((task.task_id.as_deref(), task.status), (Some("7"), TaskStatus::Failed));
        assert_eq!(task.status_message.as_deref(), Some("why"));
    }
    let newer = json!({"id": "7", "status": "succeeded", "message": "", "external_id": "e",
        "create_time": 1_781_080_778_802_i64, "update_time": 1_781_080_794_151_i64, "billing": [],
        "outputs": [{"id": "v", "type": "video", "url": "https://v.example/a.mp4", "duration": 5}]});
    let task = decode_callback(newer.to_string().as_bytes()).expect("task");
    assert_eq!((task.task_id.as_deref(), task.status), (Some("7"), TaskStatus::Succeeded));
    assert_eq!(task.external_task_id.as_deref(), Some("e"));
    assert_eq!(task.updated_at_ms, Some(1_781_080_794_151));
    assert_eq!(task.outputs[0].duration_s.as_deref(), Some("5"));
    for body in ["", "<html>", "[]", "{}", r#"{"hello":1}"#, r#"{"code":0,"data":null}"#] {
        assert!(decode_callback(body.as_bytes()).is_err(), "{body}");
    }
}
