//! One attempt over HTTP against receivers on this machine.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Router, response::Redirect};
use job::{WebhookAttempt, WebhookUrl};
use webhooks::{Call, Calls, Guard, Limits, Sender, Signer};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &str = r#"{"task_id":"a"}"#;

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver with a path for each answer, and what it has received.
async fn receiver() -> (u16, Received) {
    let received = Received::default();
    let noted = received.clone();
    let note = move |headers: HeaderMap, body: Bytes| {
        noted.lock().unwrap().push((headers, body));
        async { StatusCode::NO_CONTENT }
    };
    let routes = Router::new()
        .route("/hook", post(note))
        .route("/moved", post(async || Redirect::temporary("/hook")))
        .route("/busy", post(async || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")])))
        .route("/hang", post(hang))
        .route("/large", post(async || "x".repeat(8 * 1024 * 1024)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (port, received)
}

async fn hang() -> StatusCode {
    std::future::pending().await
}

fn sender(port: u16, networks: &[&str]) -> Sender {
    let signer = Signer::new(&[SECRET.into()]).unwrap().unwrap();
    let guard = Guard {
        allow_networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        allow_http: true,
        allow_ports: vec![port],
    };
    let limits = Limits { total: Duration::from_millis(500), ..Limits::default() };
    Sender::new(signer, guard, limits).unwrap()
}

async fn attempt(sender: &Sender, url: String) -> WebhookAttempt {
    let url = WebhookUrl::new(url).unwrap();
    sender.attempt(Call { url: &url, id: "evt_1", body: BODY.into() }).await
}

fn answered(status: u16, seconds: Option<u64>) -> WebhookAttempt {
    WebhookAttempt::Answered { status, retry_after: seconds.map(Duration::from_secs) }
}

#[tokio::test]
async fn a_call_is_signed_over_its_body_and_the_time_of_the_attempt() {
    let (port, received) = receiver().await;
    let sender = sender(port, &["127.0.0.0/8"]);
    let done = attempt(&sender, format!("http://127.0.0.1:{port}/hook?token=x")).await;
    assert_eq!(done, answered(204, None));
    let received = received.lock().unwrap();
    let (headers, body) = &received[0];
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!((body.as_ref(), header("webhook-id")), (BODY.as_bytes(), "evt_1".to_owned()));
    assert_eq!(header("content-type"), "application/json");
    let timestamp: u64 = header("webhook-timestamp").parse().unwrap();
    let age = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() - timestamp;
    assert!(age < 60, "{age}");
    let signer = Signer::new(&[SECRET.into()]).unwrap().unwrap();
    assert_eq!(header("webhook-signature"), signer.sign("evt_1", timestamp, body));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (port, received) = receiver().await;
    let sender = sender(port, &["127.0.0.0/8"]);
    let done = attempt(&sender, format!("http://127.0.0.1:{port}/moved")).await;
    assert_eq!(done, answered(307, None));
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_busy_receiver_says_when() {
    let (port, _) = receiver().await;
    let sender = sender(port, &["127.0.0.0/8"]);
    let done = attempt(&sender, format!("http://127.0.0.1:{port}/busy")).await;
    assert_eq!(done, answered(429, Some(7)));
}

#[tokio::test]
async fn a_name_is_no_way_around_the_guard() {
    let (port, received) = receiver().await;
    let url = || format!("http://localhost:{port}/hook");
    assert_eq!(attempt(&sender(port, &[]), url()).await, WebhookAttempt::AddressDenied);
    assert!(received.lock().unwrap().is_empty(), "it was never connected to");
    let literal = format!("http://127.0.0.1:{port}/hook");
    assert_eq!(attempt(&sender(port, &[]), literal).await, WebhookAttempt::UrlDenied);
    let allowed = sender(port, &["127.0.0.0/8", "::1"]);
    assert_eq!(attempt(&allowed, url()).await, answered(204, None));
}

#[tokio::test]
async fn a_receiver_that_hangs_or_is_absent_ends_in_time() {
    let (port, _) = receiver().await;
    let sender = sender(port, &["127.0.0.0/8"]);
    let since = Instant::now();
    let hanging = attempt(&sender, format!("http://127.0.0.1:{port}/hang")).await;
    assert_eq!(hanging, WebhookAttempt::Unanswered);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sender = self::sender(closed, &["127.0.0.0/8"]);
    let absent = attempt(&sender, format!("http://127.0.0.1:{closed}/hook")).await;
    assert_eq!(absent, WebhookAttempt::Unanswered);
}

#[tokio::test]
async fn a_large_answer_is_not_read_to_its_end() {
    let (port, _) = receiver().await;
    let sender = sender(port, &["127.0.0.0/8"]);
    let done = attempt(&sender, format!("http://127.0.0.1:{port}/large")).await;
    assert_eq!(done, answered(200, None));
}
