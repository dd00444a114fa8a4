//! Every shape of answer, chosen by header or by setting.

use reqwest::Method;
use serde_json::{Value, json};
use simulator::{ErrorShape, Fault, FaultKind, PerPool, QueryShape, Settings, Shape};

use crate::bench::{Answer, Bench, T2V, answer, at_once, clip, clip_as, endless};

const HEADER: &str = "x-simulator-shape";

async fn create(bench: &Bench, shape: &str) -> Answer {
    answer(bench.post(T2V, &clip("a")).header(HEADER, shape)).await
}

async fn look(bench: &Bench, id: &str, shape: &str) -> Value {
    let path = format!("/kling/v1/{T2V}/{id}");
    answer(bench.request(Method::GET, &path).header(HEADER, shape)).await.1
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn native_is_the_default() {
    let bench = Bench::start(endless()).await;
    let (_, body) = bench.create(T2V, clip("a")).await;
    assert_eq!(keys(&body), ["code", "data", "message", "request_id"]);
    let names = ["created_at", "task_id", "task_info", "task_status", "updated_at"];
    assert_eq!(keys(&body["data"]), names);
    assert_eq!(body["data"]["created_at"], body["data"]["updated_at"]);
    let id = body["data"]["task_id"].as_str().unwrap();
    let (_, body) = bench.get(&format!("{T2V}/{id}")).await;
    assert_eq!(body["data"]["task_result"], json!({}));
    assert_eq!(body["data"]["task_info"], json!({}));
    assert!(uuid(&body["request_id"]), "{body}");
}

fn uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 36 && text.as_bytes()[14] == b'4')
}

#[tokio::test]
async fn words_and_keys_vary() {
    let bench = Bench::start(endless()).await;
    let (_, body) = create(&bench, "word=success, request_id=absent, task_info=empty").await;
    assert_eq!(keys(&body), ["code", "data", "message"]);
    assert_eq!((&body["message"], &body["data"]["task_info"]), (&json!("success"), &json!({})));
    let (_, body) = create(&bench, "task_info=null,request_id=task_id,word=empty").await;
    assert_eq!(body["request_id"], body["data"]["task_id"]);
    assert_eq!(body["message"], "");
    for name in ["task_info", "task_result", "task_status_msg"] {
        assert_eq!(body["data"].get(name), Some(&Value::Null), "{name}");
    }
    let (_, body) = create(&bench, "task_info=absent").await;
    assert!(body["data"].get("task_info").is_none());
}

#[tokio::test]
async fn a_pending_result_is_empty_absent_or_null() {
    let bench = Bench::start(endless()).await;
    let id = bench.task("a").await;
    let shown = |body: Value| body["data"].get("task_result").cloned();
    assert_eq!(shown(look(&bench, &id, "pending_result=empty").await), Some(json!({})));
    assert_eq!(shown(look(&bench, &id, "pending_result=null").await), Some(Value::Null));
    assert_eq!(shown(look(&bench, &id, "pending_result=absent").await), None);
}

#[tokio::test]
async fn creates_are_bare_or_like_another_provider() {
    let bench = Bench::start(endless()).await;
    let (_, body) = create(&bench, "create=bare").await;
    assert_eq!(body["task_status"], "submitted");
    let (_, body) = create(&bench, "create=openai").await;
    assert_eq!((&body["object"], &body["status"]), (&json!("video"), &json!("queued")));
    assert_eq!((&body["id"], &body["model"]), (&body["task_id"], &json!("kling-v1")));
    assert!(body["created_at"].as_u64().unwrap() < 100_000_000_000, "seconds");
    let id = body["id"].as_str().unwrap();
    assert_eq!(bench.get(&format!("{T2V}/{id}")).await.0, 200);
}

