//! Numbers that fit in no Rust number type must not hide other fields.

use kling::{SubmitError, TaskStatus, decode_callback, decode_created, decode_task};

const CODES: &[&str] = &[
    "99999999999999999999",
    "-99999999999999999999",
    "1e400",
    "0012",
    "\"0012\"",
    "\"99999999999999999999\"",
    "12.5",
    "0.5",
    "7",
    "NaN",
];

#[test]
fn a_task_id_is_read_beside_a_code_that_nobody_knows() {
    for code in CODES {
        let body = format!(
            r#"{{"code":{code},"message":"?","data":{{"task_id":"7","task_status":"submitted"}}}}"#
        );
        assert_eq!(decode_created(200, body.as_bytes()).expect(code).task_id, "7");
        assert_eq!(decode_task(200, body.as_bytes()).expect(code).task_id.as_deref(), Some("7"));
        let told = decode_callback(body.as_bytes()).expect(code);
        assert_eq!(told.task_id.as_deref(), Some("7"));
    }
}

#[test]
fn a_file_is_read_beside_a_code_that_nobody_knows() {
    for code in CODES {
        let body = format!(
            r#"{{"code":{code},"data":{{"task_id":"7","task_status":"succeed",
                "task_result":{{"videos":[{{"url":"https://v.example/a.mp4"}}]}}}}}}"#
        );
        let task = decode_task(200, body.as_bytes()).expect(code);
        assert_eq!((task.status, task.outputs.len()), (TaskStatus::Succeeded, 1), "{code}");
    }
}

#[test]
fn an_error_that_is_known_stays_one_in_every_spelling() {
    for code in ["1303", "1303.0", "1.303e3", "\"1303\"", "\"01303\"", "01303"] {
        let full = format!(r#"{{"code":{code},"message":"full"}}"#);
        let error = decode_created(200, full.as_bytes()).expect_err(code);
        assert!(matches!(error, SubmitError::Busy { code: Some(1303), .. }), "{code}: {error:?}");
        let beside = format!(r#"{{"code":{code},"data":{{"task_id":"7","task_status":"x"}}}}"#);
        let error = decode_created(200, beside.as_bytes()).expect_err(code);
        assert!(matches!(error, SubmitError::Unknown { .. }), "{code}: {error:?}");
    }
    let unknown = decode_created(200, br#"{"code":1e400,"message":"?"}"#).expect_err("no id");
    assert!(matches!(unknown, SubmitError::Unknown { .. }), "{unknown:?}");
}

#[test]
fn an_id_keeps_every_digit() {
    let body = br#"{"code":0,"data":{"task_id":203227394222093107200001,"task_status":"submitted",
        "created_at":1e999,"progress":NaN}}"#;
    let created = decode_created(200, body).expect("created");
    assert_eq!(created.task_id, "203227394222093107200001");
    assert_eq!(created.created_at_ms, None);
}
