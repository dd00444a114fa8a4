//! Faults of a create: what the client receives, and what the accounts show.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use simulator::{Fault, FaultKind, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::bench::{Bench, IMAGES, T2V, answer, at_once, clip, clip_as, endless};

async fn struck_by(kind: FaultKind) -> Bench {
    Bench::start(Settings { faults: vec![Fault::always(kind)], ..at_once() }).await
}

#[tokio::test]
async fn refusals_create_nothing() {
    let kinds = [
        (FaultKind::Busy, 429, json!(1303)),
        (FaultKind::TooManyRequests, 429, json!(1302)),
        (FaultKind::AccountBlocked, 429, json!(1102)),
        (FaultKind::Error500NotCreated, 500, json!(5000)),
        (FaultKind::Error504NotCreated, 504, json!(5002)),
    ];
    for (kind, http, code) in kinds {
        let bench = struck_by(kind).await;
        let (status, body) = bench.create(T2V, clip("a")).await;
        assert_eq!((status.as_u16(), &body["code"]), (http, &code), "{kind:?}");
        let accounts = bench.accounts();
        assert_eq!((accounts.accepted, accounts.faults[&kind]), (0, 1), "{kind:?}");
        assert_eq!(accounts.refused_by_fault, 1);
        assert_eq!(accounts.limit_violations, Default::default(), "{kind:?} is no violation");
    }
}

#[tokio::test]
async fn an_empty_quota_speaks_the_gateways_words() {
    let bench = struck_by(FaultKind::OutOfCredit).await;
    let (status, body) = bench.create(T2V, clip("a")).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (403, &json!("insufficient_user_quota")));
    assert_eq!(bench.accounts().accepted, 0);
}

#[tokio::test]
async fn server_errors_may_hide_a_task() {
    for (kind, http) in [(FaultKind::Error500Created, 500), (FaultKind::Error504Created, 504)] {
        let bench = struck_by(kind).await;
        assert_eq!(bench.create(T2V, clip_as("a", "x")).await.0.as_u16(), http);
        assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 200, "{kind:?}: the task is there");
        let accounts = bench.accounts();
        assert_eq!((accounts.accepted, accounts.faults[&kind]), (1, 1));
    }
}

#[tokio::test]
async fn html_comes_with_and_without_a_task() {
    for (kind, accepted) in [(FaultKind::Html, 0), (FaultKind::HtmlCreated, 1)] {
        let bench = struck_by(kind).await;
        let response = bench.post(T2V, &clip("a")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.text().await.unwrap().starts_with('<'));
        assert_eq!(bench.accounts().accepted, accepted, "{kind:?}");
    }
}

#[tokio::test]
async fn a_good_answer_may_lack_the_id() {
    let bench = struck_by(FaultKind::NoTaskId).await;
    let (status, body) = bench.create(T2V, clip_as("a", "x")).await;
    assert_eq!((status.as_u16(), &body["code"], &body["data"]), (200, &json!(0), &json!({})));
    assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 200);
}

/// Sends a create over a plain socket and returns all bytes until the connection ends.
async fn raw_create(bench: &Bench) -> std::io::Result<Vec<u8>> {
    let url = bench.simulator.url();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await?;
    let body = clip_as("a", "x").to_string();
    let head = format!(
        "POST /kling/v1/{T2V} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer key\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    let mut bytes = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    end.expect("the connection ends within 5 s").map(|_| bytes)
}

#[tokio::test]
async fn a_lost_answer_ends_the_connection_without_a_byte() {
    let bench = struck_by(FaultKind::LostAnswer).await;
    assert_eq!(raw_create(&bench).await.unwrap(), b"");
    assert!(bench.post(T2V, &clip("b")).send().await.is_err(), "a client sees a broken connection");
    assert_eq!(bench.accounts().accepted, 2);
    assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 200);
}

#[tokio::test]
async fn a_reset_creates_nothing() {
    let bench = struck_by(FaultKind::ResetBefore).await;
    let error = raw_create(&bench).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!((bench.accounts().accepted, bench.accounts().submissions), (0, 1));
    assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 404);
}

#[tokio::test]
async fn a_late_answer_has_created_its_task_at_once() {
    let faults = vec![Fault { value: Some(300), ..Fault::always(FaultKind::DelayMs) }];
    let bench = Bench::start(Settings { faults, ..at_once() }).await;
    let begin = Instant::now();
    let hasty = bench.post(T2V, &clip_as("a", "x")).timeout(Duration::from_millis(100));
    assert!(hasty.send().await.unwrap_err().is_timeout());
    assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 200);
    assert!(begin.elapsed() < Duration::from_millis(300));
    assert_eq!(bench.create(T2V, clip("b")).await.0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(400), "the second answer was late too");
}

