//! Faults of a task and of queries for it.

use std::time::{Duration, Instant};

use serde_json::json;
use simulator::{Fault, FaultKind, PerPool, Settings};

use crate::bench::{Bench, T2V, at_once, clip, clip_as};

async fn struck_by(fault: Fault, settings: Settings) -> Bench {
    Bench::start(Settings { faults: vec![fault], ..settings }).await
}

#[tokio::test]
async fn a_failed_generation_says_so() {
    let bench = struck_by(Fault::always(FaultKind::FailGeneration), at_once()).await;
    let id = bench.task("a").await;
    let (status, body) = bench.get(&format!("{T2V}/{id}")).await;
    assert_eq!((status.as_u16(), &body["code"]), (200, &json!(0)));
    assert_eq!(body["data"]["task_status_msg"], "generation error");
    assert_eq!(bench.accounts().faults[&FaultKind::FailGeneration], 1);
}

#[tokio::test]
async fn a_success_may_lack_its_url() {
    let bench = struck_by(Fault::always(FaultKind::SucceedWithoutUrl), at_once()).await;
    let id = bench.task("a").await;
    let (_, body) = bench.get(&format!("{T2V}/{id}")).await;
    assert_eq!(body["data"]["task_status"], "succeed");
    assert_eq!(body["data"]["task_result"]["videos"][0]["url"], "");
    assert!((bench.accounts().refunded_usd).abs() < 1e-9, "a bad success is charged");
}

#[tokio::test]
async fn a_new_task_may_be_unknown_for_some_looks() {
    let fault = Fault { value: Some(3), ..Fault::always(FaultKind::NotFoundAfterCreate) };
    let bench = struck_by(fault, at_once()).await;
    bench.create(T2V, clip_as("a", "x")).await;
    let paths = ["x", "x", "x", "x"].map(|id| format!("{T2V}/{id}"));
    let mut seen = Vec::new();
    for path in &paths {
        seen.push(bench.get(path).await.0.as_u16());
    }
    assert_eq!(seen, [404, 404, 404, 200]);

    let id = bench.task("b").await;
    let listed = |body: serde_json::Value| body["data"].as_array().unwrap().len();
    assert_eq!(listed(bench.get(T2V).await.1), 1, "hidden from the list too");
    assert_eq!(bench.get(&format!("{T2V}/{id}")).await.0, 404);
    assert_eq!(listed(bench.get(T2V).await.1), 1);
    assert_eq!(listed(bench.get(T2V).await.1), 2);
}

#[tokio::test]
async fn a_status_may_go_backwards() {
    let settings = Settings { life_ms: Some(3_000), ..Settings::default() };
    let bench = struck_by(Fault::always(FaultKind::StatusBackwards), settings).await;
    let id = bench.task("a").await;
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut seen = Vec::new();
    while seen.windows(3).all(|three| three != ["processing", "submitted", "processing"]) {
        assert!(Instant::now() < deadline, "{seen:?}");
        let (_, body) = bench.get(&format!("{T2V}/{id}")).await;
        seen.push(body["data"]["task_status"].as_str().unwrap().to_owned());
    }
}

#[tokio::test]
async fn a_task_may_never_end_and_keeps_its_slot() {
    let concurrency = PerPool { videos: 1, ..PerPool::default() };
    let settings = Settings { concurrency, ..at_once() };
    let bench = struck_by(Fault::always(FaultKind::NeverEnds), settings).await;
    let id = bench.task("a").await;
    let (_, body) = bench.get(&format!("{T2V}/{id}")).await;
    assert_eq!(body["data"]["task_status"], "processing");
    assert_eq!(bench.create(T2V, clip("b")).await.0, 429);
    let accounts = bench.accounts();
    assert_eq!((accounts.unfinished, accounts.in_flight.videos), (1, 1));
}

#[tokio::test]
async fn looks_fail_too() {
    let first = |kind| Fault { first_n: Some(1), ..Fault::always(kind) };
    for kind in [FaultKind::QueryError500, FaultKind::QueryLostAnswer, FaultKind::QueryHtml] {
        let bench = struck_by(first(kind), at_once()).await;
        let id = bench.task("a").await;
        let path = format!("/kling/v1/{T2V}/{id}");
        let response = bench.request(reqwest::Method::GET, &path).send().await;
        match kind {
            FaultKind::QueryError500 => assert_eq!(response.unwrap().status(), 500),
            FaultKind::QueryHtml => {
                assert!(response.unwrap().text().await.unwrap().starts_with('<'));
            }
            _ => assert!(response.is_err()),
        }
        assert_eq!(bench.get(&format!("{T2V}/{id}")).await.0, 200, "the second look is fine");
        assert_eq!(bench.accounts().faults[&kind], 1);
    }
    let fault = Fault { value: Some(150), ..first(FaultKind::QueryDelayMs) };
    let bench = struck_by(fault, at_once()).await;
    let id = bench.task("a").await;
    let begin = Instant::now();
    assert_eq!(bench.get(&format!("{T2V}/{id}")).await.0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(150));
}
