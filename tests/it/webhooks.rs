//! Clients whose URLs are called when their tasks change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde_json::{Value, json};
use webhooks::Signer;

use crate::harness::{Environment, Program, Provider, free_port, until};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATH: &str = "/kling/v1/videos/text2video";

on_each_backend!(
    a_client_is_called_until_it_has_heard,
    a_call_outlives_the_gateway,
    a_process_that_is_killed_loses_no_call,
    what_may_not_be_called_is_not_connected_to,
);

/// One call that was received.
#[derive(Clone)]
struct Heard {
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Heard {
    fn task(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a task")
    }

    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn is_signed(&self) -> bool {
        let signer = Signer::new(&[SECRET.into()]).expect("a secret").expect("a signer");
        let timestamp = self.headers["webhook-timestamp"].parse().expect("seconds");
        self.headers["webhook-signature"] == signer.sign(self.id(), timestamp, &self.body)
    }
}

/// A client's server. `/flaky` answers 500 to the first attempt of each call, `/moved` redirects to
/// `/stolen`, `/gone` answers 410, `/hang` never answers.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Heard>>>);

impl Receiver {
    async fn here() -> (Self, u16) {
        let (receiver, port) = (Self::default(), free_port());
        let hearing = receiver.clone();
        let routes = Router::new().route(
            "/{path}",
            post(async move |Path(path): Path<String>, headers: HeaderMap, body: Bytes| {
                hearing.hear(path, &headers, &body).await
            }),
        );
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (receiver, port)
    }

    async fn hear(&self, path: String, headers: &HeaderMap, body: &[u8]) -> Response {
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        let heard = Heard { path: path.clone(), headers: headers.collect(), body: body.to_vec() };
        let is_first = self.of(&path).iter().all(|one| one.id() != heard.id());
        self.0.lock().expect("a lock").push(heard);
        match (path.as_str(), is_first) {
            ("flaky", true) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            ("moved", _) => Redirect::temporary("/stolen").into_response(),
            ("gone", _) => StatusCode::GONE.into_response(),
            ("hang", _) => std::future::pending().await,
            (_, _) => StatusCode::NO_CONTENT.into_response(),
        }
    }

    fn of(&self, path: &str) -> Vec<Heard> {
        let heard = self.0.lock().expect("a lock");
        heard.iter().filter(|heard| heard.path == path).cloned().collect()
    }

