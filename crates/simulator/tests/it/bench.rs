//! A simulator on a free port, and the requests that most tests send.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use simulator::{Accounts, Settings, Simulator};

pub(crate) const T2V: &str = "videos/text2video";
pub(crate) const IMAGES: &str = "images/generations";

pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
}

pub(crate) type Answer = (StatusCode, Value);

impl Bench {
    pub(crate) async fn start(settings: Settings) -> Bench {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Bench::of(Simulator::start(settings, listen).await.unwrap())
    }

    pub(crate) fn of(simulator: Simulator) -> Bench {
        let redirect = reqwest::redirect::Policy::none();
        let client = Client::builder().no_proxy().redirect(redirect).build().unwrap();
        Bench { simulator, client }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.simulator.url())).bearer_auth("key")
    }

    pub(crate) fn post(&self, operation: &str, body: &Value) -> reqwest::RequestBuilder {
        self.request(Method::POST, &format!("/kling/v1/{operation}")).json(body)
    }

    pub(crate) async fn create(&self, operation: &str, body: Value) -> Answer {
        answer(self.post(operation, &body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, &format!("/kling/v1/{path}"))).await
    }

    /// Creates a text2video task of job `job` and answers its id.
    pub(crate) async fn task(&self, job: &str) -> String {
        let (status, body) = self.create(T2V, clip(job)).await;
        assert_eq!(status, 200, "{body}");
        body["data"]["task_id"].as_str().unwrap().to_owned()
    }

    /// Also while a task is still to be created.
    pub(crate) fn accounts_as_they_are(&self) -> Accounts {
        self.simulator.accounts()
    }

    pub(crate) fn accounts(&self) -> Accounts {
        let accounts = self.simulator.accounts();
        let refused = accounts.limit_violations.concurrency
            + accounts.limit_violations.rate
            + accounts.refused_repeats
            + accounts.refused_other
            + accounts.refused_by_fault;
        assert_eq!(accounts.submissions, accounts.accepted + refused, "the books balance");
        accounts
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap())
}

/// A text2video body that names its job.
pub(crate) fn clip(job: &str) -> Value {
    json!({"prompt": format!("a cat [job:{job}]")})
}

/// The same with an external id.
pub(crate) fn clip_as(job: &str, external_id: &str) -> Value {
    let mut body = clip(job);
    body["external_task_id"] = external_id.into();
    body
}

/// Tasks that have ended at the first query.
pub(crate) fn at_once() -> Settings {
    Settings { life_ms: Some(0), ..Settings::default() }
}

/// Tasks that outlive every test.
pub(crate) fn endless() -> Settings {
    Settings { life_ms: Some(3_600_000), ..Settings::default() }
}
