//! Clients of the provider send their requests to reelwork: they change only the address.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Backend, Environment, LinkState, Process, Program, Provider, Proxy, free_port, mixed, until,
};

struct Client {
    http: reqwest::Client,
    base: String,
}

type Answer = (u16, Value);

impl Client {
    fn of(port: u16) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, base: format!("http://127.0.0.1:{port}") }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth("token");
        read(request.json(body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        read(self.http.get(format!("{}{path}", self.base)).bearer_auth("token")).await
    }

    /// The task's data once it has ended.
    async fn ended(&self, path: &str, id: &str) -> Value {
        let mut data = Value::Null;
        until(&format!("task {id} ends"), async || {
            let (status, answer) = self.get(&format!("{path}/{id}")).await;
            assert_eq!((status, &answer["code"]), (200, &json!(0)), "{answer}");
            data = answer["data"].clone();
            matches!(data["task_status"].as_str(), Some("succeed" | "failed"))
        })
        .await;
        data
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn listening(program: &mut Program) -> u16 {
    let port = free_port();
    program.set("gateway.listen", &format!("127.0.0.1:{port}"));
    port
}

/// The two requests of CometAPI's pages "text to video" and "individual queries".
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_requests_get_the_documented_answers() {
    const PATH: &str = "/kling/v1/videos/text2video";
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    let client = Client::of(listening(&mut program));
    let up = program.start("up", &["up", "--simulate"]);
    up.says("ready:").await;
    assert!(up.stderr().contains("the provider's API on http://127.0.0.1:"), "{}", up.stderr());

    let body = json!({"prompt": "A happy scene of a vacation on the beach."});
    let (status, created) = client.post(PATH, &body).await;
    assert_eq!(status, 200, "{created}");
    assert_eq!(keys(&created), ["code", "data", "message", "request_id"]);
    let data = &created["data"];
    for key in ["created_at", "task_id", "task_status", "updated_at"] {
        assert!(keys(data).contains(&key), "{data}");
    }
    assert!(data["created_at"].is_i64() && created["code"] == 0, "{created}");
    let id = data["task_id"].as_str().expect("an id");

    let (status, begun) = client.get(&format!("{PATH}/{id}")).await;
    assert_eq!(status, 200, "at once: {begun}");
    let ended = client.ended(PATH, id).await;
    assert_eq!((&ended["task_status"], &ended["task_id"]), (&json!("succeed"), &json!(id)));
    let video = &ended["task_result"]["videos"][0];
    assert!(video["url"].as_str().is_some_and(|url| url.starts_with("http")), "{ended}");
    assert!(video["id"].is_string() && video["duration"].is_string(), "{ended}");
    let (status, listed) = client.get(&format!("{PATH}?pageNum=1&pageSize=30")).await;
    assert_eq!((status, &listed["data"]), (200, &json!([ended])), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_done_on_sqlite() {
    every_operation_is_done(Backend::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_done_on_rabbitmq() {
    every_operation_is_done(Backend::Rabbitmq).await;
}

/// Each twice under one id, as a client does that has lost the answer.
async fn every_operation_is_done(backend: Backend) {
    let environment = Environment::on(backend);
    let provider = Provider::here(json!({"external_ids": "enforced"})).await;
    let mut program = environment.program_for(&provider);
    let client = Client::of(listening(&mut program));
    program.set("gateway.kling_api", "true");
    let _up = program.start_role("up", "up").await;
    let wishes = mixed("client", 10, &provider.selection_session().await);
    for wish in &wishes {
        let path = format!("/v1/{}", wish.operation);
        let mut body = wish.request.clone();
        body["external_task_id"] = wish.id.clone().into();
        for _ in 0..2 {
            let (status, created) = client.post(&path, &body).await;
            assert_eq!((status, &created["data"]["task_id"]), (200, &json!(wish.id)), "{created}");
        }
    }
    for wish in &wishes {
        let ended = client.ended(&format!("/v1/{}", wish.operation), &wish.id).await;
        assert_eq!(ended["task_status"], "succeed", "{}: {ended}", wish.operation);
        let result = ended["task_result"].as_object().expect("files");
        assert!(!result.is_empty(), "{}: {ended}", wish.operation);
    }
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted, accounts.double_paid), (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_refused_at_once_while_the_broker_is_away() {
    const PATH: &str = "/v1/videos/text2video";
    let environment = Environment::on(Backend::Rabbitmq);
    let place = environment.amqp.rsplit_once('@').expect("a URL").1;
    let proxy = Proxy::to(place.parse().expect("an address")).await;
    let mut program = environment.program();
    program.set("broker.url", &environment.amqp.replace(place, &proxy.address.to_string()));
    let client = Client::of(listening(&mut program));
    program.set("gateway.kling_api", "true");
    let _gateway: Process = program.start_role("gateway", "gateway").await;
    let body = |id: &str| json!({"prompt": "a cat", "external_task_id": id});
    assert_eq!(client.post(PATH, &body("before")).await.0, 200);

    proxy.set(LinkState::Cut);
    // A job of the first moment may be on its way, and is not known until it is sent again.
    let mut count = 0;
    until("it is known that the broker is away", async || {
        count += 1;
        let asked = Instant::now();
        let (status, answer) = client.post(PATH, &body(&format!("meanwhile-{count}"))).await;
        let known = status == 503 && asked.elapsed() < Duration::from_millis(500);
        assert!(matches!(status, 503 | 504), "nothing is accepted: {answer}");
        known && answer["code"] == 5001
    })
    .await;
    let (status, before) = client.get(&format!("{PATH}/before")).await;
    assert_eq!((status, &before["data"]["task_status"]), (200, &json!("submitted")));

    proxy.set(LinkState::Whole);
    for n in 1..=count {
        let accepted = async || client.post(PATH, &body(&format!("meanwhile-{n}"))).await.0 == 200;
        until("the broker is back", accepted).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_simulation_leaves_the_address_to_the_first() {
    let (one, two) = (Environment::on(Backend::Embedded), Environment::on(Backend::Embedded));
    let (mut first, mut second) = (one.program(), two.program());
    let port = listening(&mut first);
    second.set("gateway.listen", &format!("127.0.0.1:{port}"));
    let serving = first.start("first", &["up", "--simulate"]);
    serving.says("ready:").await;
    let beside = second.start("second", &["up", "--simulate"]);
    beside.says("ready:").await;
    assert!(beside.stderr().contains("is in use"), "{}", beside.stderr());
    let submit = ["submit", "images/generations", "--prompt", "a cat", "--wait"];
    second.run(&submit).await.exits(0);
}