    /// The calls that report the end of the task.
    fn ends(&self, path: &str) -> Vec<Heard> {
        let ended = |heard: &Heard| heard.task()["task_status"] == "succeed";
        self.of(path).into_iter().filter(ended).collect()
    }
}

/// A program with a gateway for clients, and its port.
fn program(environment: &Environment, provider: &Provider, receiver: u16) -> (Program, u16) {
    let (mut program, port) = (environment.program_for(provider), free_port());
    program.set("gateway.listen", &format!("127.0.0.1:{port}"));
    program.set("gateway.kling_api", "true");
    program.set("webhooks.secrets", SECRET);
    program.set("webhooks.allow_http", "true");
    program.set("webhooks.allow_ports", &receiver.to_string());
    (program, port)
}

async fn submit(port: u16, id: &str, url: &str) -> (u16, Value) {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let body = json!({"prompt": "a cat", "external_task_id": id, "callback_url": url});
    let request = http.post(format!("http://127.0.0.1:{port}{PATH}")).bearer_auth("any");
    let answer = request.json(&body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn task(port: u16, id: &str) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = http.get(format!("http://127.0.0.1:{port}{PATH}/{id}")).bearer_auth("any");
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["data"].clone()
}

async fn a_client_is_called_until_it_has_heard(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let (receiver, receives) = Receiver::here().await;
    let (mut program, port) = program(&environment, &provider, receives);
    program.set("webhooks.allow_networks", "127.0.0.0/8");
    let up = program.start_role("up", "up").await;
    let paths = ["hang", "hook", "flaky", "moved", "gone"];
    for path in paths {
        let url = format!("http://127.0.0.1:{receives}/{path}?token=canary");
        let (status, created) = submit(port, path, &url).await;
        assert_eq!((status, &created["data"]["task_id"]), (200, &json!(path)), "{created}");
        let again = format!("http://127.0.0.1:{receives}/other");
        assert_eq!(submit(port, path, &again).await.0, 200, "the first URL stays");
    }
    until("the clients have heard", async || {
        receiver.ends("flaky").len() == 2 && receiver.ends("moved").len() == 2
    })
    .await;

    let flaky = receiver.ends("flaky");
    assert_eq!(flaky[0].id(), flaky[1].id(), "one call, two attempts");
    assert_eq!(receiver.ends("hook").len(), 1);
    assert_eq!(receiver.ends("gone").len(), 1, "410 stops");
    assert!(receiver.of("stolen").is_empty(), "a redirect is not followed");
    assert!(receiver.of("other").is_empty(), "the first URL stays");
    assert!(!receiver.of("hang").is_empty());
    for path in paths {
        assert!(receiver.of(path).iter().all(Heard::is_signed), "{path}");
    }
    assert_eq!(receiver.ends("hook")[0].task(), task(port, "hook").await);
    for command in ["get", "why"] {
        let ran = program.run(&["--json", command, "hook"]).await.exits(0);
        assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
    }
    assert!(!up.stderr().contains("canary"), "{}", up.stderr());
}

async fn a_call_outlives_the_gateway(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let (receiver, receives) = Receiver::here().await;
    let (mut program, port) = program(&environment, &provider, receives);
    program.set("webhooks.allow_networks", "127.0.0.0/8");
    let mut gateway = program.start_role("gateway", "gateway").await;
    let url = format!("http://127.0.0.1:{receives}/hook");
    assert_eq!(submit(port, "a", &url).await.0, 200);
    gateway.kill().await;
    let _worker = program.start_role("worker", "worker").await;
    let _poller = program.start_role("poller", "poller").await;
    program.run(&["wait", "a", "--timeout", "60s"]).await.exits(0);
    assert!(receiver.of("hook").is_empty());

    let _gateway = program.start_role("gateway-2", "gateway").await;
    until("the client has heard", async || receiver.ends("hook").len() == 1).await;
}

/// The poller between the call and its event, the gateway while it calls.
async fn a_process_that_is_killed_loses_no_call(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let (receiver, receives) = Receiver::here().await;
    let (mut program, port) = program(&environment, &provider, receives);
    program.set("webhooks.allow_networks", "127.0.0.0/8");
    let mut gateway = program.start_role("gateway", "gateway").await;
    let url = format!("http://127.0.0.1:{receives}/hang");
    assert_eq!(submit(port, "a", &url).await.0, 200);
    let _worker = program.start_role("worker", "worker").await;
    let mut doomed = program.clone();
    let orders = environment.file("orders", "publish.results.before=return\n");
    doomed.env("CRASH_POINTS_FILE", &orders);
    let mut poller = doomed.start_role("poller", "poller").await;
    let ended = poller.ended(Duration::from_secs(60)).await;
    assert_ne!(ended, Some(0), "killed before the event");
    until("the client is called", async || receiver.of("hang").len() == 1).await;
    gateway.kill().await;

    let _gateway = program.start_role("gateway-2", "gateway").await;
    let _poller = program.start_role("poller-2", "poller").await;
    program.run(&["wait", "a", "--timeout", "60s"]).await.exits(0);
    until("the client is called again", async || receiver.of("hang").len() >= 2).await;
    let ids: BTreeSet<_> = receiver.of("hang").iter().map(|heard| heard.id().to_owned()).collect();
    assert_eq!(ids.len(), 1, "by which it knows the call");
}

async fn what_may_not_be_called_is_not_connected_to(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let (receiver, receives) = Receiver::here().await;
    let (program, port) = program(&environment, &provider, receives);
    let up = program.start_role("up", "up").await;
    let urls = ["https://10.0.0.1/canary", "https://[::ffff:127.0.0.1]/canary"];
    for url in urls {
        let (status, refused) = submit(port, "literal", url).await;
        let message = refused["message"].as_str().expect("a message");
        assert_eq!((status, refused["code"].as_i64()), (400, Some(1201)), "{refused}");
        assert!(message.contains("callback_url") && !message.contains("canary"), "{message}");
    }
    let named = format!("http://localhost:{receives}/canary");
    assert_eq!(submit(port, "named", &named).await.0, 200);
    let ended = async || task(port, "named").await["task_status"] == "succeed";
    until("the task ends", ended).await;
    up.says("AddressDenied").await;
    assert!(receiver.0.lock().expect("a lock").is_empty());
    assert!(!up.stderr().contains("canary"), "{}", up.stderr());

    let mut without = environment.program_for(&provider);
    let port = free_port();
    without.set("gateway.listen", &format!("127.0.0.1:{port}"));
    without.set("gateway.kling_api", "true");
    let _up = without.start_role("without", "gateway").await;
    let (status, refused) = submit(port, "unserved", "https://client.example/").await;
    let message = refused["message"].as_str().expect("a message");
    assert!(status == 400 && message.contains("webhooks.secrets"), "{refused}");
}

/// The function that the README gives to receivers.
#[test]
fn the_check_of_the_readme_accepts_our_calls_alone() {
    let readme = include_str!("../../README.md");
    let block = readme.split("```python").find(|block| block.contains("def is_genuine"));
    let block = block.and_then(|block| block.split("```").next()).expect("the function");
    let function: Vec<&str> = block.lines().map(|line| line.get(2..).unwrap_or("")).collect();
    let now = std::time::UNIX_EPOCH.elapsed().expect("a time").as_secs();
    let signer = Signer::new(&[SECRET.into()]).expect("a secret").expect("a signer");
    let call = |at: u64, signature: String, body: &str| {
        format!(
            "is_genuine('{SECRET}', {{'webhook-id': 'e1', 'webhook-timestamp': '{at}', \
             'webhook-signature': '{signature}'}}, b'{body}')"
        )
    };
    let good = call(now, format!("v1,other {}", signer.sign("e1", now, b"{}")), "{}");
    let other_body = call(now, signer.sign("e1", now, b"{}"), "{1}");
    let old = call(now - 600, signer.sign("e1", now - 600, b"{}"), "{}");
    let asked = format!(
        "{}\nassert {good}\nassert not {other_body}\nassert not {old}",
        function.join("\n")
    );
    let ran = std::process::Command::new("python3").args(["-c", &asked]).output().expect("python3");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
