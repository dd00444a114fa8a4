//! Counts of tasks that were accepted, charged, refunded, and paid twice.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use simulator::{Accounts, Fault, FaultKind, Settings};

use crate::bench::{Bench, IMAGES, T2V, answer, at_once, clip, clip_as, endless};

#[tokio::test]
async fn a_task_is_created_charged_and_found() {
    let bench = Bench::start(at_once()).await;
    let (status, body) = bench.create(T2V, clip("a")).await;
    assert_eq!(status, 200);
    assert_eq!((&body["code"], &body["message"]), (&json!(0), &json!("SUCCEED")));
    assert_eq!(body["data"]["task_status"], "submitted");
    let id = body["data"]["task_id"].as_str().unwrap();
    assert_eq!(id.len(), 18);

    let (status, body) = bench.get(&format!("{T2V}/{id}")).await;
    assert_eq!(status, 200);
    assert_eq!(body["data"]["task_status"], "succeed");
    assert_eq!(body["data"]["final_unit_deduction"], "1");
    let url = body["data"]["task_result"]["videos"][0]["url"].as_str().unwrap();
    let file = bench.client.get(url).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "video/mp4");
    assert!(file.bytes().await.unwrap().len() > 100);

    let accounts = bench.accounts();
    assert_eq!((accounts.submissions, accounts.accepted, accounts.jobs), (1, 1, 1));
    assert_eq!((accounts.succeeded, accounts.unfinished, accounts.queries), (1, 0, 1));
    assert!((accounts.charged_usd - 0.14).abs() < 1e-9);
}

#[tokio::test]
async fn a_changed_external_id_does_not_hide_a_double_payment() {
    let bench = Bench::start(at_once()).await;
    for external_id in ["x-1", "x-2"] {
        assert_eq!(bench.create(T2V, clip_as("same", external_id)).await.0, 200);
    }
    assert_eq!(bench.create(T2V, clip_as("other", "x-3")).await.0, 200);
    let accounts = bench.accounts();
    assert_eq!((accounts.jobs, accounts.double_paid, accounts.double_charged), (2, 1, 1));
    assert_eq!(accounts.tasks_per_job, BTreeMap::from([(1, 1), (2, 1)]));
    assert_eq!(accounts.unmarked, 0);
}

#[tokio::test]
async fn requests_without_marker_are_grouped_by_their_body() {
    let bench = Bench::start(at_once()).await;
    for external_id in ["x-1", "x-2"] {
        let body = json!({"prompt": "a dog", "external_task_id": external_id});
        assert_eq!(bench.create(T2V, body).await.0, 200);
    }
    assert_eq!(bench.create(T2V, json!({"prompt": "a cow"})).await.0, 200);
    let accounts = bench.accounts();
    assert_eq!((accounts.unmarked, accounts.jobs, accounts.double_paid), (3, 2, 1));
}

#[tokio::test]
async fn failed_tasks_are_refunded() {
    let faults = vec![Fault { first_n: Some(1), ..Fault::always(FaultKind::FailModeration) }];
    let bench = Bench::start(Settings { faults, ..at_once() }).await;
    let id = bench.task("a").await;
    let (_, body) = bench.get(&format!("{T2V}/{id}")).await;
    assert_eq!(body["data"]["task_status"], "failed");
    assert_eq!(body["data"]["task_status_msg"], "Failure to pass the risk control system");
    assert!(body["data"].get("final_unit_deduction").is_none());
    bench.task("a").await;
    let accounts = bench.accounts();
    assert_eq!((accounts.failed, accounts.succeeded), (1, 1));
    assert!((accounts.charged_usd - 0.28).abs() < 1e-9);
    assert!((accounts.refunded_usd - 0.14).abs() < 1e-9);
    assert_eq!((accounts.double_paid, accounts.double_charged), (1, 0));
}