#[tokio::test]
async fn queries_are_wrapped_once_twice_thrice_or_flat() {
    let bench = Bench::start(at_once()).await;
    let id = bench.task("a").await;
    let bare = look(&bench, &id, "query=bare").await;
    assert_eq!((&bare["task_id"], &bare["task_status"]), (&json!(id), &json!("succeed")));
    let url = &bare["task_result"]["videos"][0]["url"];
    assert!(url.as_str().unwrap().ends_with(".mp4"));

    let double = look(&bench, &id, "query=double").await;
    assert_eq!(double["code"], "success");
    assert_eq!(
        (&double["data"]["status"], &double["data"]["progress"]),
        (&json!("SUCCESS"), &json!("100%"))
    );
    assert_eq!(&double["data"]["data"]["task_result"]["videos"][0]["url"], url);
    assert!(double["data"]["finish_time"].as_u64().unwrap() < 100_000_000_000, "seconds");

    let triple = look(&bench, &id, "query=triple").await;
    assert_eq!(triple["data"]["data"]["code"], 0);
    assert_eq!(&triple["data"]["data"]["data"]["task_result"]["videos"][0]["url"], url);

    let flat = look(&bench, &id, "query=flat").await;
    assert_eq!((&flat["data"]["status"], &flat["data"]["url"]), (&json!("succeeded"), url));
    assert_eq!(flat["data"]["error"], Value::Null);
}

#[tokio::test]
async fn failures_are_told_in_every_wrapping() {
    let faults = vec![Fault::always(FaultKind::FailModeration)];
    let bench = Bench::start(Settings { faults, ..at_once() }).await;
    let id = bench.task("a").await;
    let words = "Failure to pass the risk control system";
    let double = look(&bench, &id, "query=double").await;
    assert_eq!(
        (&double["data"]["status"], &double["data"]["fail_reason"]),
        (&json!("FAILURE"), &json!(words))
    );
    let flat = look(&bench, &id, "query=flat").await;
    assert_eq!(flat["data"]["error"], json!({"message": words, "code": "task_failed"}));
}

#[tokio::test]
async fn refusals_have_four_envelopes() {
    let concurrency = PerPool { videos: 1, ..PerPool::default() };
    let bench = Bench::start(Settings { concurrency, ..endless() }).await;
    bench.task("a").await;
    let words = "parallel task over resource pack limit";

    let (status, body) = create(&bench, "errors=native").await;
    assert_eq!((status.as_u16(), keys(&body)), (429, vec!["code", "message", "request_id"]));
    let (_, body) = create(&bench, "errors=native_null, request_id=absent").await;
    assert_eq!(body, json!({"code": 1303, "message": words, "data": null}));
    let (status, body) = create(&bench, "errors=comet").await;
    assert_eq!((status.as_u16(), &body["error"]["type"]), (429, &json!("comet_api_error")));
    assert!(body["error"]["message"].as_str().unwrap().starts_with(words));
    let (status, body) = create(&bench, "errors=task_error").await;
    assert_eq!((status.as_u16(), &body["code"]), (429, &json!("fail_to_fetch_task")));
    let quoted: Value = serde_json::from_str(body["message"].as_str().unwrap()).unwrap();
    assert_eq!((&quoted["code"], &quoted["message"]), (&json!(1303), &json!(words)));
}

#[tokio::test]
async fn a_setting_shapes_every_answer() {
    let shape =
        Shape { query: QueryShape::Triple, errors: ErrorShape::TaskError, ..Shape::default() };
    let bench = Bench::start(Settings { shape, ..at_once() }).await;
    bench.create(T2V, clip_as("a", "x")).await;
    let (_, body) = bench.get(&format!("{T2V}/x")).await;
    let info = &body["data"]["data"]["data"]["task_info"];
    assert_eq!(info["external_task_id"], "x");
    let (status, body) = bench.get(&format!("{T2V}/y")).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("task_not_exist")));
}

#[tokio::test]
async fn a_wrong_header_is_refused() {
    let bench = Bench::start(at_once()).await;
    let (status, body) = create(&bench, "query=sideways").await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!(1201)));
    assert_eq!(bench.accounts().refused_other, 1);
}