#[tokio::test]
async fn a_task_may_appear_after_its_connection_is_gone() {
    let faults = vec![Fault { value: Some(200), ..Fault::always(FaultKind::CreatedLate) }];
    let bench = Bench::start(Settings { faults, ..at_once() }).await;
    assert_eq!(raw_create(&bench).await.unwrap(), b"");
    assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 404, "a denial that does not last");
    let deadline = Instant::now() + Duration::from_secs(5);
    while bench.get(&format!("{T2V}/x")).await.0 != 200 {
        assert!(Instant::now() < deadline, "the task never appeared");
    }
    let accounts = bench.accounts();
    assert_eq!((accounts.submissions, accounts.accepted), (1, 1));
}

#[tokio::test]
async fn a_reset_of_the_books_forgets_what_was_to_come() {
    let late = Fault {
        value: Some(100),
        operation: Some(T2V.into()),
        ..Fault::always(FaultKind::CreatedLate)
    };
    let marker = Fault {
        value: Some(300),
        operation: Some(IMAGES.into()),
        ..Fault::always(FaultKind::CreatedLate)
    };
    let bench = Bench::start(Settings { faults: vec![late, marker], ..at_once() }).await;
    assert_eq!(raw_create(&bench).await.unwrap(), b"");
    bench.simulator.reset();
    // A later task after the reset shows that the time of the forgotten one has passed.
    let image = json!({"prompt": "x", "external_task_id": "z"});
    assert!(bench.post(IMAGES, &image).send().await.is_err());
    let deadline = Instant::now() + Duration::from_secs(5);
    while bench.get(&format!("{IMAGES}/z")).await.0 != 200 {
        assert!(Instant::now() < deadline, "the task never appeared");
    }
    assert_eq!(bench.accounts().accepted, 1);
    assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 404);
}

#[tokio::test]
async fn stopping_does_not_wait_for_held_answers() {
    let faults = vec![Fault { value: Some(60_000), ..Fault::always(FaultKind::DelayMs) }];
    let bench = Bench::start(Settings { faults, ..at_once() }).await;
    let request = bench.post(T2V, &clip("a"));
    let held = tokio::spawn(async move { request.send().await.map(|answer| answer.status()) });
    let deadline = Instant::now() + Duration::from_secs(5);
    while bench.simulator.accounts().accepted == 0 {
        assert!(Instant::now() < deadline, "the create never arrived");
        tokio::task::yield_now().await;
    }
    let begin = Instant::now();
    bench.simulator.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert_eq!(held.await.unwrap().unwrap(), 200);
}

#[tokio::test]
async fn first_attempts_fail_and_later_ones_pass() {
    let faults = vec![Fault { first_n: Some(2), ..Fault::always(FaultKind::Busy) }];
    let bench = Bench::start(Settings { faults, ..at_once() }).await;
    for job in ["a", "b"] {
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(bench.create(T2V, clip(job)).await.0.as_u16());
        }
        assert_eq!(seen, [429, 429, 200], "job {job}");
    }
}

/// Which of 100 jobs, sent in some order, meet a fault at a rate of 0.3.
async fn struck_jobs(seed: u64, backwards: bool) -> Vec<u32> {
    let faults = vec![Fault::at_rate(FaultKind::Busy, 0.3)];
    let bench = Bench::start(Settings { seed, faults, ..endless() }).await;
    let mut posts = JoinSet::new();
    for n in 0..100 {
        let n = if backwards { 99 - n } else { n };
        let request = bench.post(T2V, &clip(&format!("j{n}")));
        posts.spawn(async move { (n, request.send().await.unwrap().status().as_u16()) });
    }
    let answers = posts.join_all().await;
    let mut struck: Vec<u32> =
        answers.into_iter().filter(|(_, status)| *status == 429).map(|(n, _)| n).collect();
    struck.sort_unstable();
    struck
}

#[tokio::test]
async fn a_run_repeats_by_its_seed_whatever_the_order() {
    let once = struck_jobs(1, false).await;
    assert!((15..45).contains(&once.len()), "{} of 100 at 0.3", once.len());
    assert_eq!(struck_jobs(1, true).await, once);
    assert_ne!(struck_jobs(2, false).await, once);
}

#[tokio::test]
async fn unknown_faults_are_refused_by_name() {
    let bench = Bench::start(at_once()).await;
    let set = |faults| {
        let body = json!({"faults": faults});
        answer(bench.request(Method::POST, "/_simulator/settings").json(&body))
    };
    let wrong = [
        json!([{"kind": "sunshine"}]),
        json!([{"kind": "busy", "rate": 1.5}]),
        json!([{"kind": "busy", "operation": "videos/none"}]),
    ];
    for faults in wrong {
        assert_eq!(set(faults.clone()).await.0, 400, "{faults}");
    }
    assert_eq!(set(json!([{"kind": "error_500_created", "rate": 0.5}])).await.0, 200);
}
