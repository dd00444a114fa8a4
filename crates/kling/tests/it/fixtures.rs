//! Every documented or observed form of a response is decoded as the API reference says.

use kling::{
    OutputKind, QueryError, RefusalClass, SubmitError, TaskStatus, decode_callback, decode_created,
    decode_task, decode_tasks,
};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name)).as_slice()
    };
}

#[test]
fn a_native_create_has_an_18_digit_id() {
    let created = decode_created(200, fixture!("01-create-native.json")).expect("created");
    assert_eq!(created.task_id, "861254119619698760");
    assert_eq!(created.status, TaskStatus::Submitted);
    assert_eq!(created.created_at_ms, Some(1_773_367_502_225));
    assert_eq!(created.external_task_id, None);
    assert_eq!(created.request_id, None);
}

#[test]
fn a_gateway_create_has_a_19_digit_id_and_another_message() {
    let created = decode_created(200, fixture!("02-create-gateway-id.json")).expect("created");
    assert_eq!(created.task_id, "2032273942220931072");
}

#[test]
fn a_create_may_echo_our_id() {
    let created = decode_created(200, fixture!("03-create-external-id.json")).expect("created");
    assert_eq!(created.external_task_id.as_deref(), Some("my-1"));
    assert_eq!(created.request_id.as_deref(), Some("uuid"));
}

#[test]
fn nulls_are_absence() {
    let created = decode_created(200, fixture!("04-create-nullable.json")).expect("created");
    assert_eq!(created.external_task_id, None);
    assert_eq!(created.created_at_ms, Some(1000));
}

#[test]
fn a_task_in_work_has_no_outputs() {
    for body in [fixture!("05-query-processing.json"), fixture!("06-query-omni.json")] {
        let task = decode_task(200, body).expect("task");
        assert_eq!(task.status, TaskStatus::Processing);
        assert_eq!(task.unknown_status, None);
        assert!(task.outputs.is_empty());
        assert!(task.task_id.expect("id").starts_with("878106"));
        assert_eq!(task.status_message, None);
    }
}

#[test]
fn a_finished_video_shows_everything() {
    let task = decode_task(200, fixture!("07-query-video.json")).expect("task");
    assert_eq!(task.status, TaskStatus::Succeeded);
    assert_eq!(task.external_task_id.as_deref(), Some("my-1"));
    assert_eq!(task.final_unit_deduction.as_deref(), Some("2"));
    let money = task.final_balance_deduction.expect("money");
    assert_eq!(money.quota.as_deref(), Some("0.28"));
    assert_eq!(task.created_at_ms, Some(1_777_385_361_501));
    assert_eq!(task.updated_at_ms, Some(1_777_385_363_321));
    let [video] = task.outputs.as_slice() else { panic!("one output") };
    assert_eq!(video.kind, OutputKind::Video);
    assert_eq!(video.id.as_deref(), Some("842250903708762200"));
    assert_eq!(video.url, "https://v.example/a.mp4");
    assert_eq!(video.watermark_url.as_deref(), Some("https://v.example/w.mp4"));
    assert_eq!(video.duration_s.as_deref(), Some("5.1"));
}

#[test]
fn images_keep_their_places() {
    let task = decode_task(200, fixture!("08-query-images.json")).expect("task");
    let places: Vec<_> = task.outputs.iter().map(|output| (output.kind, output.index)).collect();
    assert_eq!(places, [(OutputKind::Image, Some(0)), (OutputKind::Image, Some(1))]);
}

#[test]
fn video_to_audio_has_two_lists_and_a_parent() {
    let task = decode_task(200, fixture!("09-query-video-to-audio.json")).expect("task");
    let [video, audio] = task.outputs.as_slice() else { panic!("two outputs") };
    assert_eq!((video.kind, audio.kind), (OutputKind::Video, OutputKind::Audio));
    assert_eq!(audio.url, "https://a.example/a.mp3");
    assert_eq!(audio.url_wav.as_deref(), Some("https://a.example/a.wav"));
    assert_eq!(audio.duration_s.as_deref(), Some("5.0"));
    let parent = task.parent_video.expect("parent");
    assert_eq!(parent.id.as_deref(), Some("p1"));
    assert_eq!(parent.duration_s.as_deref(), Some("5.0"));
}

