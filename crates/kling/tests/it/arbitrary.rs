//! No answer and no request makes the crate panic, and money-bearing rules hold for all of them.

use kling::{
    QueryError, Route, SubmitError, classify_failure, decode_callback, decode_created, decode_task,
    decode_tasks, validate,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Keys that the decoder or the validation look at.
const KEYS: &[&str] = &[
    "code",
    "message",
    "request_id",
    "data",
    "error",
    "type",
    "task_id",
    "id",
    "object",
    "status",
    "task_status",
    "task_status_msg",
    "fail_reason",
    "progress",
    "url",
    "task_info",
    "external_task_id",
    "external_id",
    "parent_video",
    "task_result",
    "videos",
    "images",
    "audios",
    "series_images",
    "outputs",
    "index",
    "duration",
    "watermark_url",
    "url_mp3",
    "url_wav",
    "created_at",
    "updated_at",
    "create_time",
    "final_unit_deduction",
    "final_balance_deduction",
    "quota",
    "prompt",
    "negative_prompt",
    "image",
    "image_tail",
    "image_list",
    "image_url",
    "mode",
    "model_name",
    "model",
    "cfg_scale",
    "sound",
    "camera_control",
    "config",
    "horizontal",
    "zoom",
    "n",
    "input",
    "video_id",
    "video_url",
    "effect_scene",
    "multi_shot",
    "shot_type",
    "multi_prompt",
    "voice_list",
    "element_list",
    "element_id",
    "face_choose",
    "session_id",
    "edit_mode",
    "dynamic_masks",
    "trajectories",
    "x",
    "y",
    "callback_url",
    "video_list",
    "aspect_ratio",
    "up_expansion_ratio",
    "audio_type",
    "text",
];

const WORDS: &[&str] = &[
    "",
    "0",
    "200",
    "1303",
    "1201",
    "-1",
    "99999999999999999999",
    "success",
    "SUCCESS",
    "FAILURE",
    "succeed",
    "failed",
    "processing",
    "submitted",
    "weird",
    "task_failed",
    "invalid_request",
    "{\"code\":1303,\"message\":\"x\"}",
    "{",
    "}{",
    "https://a.example/b.mp4",
    "data:image/png;base64,AA",
    "5",
    "5.1",
    "1e999",
    "NaN",
    "1777385361501",
    "kling-v1",
    "kling-v2-6",
    "simple",
    "customize",
    "on",
    "pro",
    "first_frame",
    "end_frame",
    "addition",
    "é🎬",
    "\u{0}",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        (0_i64..6000).prop_map(|number| json!(number)),
        proptest::sample::select(WORDS).prop_map(|word| json!(word)),
        any::<String>().prop_map(|text| json!(text)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(6, 96, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::vec((proptest::sample::select(KEYS), inner), 0..8)
                .prop_map(|pairs| pairs.into_iter().map(|(key, v)| (key.to_owned(), v)).collect())
                .prop_map(Value::Object),
        ]
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec((proptest::sample::select(KEYS), value()), 0..12)
        .prop_map(|pairs| pairs.into_iter().map(|(key, v)| (key.to_owned(), v)).collect())
}

fn decode_everything(status: u16, body: &[u8]) {
    let created = decode_created(status, body);
    let task = decode_task(status, body);
    let tasks = decode_tasks(status, body);
    let _ = decode_callback(body);
    if let Ok(created) = &created {
        assert!(!created.task_id.trim().is_empty(), "an accepted task has an id");
        assert!((200..300).contains(&status), "only a 2xx accepts");
    }
    if status >= 500 {
        let doubt = |e: &SubmitError| matches!(e, SubmitError::Unknown { .. });
        let names_refusal = String::from_utf8_lossy(body).contains("invalid_request");
        assert!(names_refusal || created.as_ref().is_err_and(doubt), "{created:?}");
        let later = |e: &QueryError| matches!(e, QueryError::Later { .. });
        assert!(task.as_ref().is_err_and(later), "{task:?}");
        assert!(tasks.as_ref().is_err_and(later), "{tasks:?}");
    }
    if let Err(error) = &created {
        assert!(error.to_string().len() < 8_000, "errors stay short");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_answer(status in any::<u16>(), body in any::<Vec<u8>>()) {
        decode_everything(status, &body);
    }

    #[test]
    fn any_json_of_known_keys_is_an_answer(
        status in proptest::sample::select(&[200_u16, 201, 301, 400, 401, 403, 404, 429, 500, 504][..]),
        body in value(),
        root in object(),
    ) {
        decode_everything(status, body.to_string().as_bytes());
        decode_everything(status, Value::Object(root).to_string().as_bytes());
    }

    #[test]
    fn any_object_is_a_request(body in object()) {
        for route in Route::ALL {
            let found = validate(*route, &body);
            assert!(found.errors.iter().chain(&found.warnings).all(|p| !p.message.is_empty()));
            assert!(route.slots(&body) >= 1);
        }
    }

    #[test]
    fn any_words_are_a_failure(words in any::<String>()) {
        let _ = classify_failure(&words);
        assert_eq!(Route::parse(&words), None);
    }
}
