//! Callbacks, received by a small server.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use simulator::{Callbacks, Fault, FaultKind, Settings};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::bench::{Bench, T2V, at_once, clip};

struct Receiver {
    url: String,
    calls: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Receiver {
    async fn start(status: StatusCode) -> Receiver {
        let (sender, calls) = mpsc::unbounded_channel();
        let receive = post(move |headers: HeaderMap, body: Bytes| async move {
            sender.send((headers, body)).unwrap();
            status
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/hook?job=a", listener.local_addr().unwrap());
        let app = Router::new().route("/hook", receive);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Receiver { url, calls }
    }

    async fn next(&mut self) -> (HeaderMap, Value) {
        let (headers, body) = self.next_raw().await;
        (headers, serde_json::from_slice(&body).unwrap())
    }

    async fn next_raw(&mut self) -> (HeaderMap, Bytes) {
        let call = tokio::time::timeout(Duration::from_secs(5), self.calls.recv()).await;
        call.expect("a callback within 5 s").unwrap()
    }
}

struct Fixture {
    bench: Bench,
    receiver: Receiver,
}

impl Fixture {
    async fn start(callbacks: Callbacks, settings: Settings) -> Fixture {
        let callbacks = Callbacks { enabled: true, ..callbacks };
        let bench = Bench::start(Settings { callbacks, ..settings }).await;
        Fixture { bench, receiver: Receiver::start(StatusCode::OK).await }
    }

    /// Creates a task that calls back, and answers its id.
    async fn task(&self) -> String {
        let (status, body) = self.bench.create(T2V, self.body()).await;
        assert_eq!(status, 200, "{body}");
        body["data"]["task_id"].as_str().unwrap().to_owned()
    }

    fn body(&self) -> Value {
        let mut body = clip("a");
        body["callback_url"] = self.receiver.url.clone().into();
        body["external_task_id"] = "x".into();
        body
    }

    /// Waits until the counts satisfy `enough`, which they must within 5 s.
    async fn counted(&self, enough: impl Fn(simulator::CallbackCounts) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !enough(self.bench.accounts().callbacks) {
            assert!(Instant::now() < deadline, "{:?}", self.bench.accounts().callbacks);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test]
async fn every_status_change_is_called_back_as_a_bare_task() {
    let settings = Settings { life_ms: Some(100), ..Settings::default() };
    let mut fixture = Fixture::start(Callbacks::default(), settings).await;
    let id = fixture.task().await;
    let (headers, first) = fixture.receiver.next().await;
    assert!(headers.get("webhook-signature").is_none());
    assert_eq!((&first["task_id"], &first["task_status"]), (&json!(id), &json!("processing")));
    let (_, last) = fixture.receiver.next().await;
    assert_eq!(last["task_status"], "succeed");
    assert_eq!(last["task_info"]["external_task_id"], "x");
    let (_, looked) = fixture.bench.get(&format!("{T2V}/{id}")).await;
    assert_eq!(last["task_result"], looked["data"]["task_result"]);
    fixture.counted(|counts| counts.sent == 2).await;
}

#[tokio::test]
async fn failures_are_called_back() {
    let faults = vec![Fault::always(FaultKind::FailGeneration)];
    let settings = Settings { faults, ..at_once() };
    let mut fixture = Fixture::start(Callbacks::default(), settings).await;
    fixture.task().await;
    let (_, call) = fixture.receiver.next().await;
    assert_eq!(
        (&call["task_status"], &call["task_status_msg"]),
        (&json!("failed"), &json!("generation error"))
    );
}

/// HMAC-SHA256 by its definition, for a key shorter than a block.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| {
        let mut block = vec![byte; 64];
        block.iter_mut().zip(key).for_each(|(block, key)| *block ^= key);
        block
    };
    let inner = Sha256::digest([&pad(0x36), message].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

/// True when the signature is one by the secret of these tests.
fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let start = format!("{}.{}.", text("webhook-id"), text("webhook-timestamp"));
    let signed = hmac(b"testsecrettestsecrettestsecret12", &[start.as_bytes(), body].concat());
    text("webhook-signature") == format!("v1,{}", STANDARD.encode(signed))
}

const SECRET: &str = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";

#[tokio::test]
async fn signed_enveloped_and_duplicated() {
    let callbacks = Callbacks {
        enveloped: true,
        duplicate: true,
        secret: Some(SECRET.into()),
        ..Callbacks::default()
    };
    let mut fixture = Fixture::start(callbacks, at_once()).await;
    let id = fixture.task().await;
    let (headers, body) = fixture.receiver.next_raw().await;
    assert!(is_signed(&headers, &body));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let timestamp: u64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    assert!(timestamp.abs_diff(now) < 60);
    let call: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&call["code"], &call["data"]["task_id"]), (&json!(0), &json!(id)));
    let (again, repeated) = fixture.receiver.next_raw().await;
    assert_eq!(again["webhook-id"], headers["webhook-id"]);
    assert_eq!(repeated, body);
}

#[tokio::test]
async fn a_forged_callback_follows_under_another_signature() {
    let callbacks =
        Callbacks { forged_rate: 1.0, secret: Some(SECRET.into()), ..Callbacks::default() };
    let faults = vec![Fault::always(FaultKind::FailGeneration)];
    let mut fixture = Fixture::start(callbacks, Settings { faults, ..at_once() }).await;
    let id = fixture.task().await;
    let parse = |body: &[u8]| -> Value { serde_json::from_slice(body).unwrap() };
    let (headers, honest) = fixture.receiver.next_raw().await;
    assert_eq!(parse(&honest)["task_status"], "failed");
    assert!(is_signed(&headers, &honest));
    let (headers, forged) = fixture.receiver.next_raw().await;
    assert!(!is_signed(&headers, &forged));
    let forged = parse(&forged);
    assert_eq!((&forged["task_id"], &forged["task_status"]), (&json!(id), &json!("succeed")));
    fixture.counted(|counts| counts.sent == 2 && counts.forged == 1).await;
}

#[tokio::test]
async fn late_and_wrong_ids() {
    let callbacks = Callbacks { late_ms: 300, wrong_id: true, ..Callbacks::default() };
    let mut fixture = Fixture::start(callbacks, at_once()).await;
    let begin = Instant::now();
    let id = fixture.task().await;
    let (_, call) = fixture.receiver.next().await;
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_ne!(call["task_id"], json!(id));
    assert_eq!(call["task_status"], "succeed");
}

#[tokio::test]
async fn some_go_missing_some_fail_and_strangers_are_refused() {
    let callbacks = Callbacks { missing_rate: 1.0, ..Callbacks::default() };
    let fixture = Fixture::start(callbacks, at_once()).await;
    fixture.task().await;
    fixture.counted(|counts| counts.withheld == 1).await;

    let mut fixture = Fixture::start(Callbacks::default(), at_once()).await;
    fixture.receiver = Receiver::start(StatusCode::INTERNAL_SERVER_ERROR).await;
    fixture.task().await;
    fixture.counted(|counts| counts.failed == 1).await;
    fixture.receiver.url = "http://callbacks.example.com/".into();
    let mut body = fixture.body();
    body["external_task_id"] = "y".into();
    assert_eq!(fixture.bench.create(T2V, body).await.0, 200);
    fixture.counted(|counts| counts.refused == 1 && counts.sent == 0).await;
}

#[tokio::test]
async fn off_means_silent() {
    let bench = Bench::start(at_once()).await;
    let mut receiver = Receiver::start(StatusCode::OK).await;
    let mut body = clip("a");
    body["callback_url"] = receiver.url.clone().into();
    bench.create(T2V, body.clone()).await;
    let on = Callbacks { enabled: true, ..Callbacks::default() };
    bench.simulator.replace_settings(Settings { callbacks: on, ..at_once() }).unwrap();
    let (_, created) = bench.create(T2V, body).await;
    let (_, first) = receiver.next().await;
    assert_eq!(first["task_id"], created["data"]["task_id"], "the first task never called back");
}
