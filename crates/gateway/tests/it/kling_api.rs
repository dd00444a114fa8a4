//! The provider's API for clients: what is accepted, what is answered, and what is refused.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use job::{JobKey, MAX_MESSAGE_BYTES};
use ports::header;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{AWAY, Answer, Bench, HELD, NONE, REFUSES, SILENT, T2V, until};

#[tokio::test]
async fn a_job_is_published_and_can_be_asked_for() {
    let bench = Bench::new().await;
    for prefix in ["/kling/v1", "/v1"] {
        let path = format!("{prefix}/videos/text2video");
        let created = bench.post(&path, &json!({"prompt": "a cat", "seed": 1})).await;
        let id = created.id().to_owned();
        assert_eq!(created.body["message"], "SUCCEED");
        assert_eq!(created.task()["task_status"], "submitted");
        assert!(created.task().get("task_result").is_none());
        assert!(created.task()["created_at"].as_i64() > Some(1_700_000_000_000));
        let expected = json!({
            "id": id, "tenant": "default", "operation": "videos/text2video",
            "request": {"prompt": "a cat", "seed": 1}, "priority": "normal",
        });
        assert_eq!(bench.published().await, [expected]);
        let found = bench.get(&format!("{path}/{id}")).await;
        assert_eq!((found.id(), &found.task()["task_status"]), (id.as_str(), &json!("submitted")));
        assert_eq!(found.task()["task_result"], json!({}));
    }
}

#[tokio::test]
async fn what_a_client_calls_its_task_is_the_id() {
    let bench = Bench::new().await;
    let body = json!({"prompt": "a cat", "external_task_id": "my/1", "callback_url": ""});
    assert_eq!(bench.post(T2V, &body).await.id(), "my/1");
    let published = bench.published().await;
    assert_eq!(published[0]["request"], json!({"prompt": "a cat"}), "the rest is passed on");
    for path in ["my/1", "my%2F1"] {
        let found = bench.get(&format!("{T2V}/{path}")).await;
        assert_eq!(found.task()["task_info"]["external_task_id"], "my/1");
    }
}

#[tokio::test]
async fn a_repeated_request_is_the_same_task() {
    let bench = Bench::new().await;
    let body = json!({"prompt": "a cat", "external_task_id": "a"});
    let first = bench.post(T2V, &body).await;
    let again = bench.post(T2V, &json!({"external_task_id": "a", "prompt": "a cat"})).await;
    assert_eq!(first.task(), again.task());
    assert_eq!(bench.published().await.len(), 1, "the broker has it");

    bench.is_recorded("a", "a cat").await;
    let known = bench.post(T2V, &body).await;
    assert_eq!(known.task()["task_status"], "processing");
    assert!(bench.published().await.is_empty());
}

