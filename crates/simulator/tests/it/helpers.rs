//! The synchronous helpers and the sessions they open.

use serde_json::{Value, json};

use crate::bench::{Bench, at_once};

const ELEMENTS: &str = "videos/multi-elements";

async fn data(bench: &Bench, path: &str, body: Value) -> Value {
    let (status, answer) = bench.create(path, body).await;
    assert_eq!((status.as_u16(), &answer["code"]), (200, &json!(0)), "{path}: {answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn editing_runs_through_its_session() {
    let bench = Bench::start(at_once()).await;
    let opened =
        data(&bench, &format!("{ELEMENTS}/init-selection"), json!({"video_id": "1"})).await;
    assert_eq!((&opened["status"], &opened["fps"]), (&json!(0), &json!(24)));
    let session_id = opened["session_id"].clone();
    let point = json!({"x": 0.5, "y": 0.5});
    let select = json!({"session_id": session_id, "frame_index": 3, "points": [point]});
    let session = json!({"session_id": session_id});
    for (step, body) in
        [("add", &select), ("delete", &select), ("add", &select), ("clear", &session)]
    {
        let added = data(&bench, &format!("{ELEMENTS}/{step}-selection"), body.clone()).await;
        assert_eq!((&added["status"], &added["session_id"]), (&json!(0), &session_id), "{step}");
    }
    let preview = data(&bench, &format!("{ELEMENTS}/preview-selection"), session).await;
    assert!(preview["res"]["video"].as_str().unwrap().ends_with(".mp4"));

    let edit = json!({"session_id": session_id, "edit_mode": "removal", "prompt": "x [job:a]"});
    let task = data(&bench, ELEMENTS, edit).await;
    assert_eq!(task["session_id"], session_id);
    let id = task["task_id"].as_str().unwrap();
    let (_, body) = bench.get(&format!("{ELEMENTS}/{id}")).await;
    assert_eq!(body["data"]["task_result"]["videos"][0]["session_id"], session_id);
}

#[tokio::test]
async fn faces_are_found_before_they_speak() {
    let bench = Bench::start(at_once()).await;
    let found = data(&bench, "videos/identify-face", json!({"video_url": "http://h/v.mp4"})).await;
    let face_id = &found["face_data"][0]["face_id"];
    let body = json!({"session_id": found["session_id"], "face_choose": [{"face_id": face_id}]});
    data(&bench, "videos/advanced-lip-sync", body).await;
    let accounts = bench.accounts();
    assert_eq!((accounts.helpers.calls, accounts.accepted, accounts.submissions), (1, 1, 1));
    assert!((accounts.helpers.charged_usd - 0.007).abs() < 1e-9);
}

#[tokio::test]
async fn unknown_sessions_are_refused() {
    let bench = Bench::start(at_once()).await;
    let faces = data(&bench, "videos/identify-face", json!({"video_id": "1"})).await;
    let edit = |session_id: &Value| json!({"session_id": session_id, "edit_mode": "removal", "prompt": "x"});
    for session_id in [json!("nobody's"), faces["session_id"].clone()] {
        let (status, body) = bench.create(ELEMENTS, edit(&session_id)).await;
        assert_eq!((status.as_u16(), &body["code"]), (400, &json!(1201)));
        let path = format!("{ELEMENTS}/preview-selection");
        assert_eq!(bench.create(&path, json!({"session_id": session_id})).await.0, 400);
    }
    for body in [json!({}), json!({"video_id": "1", "video_url": "u"})] {
        assert_eq!(bench.create(&format!("{ELEMENTS}/init-selection"), body).await.0, 400);
    }
    assert_eq!(bench.accounts().refused_other, 2);
}