#[tokio::test]
async fn credit_runs_out() {
    let bench = Bench::start(Settings { credit_usd: Some(0.30), ..endless() }).await;
    bench.task("a").await;
    bench.task("b").await;
    let (status, body) = bench.create(T2V, clip("c")).await;
    assert_eq!((status.as_u16(), &body["code"]), (429, &json!(1102)));
    assert_eq!((bench.accounts().accepted, bench.accounts().refused_other), (2, 1));
}

#[tokio::test]
async fn the_accounts_travel_as_json_and_reset_clears_them() {
    let bench = Bench::start(at_once()).await;
    let id = bench.task("a").await;
    bench.create(IMAGES, json!({"prompt": "[job:b]", "n": 3})).await;
    let path = "/_simulator/accounts";
    let (_, plain) = answer(bench.request(Method::GET, path)).await;
    assert!(plain.get("tasks").is_none());
    let read: Accounts = serde_json::from_value(plain).unwrap();
    assert_eq!(read, bench.accounts());

    let (_, full) = answer(bench.request(Method::GET, &format!("{path}?tasks=true"))).await;
    let read: Accounts = serde_json::from_value(full.clone()).unwrap();
    assert_eq!(read, bench.simulator.accounts_with_tasks());
    let task = &full["tasks"][0];
    assert_eq!((&task["task_id"], &task["marker"]), (&json!(id), &json!("a")));
    assert_eq!((&task["operation"], &task["status"]), (&json!(T2V), &json!("succeed")));
    assert!(task["finished_at_ms"].as_u64() >= task["accepted_at_ms"].as_u64());
    assert_eq!(full["tasks"][1]["usd"], json!(0.0105));

    answer(bench.request(Method::POST, "/_simulator/reset")).await;
    assert_eq!(bench.accounts(), Accounts::default());
    assert_eq!(bench.get(&format!("{T2V}/{id}")).await.0, 404);
    assert_ne!(bench.task("a").await, id);
}

#[tokio::test]
async fn refusals_are_counted_and_named() {
    let bench = Bench::start(Settings { api_keys: vec!["key".into()], ..at_once() }).await;
    let (status, body) = bench.create(T2V, json!({"mode": "std"})).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!(1201)));
    assert_eq!(body["message"], "prompt is required");
    let (status, body) = bench.create(T2V, json!(["prompt"])).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!(1200)));
    let stranger = bench.post(T2V, &clip("a")).bearer_auth("other");
    let no_key = bench.client.post(format!("{}/kling/v1/{T2V}", bench.simulator.url()));
    for (request, code) in [(stranger.headers(with_key("other")), 1002), (no_key, 1001)] {
        let (status, body) = answer(request).await;
        assert_eq!((status.as_u16(), &body["code"]), (401, &json!(code)));
    }
    let accounts = bench.accounts();
    assert_eq!((accounts.refused_other, accounts.unauthorized, accounts.accepted), (4, 2, 0));
}

fn with_key(key: &str) -> reqwest::header::HeaderMap {
    let value = format!("Bearer {key}").parse().unwrap();
    [(reqwest::header::AUTHORIZATION, value)].into_iter().collect()
}

#[tokio::test]
async fn settings_are_replaced_while_it_runs() {
    let faults = vec![Fault::always(FaultKind::Busy)];
    let bench = Bench::start(Settings { faults, ..at_once() }).await;
    assert_eq!(bench.create(T2V, clip("a")).await.0, 429);
    let set = |body: Value| answer(bench.request(Method::POST, "/_simulator/settings").json(&body));
    assert_eq!(set(json!({"life_ms": 0})).await.0, 200);
    assert_eq!(bench.create(T2V, clip("a")).await.0, 200);
    assert_eq!(set(json!({"life": 0})).await.0, 400);
    assert_eq!(set(json!({"speed": 0})).await.0, 400);
    assert_eq!(bench.create(T2V, clip("a")).await.0, 200, "a refused change changes nothing");
}