#[tokio::test]
async fn another_request_under_the_same_id_is_refused() {
    let bench = Bench::new().await;
    bench.post(T2V, &json!({"prompt": "a cat", "external_task_id": "a"})).await.task();
    bench.is_recorded("b", "a cat").await;
    for id in ["a", "b"] {
        let dog = json!({"prompt": "a dog", "external_task_id": id});
        let refused = bench.post(T2V, &dog).await;
        assert_eq!(refused.refusal(), (400, 1201));
        assert!(refused.body["message"].as_str().unwrap().contains("another request"));
        let image = json!({"prompt": "a cat", "external_task_id": id});
        let elsewhere = bench.post("/v1/images/generations", &image).await;
        assert_eq!(elsewhere.refusal(), (400, 1201), "the same body to another operation");
    }
    assert_eq!(bench.published().await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_the_code_of_its_kind() {
    let bench = Bench::new().await;
    let long = json!({"prompt": "x".repeat(3000)}).to_string();
    let number = json!({"prompt": "x", "external_task_id": 7}).to_string();
    let longer = json!({"prompt": "x", "external_task_id": "x".repeat(200)}).to_string();
    let callback = json!({"prompt": "x", "callback_url": "https://me.example/"}).to_string();
    for (path, body, code, words) in [
        ("videos/text2video", "", 1200, "JSON"),
        ("videos/text2video", "[]", 1200, "JSON"),
        ("videos/text2video", "{\"prompt\":", 1200, "JSON"),
        ("videos/text2video", "{}", 1201, "prompt"),
        ("videos/text2video", "{\"prompt\":[]}", 1201, "prompt"),
        ("videos/text2video", long.as_str(), 1201, "2500"),
        ("videos/text2video", number.as_str(), 1201, "external_task_id"),
        ("videos/text2video", longer.as_str(), 1201, "external_task_id"),
        ("videos/text2video", callback.as_str(), 1201, "callback_url"),
    ] {
        let refused = bench.ask(Method::POST, &format!("/kling/v1/{path}"), body.to_owned()).await;
        assert_eq!(refused.refusal(), (400, code), "{path} {body}");
        assert!(refused.body["message"].as_str().unwrap().contains(words), "{}", refused.body);
    }
    assert!(bench.published().await.is_empty());
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let bench = Bench::new().await;
    let id = bench.post(T2V, &json!({"prompt": "a cat"})).await.id().to_owned();
    for path in ["/videos/text2video/other".into(), format!("/images/generations/{id}")] {
        assert_eq!(bench.get(&format!("/v1{path}")).await.refusal(), (404, 1203), "{path}");
    }
    let poem = bench.post("/v1/videos/poem", &json!({"prompt": "x"})).await;
    assert_eq!(poem.refusal(), (404, 1203));
    for (path, words) in [
        ("/v1/videos/text2video/", "no operation videos/text2video/"),
        ("/v1/", "no operation /v1/"),
        ("/account/costs", "no operation /account/costs"),
        ("/v1/videos/%FF", "no operation"),
    ] {
        let refused = bench.get(path).await;
        assert_eq!(refused.refusal(), (404, 1203), "{path}");
        assert!(refused.body["message"].as_str().unwrap().contains(words), "{}", refused.body);
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        assert_eq!(bench.ask(method, T2V, "{}").await.refusal(), (404, 1202));
    }
}

#[tokio::test]
async fn a_job_of_a_worker_is_found_by_its_operation_only() {
    let bench = Bench::new().await;
    bench.is_recorded("a", "a cat").await;
    assert_eq!(bench.get(&format!("{T2V}/a")).await.task()["task_status"], "processing");
    assert_eq!(bench.get("/v1/videos/image2video/a").await.refusal(), (404, 1203));
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!((answer.status, &answer.body["code"]), (200, &json!(0)), "{}", answer.body);
    let tasks = answer.body["data"].as_array().expect("a list").iter();
    tasks.map(|task| task["task_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_tasks_of_an_operation_are_listed_newest_first() {
    let bench = Bench::new().await;
    assert_eq!(ids(&bench.get(T2V).await), [""; 0]);
    for n in 0..35 {
        bench.is_recorded(&format!("task-{n:02}"), "a cat").await;
    }
    let all: Vec<String> = (0..35).rev().map(|n| format!("task-{n:02}")).collect();
    let first = bench.get(T2V).await;
    assert_eq!(ids(&first), all[..30]);
    let single = bench.get(&format!("{T2V}/task-34")).await;
    assert_eq!(&first.body["data"][0], single.task(), "as it is shown alone");
    for (page, size) in [(1, 10), (2, 10), (4, 10), (5, 10), (2, 34), (1, 500)] {
        let listed = bench.get(&format!("{T2V}?pageNum={page}&pageSize={size}")).await;
        let expected: Vec<_> = all.iter().skip((page - 1) * size).take(size).cloned().collect();
        assert_eq!(ids(&listed), expected, "{page} {size}");
    }
    assert_eq!(ids(&bench.get("/v1/videos/image2video?pageNum=1").await), [""; 0]);
    let wrong = bench.get(&format!("{T2V}?pageSize=501")).await;
    assert_eq!(wrong.refusal(), (400, 1201));
}

#[tokio::test]
async fn a_list_that_takes_too_long_is_refused_for_good() {
    let bench = Bench::impatient(Duration::from_millis(50)).await;
    bench.lists.send_replace(false);
    let refused = bench.get(T2V).await;
    assert_eq!(refused.refusal(), (400, 1201));
    assert!(!refused.headers.contains_key("retry-after"), "it would take as long again");
}

#[tokio::test]
async fn only_so_many_lists_are_read_at_once() {
    let bench = Bench::impatient(Duration::from_secs(60)).await;
    bench.lists.send_replace(false);
    let mut lists: FuturesUnordered<_> = (0..9).map(|_| bench.get(T2V)).collect();
    for _ in 0..5 {
        let refused = lists.next().await.unwrap();
        assert_eq!(refused.refusal(), (429, 1302));
        assert!(refused.headers.contains_key("retry-after"));
    }
    bench.lists.send_replace(true);
    while let Some(read) = lists.next().await {
        assert_eq!(read.status, 200, "{}", read.body);
    }
    assert_eq!(bench.get(T2V).await.status, 200, "there is room again");
}

#[tokio::test]
async fn what_is_no_task_is_not_listed() {
    let bench = Bench::new().await;
    bench.is_recorded("a", "a cat").await;
    bench.is_dropped("dropped", "a cat").await;
    assert_eq!(ids(&bench.get(T2V).await), ["a"]);
    bench.is_being_restored().await;
    assert_eq!(bench.get(T2V).await.refusal(), (503, 5001), "it would be a part of them");
}

#[tokio::test]
async fn a_body_has_a_cap() {
    let bench = Bench::new().await;
    let body = json!({"prompt": "x", "image": "A".repeat(9 * 1024 * 1024)});
    let refused = bench.post("/v1/videos/image2video", &body).await;
    assert_eq!(refused.refusal(), (413, 1200));
}

#[tokio::test]
async fn nothing_is_accepted_while_the_broker_takes_nothing() {
    let bench = Bench::new().await;
    let body = json!({"prompt": "a cat", "external_task_id": "a"});
    bench.fails(AWAY);
    let refused = bench.post(T2V, &body).await;
    assert_eq!(
        (refused.refusal(), &refused.headers["retry-after"]),
        ((503, 5001), &"5".parse().unwrap())
    );
    assert_eq!(bench.get(&format!("{T2V}/a")).await.refusal(), (404, 1203));
    bench.fails(REFUSES);
    assert_eq!(bench.post(T2V, &body).await.refusal(), (503, 5001));
    assert!(bench.published().await.is_empty());
    bench.fails(NONE);
    assert_eq!(bench.post(T2V, &body).await.id(), "a");
    assert_eq!(bench.published().await.len(), 1);
    for fault in [AWAY, REFUSES] {
        bench.fails(fault);
        let known = bench.get(&format!("{T2V}/a")).await;
        assert_eq!(known.task()["task_status"], "submitted", "what was accepted stays accepted");
        assert_eq!(bench.post(T2V, &body).await.id(), "a");
    }
}

#[tokio::test]
async fn a_job_that_may_be_published_is_said_to_be_unknown_until_it_is_sent_again() {
    let bench = Bench::new().await;
    let body = json!({"prompt": "a cat", "external_task_id": "a"});
    bench.fails(SILENT);
    let unknown = bench.post(T2V, &body).await;
    assert_eq!(unknown.refusal(), (504, 5002));
    assert!(unknown.body["message"].as_str().unwrap().contains("external_task_id a"));
    for fault in [REFUSES, AWAY] {
        bench.fails(fault);
        let again = bench.post(T2V, &body).await;
        assert_eq!(again.refusal(), (504, 5002), "the first may be on its way");
        assert_eq!(bench.get(&format!("{T2V}/a")).await.refusal(), (504, 5002));
    }
    let dog = json!({"prompt": "a dog", "external_task_id": "a"});
    assert_eq!(bench.post(T2V, &dog).await.refusal(), (400, 1201));
    bench.fails(NONE);
    assert_eq!(bench.post(T2V, &body).await.id(), "a");
    let messages = bench.messages().await;
    let times: Vec<_> = messages.iter().map(|message| message.get(header::ENQUEUED_AT)).collect();
    assert_eq!(times.len(), 2, "two messages of one job");
    assert!(times[0].is_some() && times[0] == times[1], "an old copy cannot pass as a new job");
    let created = bench.get(&format!("{T2V}/a")).await.task()["created_at"].to_string();
    assert_eq!(Some(created.as_str()), times[0]);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_half_done() {
    let bench = Bench::new().await;
    bench.fails(HELD);
    let body = json!({"prompt": "a cat", "external_task_id": "a"});
    let request = tokio::spawn(bench.http.post(bench.url(T2V)).json(&body).send());
    bench.held.begun.notified().await;
    request.abort();
    assert!(request.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!(bench.get(&format!("{T2V}/a")).await.refusal(), (504, 5002), "it is not known yet");
    bench.fails(NONE);
    bench.held.let_go.notify_one();
    let is_published = async || bench.get(&format!("{T2V}/a")).await.status == 200;
    until("its job is published", is_published).await;
    assert_eq!(bench.published().await.len(), 1);
}

#[tokio::test]
async fn a_job_keeps_its_room_after_its_client_has_gone() {
    const I2V: &str = "/v1/videos/image2video";
    let bench = Bench::with_room(MAX_MESSAGE_BYTES).await;
    bench.fails(HELD);
    let large = |id: &str| {
        let image = "A".repeat(MAX_MESSAGE_BYTES / 4 * 3);
        json!({"image": image, "prompt": "x", "external_task_id": id})
    };
    let request = tokio::spawn(bench.http.post(bench.url(I2V)).json(&large("a")).send());
    bench.held.begun.notified().await;
    request.abort();
    assert!(request.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!(bench.get(&format!("{I2V}/a")).await.status, 504, "it is not known yet");
    bench.fails(NONE);
    assert_eq!(bench.post(I2V, &large("b")).await.refusal(), (429, 1302));
    bench.held.let_go.notify_one();
    until("the room is free", async || bench.post(I2V, &large("b")).await.status == 200).await;
}

#[tokio::test]
async fn an_operators_dropped_job_begins_again() {
    let bench = Bench::new().await;
    let body = json!({"prompt": "a cat", "external_task_id": "a"});
    bench.post(T2V, &body).await.task();
    assert_eq!(bench.published().await.len(), 1);
    bench.is_dropped("a", "a cat").await;
    assert_eq!(bench.get(&format!("{T2V}/a")).await.task()["task_status"], "failed");
    assert_eq!(bench.post(T2V, &body).await.task()["task_status"], "submitted");
    assert_eq!(bench.published().await.len(), 1, "with the time of this request");
    assert_eq!(bench.get(&format!("{T2V}/a")).await.task()["task_status"], "submitted");
}

#[tokio::test]
async fn nothing_is_unknown_for_certain_while_the_ledger_is_restored() {
    let bench = Bench::new().await;
    let body = json!({"prompt": "a cat", "external_task_id": "a"});
    bench.is_being_restored().await;
    assert_eq!(bench.get(&format!("{T2V}/a")).await.refusal(), (503, 5001));
    assert_eq!(bench.post(T2V, &body).await.refusal(), (503, 5001));
    assert!(bench.published().await.is_empty());
}

#[tokio::test]
async fn pages_and_proxies_are_refused() {
    const JSON: &str = "application/json";
    let bench = Bench::new().await;
    let body = json!({"prompt": "a cat"}).to_string();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("host", "evil.example"),
        ("x-forwarded-for", "1.2.3.4"),
    ] {
        let request = bench.http.post(bench.url(T2V)).body(body.clone());
        let posted = request.header("content-type", JSON).header(name, value).send().await;
        assert_eq!(posted.unwrap().status(), 403, "{name}");
        let asked = bench.http.get(bench.url(&format!("{T2V}/a"))).header(name, value);
        assert_eq!(asked.send().await.unwrap().status(), 403, "{name}");
    }
    let form = bench.http.post(bench.url(T2V)).body(body).header("content-type", "text/plain");
    assert_eq!(form.send().await.unwrap().status(), 400);
    assert!(bench.published().await.is_empty());
}

#[tokio::test]
async fn our_id_of_a_task_is_refused_where_the_provider_needs_its_own() {
    let bench = Bench::new().await;
    bench.is_recorded("a", "a cat").await;
    let extend = |id: &str| json!({"video_id": id, "prompt": "more"});
    let refused = bench.post("/v1/videos/video-extend", &extend("a")).await;
    assert_eq!(refused.refusal(), (400, 1201));
    bench.post("/v1/videos/video-extend", &extend("842250903708762200")).await.task();
}

#[tokio::test]
async fn a_request_keeps_its_own_id() {
    let bench = Bench::new().await;
    let url = bench.url(&format!("{T2V}/none"));
    for (own, kept) in [("trace-1", true), ("two words", false)] {
        let answer = bench.http.get(&url).header("x-request-id", own).send().await.unwrap();
        let header = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["request_id"], header.as_str());
        assert_eq!(header == own, kept, "{header}");
    }
}

#[tokio::test]
async fn numbers_keep_all_their_digits() {
    let bench = Bench::new().await;
    let body = r#"{"prompt":"x","seed":12345678901234567890123,"external_task_id":"a"}"#;
    bench.ask(Method::POST, T2V, body).await.task();
    let text = String::from_utf8(bench.messages().await[0].body.to_vec()).unwrap();
    assert!(text.contains("12345678901234567890123") && !text.contains("external_task_id"));
    let key = JobKey::parse("default/a").unwrap();
    assert!(bench.ledger.acceptance(&key).await.unwrap().is_some());
    assert!(bench.ledger.load(&key).await.unwrap().is_none(), "a gateway writes no record");
}
