use std::sync::Arc;
use std::time::Duration;

use api_keys::{ApiKey, Credential, KeyRing, Scope, text};
use console::{Access, Console, ConsoleSettings};
use embedded::Embedded;
use job::{
    Allowance, JobKey, Kept, MessageFacts, Outcome, Problem, Record, Resource, Rules, State,
    Tenant, Timestamp, decode,
};
use listener::{Bounds, serve};
use operator::AccountTerms;
use ports::{Broker, Clock, GrantTerms, Ledger, SystemClock, Write};
use prices::PriceTable;
use recorder::{Phase, Session};
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const KEEP: Duration = Duration::from_secs(3600);

/// A console with a client that follows no redirect.
pub(crate) struct Bench {
    base: String,
    pub(crate) console: Arc<Console>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
    pub(crate) http: reqwest::Client,
    _file: Embedded,
    _directory: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Self { status, headers, body: answer.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A key, and what is entered to log in.
pub(crate) fn key(scopes: &[Scope]) -> (ApiKey, String) {
    let id = text::fresh_id();
    let shown = text::of(&id, text::fresh_secret().expose_secret());
    let key = ApiKey {
        id,
        name: Some("night shift".to_owned()),
        tenant: Tenant::default(),
        scopes: scopes.iter().copied().collect(),
        credential: Credential::of_key(&shown),
        allowance: Allowance::default(),
        created_at: Timestamp::EPOCH,
        expires_at: None,
        revoked_at: None,
    };
    (key, shown)
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(Access::Local).await
    }

    pub(crate) async fn keyed(keys: &[&ApiKey]) -> Self {
        let keys = keys.iter().copied().cloned().collect();
        Self::with(Access::Keyed(KeyRing::new(keys))).await
    }

    async fn with(access: Access) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = embedded::Settings::new(directory.path().join("x.db"), "console");
        let file = Embedded::open(settings).unwrap();
        let (broker, ledger) = (file.broker(), file.ledger());
        let system = Arc::new(SystemClock);
        let session = Session::join(ledger.clone(), system, Timestamp::EPOCH).await.unwrap();
        let session = Arc::new(session);
        session.reached(Phase::Closed).await;
        let pools = Resource::ALL.map(|pool| (pool, GrantTerms::default())).into();
        let settings = ConsoleSettings {
            access,
            accounts: vec![AccountTerms { name: "default".to_owned(), pools }],
            configuration: Vec::new(),
            prices: PriceTable::shipped(),
            rules: Rules::default(),
            retention: KEEP,
        };
        let (all, clock) = ((ledger.clone(), broker.clone()), session.clone());
        let console = Arc::new(Console::new(all.0, all.1, session.clone(), clock, settings));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let bounds = Bounds { head: Duration::from_secs(5), connections: 256 };
        let routes = console::routes(console.clone());
        tokio::spawn(serve(listener, routes, bounds, CancellationToken::new()));
        let none = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(none)
            .timeout(KEEP / 60)
            .build()
            .unwrap();
        let (_file, _directory) = (file, directory);
        Self { base, console, broker, ledger, session, http, _file, _directory }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.http.get(self.url(path))).await
    }

    /// As a form of the console's own page sends it.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        Answer::of(self.form(path, form)).await
    }

    pub(crate) fn form(&self, path: &str, form: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(self.url(path)).body(form.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("sec-fetch-site", "same-origin")
    }

    pub(crate) async fn record(&self, name: &str) -> Option<Record> {
        let key = JobKey::parse(name).unwrap();
        self.ledger.load_whole(&key).await.unwrap().map(|stored| stored.record)
    }

    pub(crate) async fn state(&self, name: &str) -> &'static str {
        self.record(name).await.map_or("none", |record| record.state.word())
    }

    pub(crate) async fn queued(&self, name: &str) {
        self.has(name, State::Queued { why: None }).await;
    }

    pub(crate) async fn failed(&self, name: &str) {
        let error = Problem::new("moderation", "<b>not allowed</b>").advice("change the prompt");
        let outcome = Outcome::Failed { error };
        self.has(name, State::Settled { outcome, at: self.session.now() }).await;
    }

    pub(crate) async fn has(&self, name: &str, state: State) {
        let key = JobKey::parse(name).unwrap();
        let body = json!({
            "id": key.id.as_str(), "tenant": key.tenant.as_str(), "operation": "videos/text2video",
            "request": {"prompt": "<script>alert(1)</script>"}, "metadata": {"order": "7"},
        });
        let job = decode(body.to_string().as_bytes(), MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", self.session.now());
        record.state = state;
        record.request = Kept::Here(job.request);
        let write = Write { record, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO };
        self.ledger.create(&self.session.fence(), write).await.unwrap();
    }
}