#[test]
fn a_moderated_task_has_failed_under_code_0() {
    let task = decode_task(200, fixture!("10-query-moderated.json")).expect("task");
    assert_eq!(task.status, TaskStatus::Failed);
    assert_eq!(task.status_message.as_deref(), Some("Failure to pass the risk control system"));
}

#[test]
fn an_empty_balance_pauses_although_its_status_is_429() {
    let body = fixture!("11-balance.json");
    assert!(matches!(
        decode_created(429, body),
        Err(SubmitError::Account { code: Some(1102), .. })
    ));
    assert!(matches!(decode_task(429, body), Err(QueryError::Account { code: Some(1102), .. })));
}

#[test]
fn a_full_account_is_busy() {
    for body in [fixture!("12-parallel-limit.json"), fixture!("14-parallel-limit-null-data.json")] {
        for status in [200, 400, 429] {
            let busy = decode_created(status, body);
            assert!(matches!(busy, Err(SubmitError::Busy { code: Some(1303), .. })), "{status}");
        }
    }
}

#[test]
fn a_bad_combination_is_refused_and_may_be_a_repeat() {
    let refused = decode_created(400, fixture!("13-combination.json"));
    let Err(SubmitError::Refused { code, class, message, may_be_repeat, .. }) = refused else {
        panic!("refused: {refused:?}")
    };
    assert_eq!((code, class, may_be_repeat), (Some(1201), RefusalClass::BadRequest, true));
    assert!(message.contains("image_tail"));
}

#[test]
fn a_gateway_refuses_without_a_number() {
    let refused = decode_created(400, fixture!("15-gateway-400.json"));
    let Err(SubmitError::Path { http_status: 400, message, may_be_repeat: false }) = refused else {
        panic!("refused: {refused:?}")
    };
    assert!(message.contains("model name is required"));
}

#[test]
fn the_one_500_that_refuses_is_refused() {
    let body = fixture!("16-gateway-500-refusal.json");
    assert!(matches!(
        decode_created(500, body),
        Err(SubmitError::Refused { http_status: 500, class: RefusalClass::BadRequest, .. })
    ));
}

#[test]
fn the_number_inside_a_message_counts() {
    let refused = decode_created(400, fixture!("17-json-in-message.json"));
    let Err(SubmitError::Refused { code, message, .. }) = refused else {
        panic!("refused: {refused:?}")
    };
    assert_eq!((code, message.as_str()), (Some(1201), "inner words"));
}

#[test]
fn a_double_wrapped_success_is_a_success() {
    let task = decode_task(200, fixture!("18-double-wrapped.json")).expect("task");
    assert_eq!(task.status, TaskStatus::Succeeded);
    assert_eq!(task.task_id.as_deref(), Some("842250903629086785"));
    assert_eq!(task.outputs.len(), 1);
}

#[test]
fn a_flat_failure_is_a_failure() {
    let task = decode_task(200, fixture!("19-flat-failure.json")).expect("task");
    assert_eq!(task.status, TaskStatus::Failed);
    assert_eq!(task.status_message.as_deref(), Some("content moderation failed"));
    assert!(task.outputs.is_empty());
}

#[test]
fn a_bare_callback_is_a_task() {
    let task = decode_callback(fixture!("22-callback-bare.json")).expect("task");
    assert_eq!(task.status, TaskStatus::Succeeded);
    assert_eq!(task.task_id.as_deref(), Some("861"));
    assert_eq!(task.external_task_id.as_deref(), Some("my-1"));
    assert_eq!(task.outputs.len(), 1);
}

#[test]
fn a_list_is_tasks() {
    let tasks = decode_tasks(200, fixture!("23-list.json")).expect("tasks");
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].task_id.as_deref(), Some("861"));
    assert!(tasks[0].outputs.is_empty());
}

#[test]
fn a_page_before_routing_refuses_a_post_and_says_nothing_about_a_task() {
    let body = fixture!("24-wrong-path.html");
    for status in [301, 302, 307, 308, 404, 405] {
        let refused = decode_created(status, body);
        assert!(matches!(refused, Err(SubmitError::Path { .. })), "{status}: {refused:?}");
        assert!(matches!(decode_task(status, body), Err(QueryError::Later { .. })), "{status}");
    }
    for status in [200, 303, 500, 502, 504, 524] {
        let doubt = decode_created(status, body);
        assert!(matches!(doubt, Err(SubmitError::Unknown { .. })), "{status}: {doubt:?}");
        assert!(matches!(decode_task(status, body), Err(QueryError::Later { .. })), "{status}");
    }
}
