//! Callbacks over HTTP, stored in a ledger on a file.

use std::sync::Arc;
use std::time::Duration;

use embedded::Embedded;
use gateway::{Gateway, Listen, Mailbox, Served, Settings};
use job::{
    AccountRules, CallbackSigner, CallbackTo, Doubt, JobKey, MessageFacts, Outcome, Record, Rules,
    State, Timestamp, decode,
};
use ports::{Created, Ledger, SystemClock, Write};
use recorder::Session;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FAR: Timestamp = Timestamp::from_millis(9_000_000_000_000);
const MOST_BYTES: usize = 64 * 1024;
const CONNECTIONS: usize = 40;

struct Bench {
    gateway: Gateway,
    signer: CallbackSigner,
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
    file: Embedded,
    http: reqwest::Client,
    _directory: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = embedded::Settings::new(directory.path().join("x.db"), "gateway");
        let file = Embedded::open(settings).unwrap();
        let ledger = file.ledger();
        let clock = Arc::new(SystemClock);
        let session = Session::join(ledger.clone(), clock.clone(), Timestamp::EPOCH).await.unwrap();
        let session = Arc::new(session);
        let signer = signer(&["new", "old"]);
        let names = ["default", "second"].map(str::to_owned).to_vec();
        let accounts = AccountRules { names, ..AccountRules::default() };
        let mut settings = Settings::new(signer.clone(), Rules::default(), accounts);
        settings.most_bytes = MOST_BYTES;
        let mailbox = Mailbox::new(ledger.clone(), session.clone(), clock, settings);
        let listen = Listen {
            connections: CONNECTIONS,
            head_timeout: Duration::from_millis(300),
            ..Listen::on(([127, 0, 0, 1], 0).into())
        };
        let served = Served { callbacks: Some(mailbox), ..Served::default() };
        let gateway = Gateway::start(&listen, served);
        let gateway = gateway.await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { gateway, signer, ledger, session, file, http, _directory: directory }
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
        let url = format!("http://{}/callbacks/{path}", self.gateway.address());
        let answer = self.http.post(url).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn call_back(&self, task: &str) -> u16 {
        let body = format!(r#"{{"task_id":"{task}","task_status":"succeed"}}"#);
        self.post(&self.signer.sign(&to()), body).await.0
    }

    async fn has(&self, state: State, due: Option<Timestamp>) {
        let mut record = record();
        record.state = state;
        let write = Write { record, due, outbox: Vec::new(), outbox_lease: Duration::ZERO };
        let created = self.ledger.create(&self.session.fence(), write).await.unwrap();
        assert_eq!(created, Created::New);
    }

    async fn proposals(&self) -> Vec<String> {
        self.ledger.proposals(&key(), 1).await.unwrap()
    }

    /// Number of records that are due now.
    async fn due(&self) -> usize {
        let claimed = self.ledger.claim_due(&self.session.fence(), 10, Duration::ZERO).await;
        claimed.unwrap().items.len()
    }
}

fn signer(secrets: &[&str]) -> CallbackSigner {
    let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).into()).collect();
    CallbackSigner::new("reelwork", &secrets).unwrap()
}

fn key() -> JobKey {
    JobKey::parse("default/a").unwrap()
}

fn to() -> CallbackTo {
    CallbackTo { key: key(), round: 1 }
}

fn record() -> Record {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    let job = decode(body, MessageFacts::default()).unwrap();
    Record::new(&job, "default", "reelwork", Timestamp::EPOCH)
}

fn doubt() -> Doubt {
    Doubt {
        since: Timestamp::EPOCH,
        cause: "lost".into(),
        settles_at: Timestamp::EPOCH,
        denials: 0,
        looks: 0,
        next_look: FAR,
        evidence: Vec::new(),
        intent: None,
    }
}

#[tokio::test]
async fn a_callback_that_comes_before_its_record_is_kept() {
    let bench = Bench::new().await;
    for _ in 0..2 {
        assert_eq!(bench.call_back("7").await, 200);
    }
    assert_eq!(bench.proposals().await, ["7"]);
    assert!(bench.ledger.load(&key()).await.unwrap().is_none(), "no record is made of it");
}

#[tokio::test]
async fn a_doubt_is_looked_into_at_once() {
    let bench = Bench::new().await;
    bench.has(State::InDoubt { doubt: doubt() }, Some(FAR)).await;
    assert_eq!(bench.due().await, 0);
    assert_eq!(bench.call_back("7").await, 200);
    assert_eq!(bench.proposals().await, ["7"]);
    assert_eq!(bench.due().await, 1);
}

#[tokio::test]
async fn a_followed_task_is_asked_about_and_what_the_body_says_is_not_believed() {
    let bench = Bench::new().await;
    let pending = State::Pending { status: "submitted".into(), looks: 0, next_look: FAR };
    bench.has(pending.clone(), Some(FAR)).await;
    assert_eq!(bench.call_back("7").await, 200);
    assert_eq!(bench.due().await, 1);
    assert!(bench.proposals().await.is_empty());
    assert_eq!(bench.ledger.load(&key()).await.unwrap().unwrap().record.state, pending);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_still_hints() {
    let bench = Bench::new().await;
    bench.has(State::InDoubt { doubt: doubt() }, Some(FAR)).await;
    assert_eq!(bench.post(&bench.signer.sign(&to()), "<html>").await.0, 200);
    assert_eq!((bench.proposals().await.len(), bench.due().await), (0, 1));
}

#[tokio::test]
async fn a_parked_doubt_is_opened_again() {
    let bench = Bench::new().await;
    let parked = State::Parked { why: "x".into(), doubt: Some(doubt()), at: Timestamp::EPOCH };
    bench.has(parked, None).await;
    assert_eq!(bench.call_back("7").await, 200);
    let record = bench.ledger.load(&key()).await.unwrap().unwrap().record;
    let State::InDoubt { doubt } = record.state else { panic!("{:?}", record.state) };
    assert_eq!(doubt.evidence, ["a callback named task 7"]);
    assert_eq!((bench.proposals().await, bench.due().await), (vec!["7".to_owned()], 1));
}

#[tokio::test]
async fn a_queued_job_that_has_a_task_is_looked_for_with_each_account_and_holds_its_slots() {
    let bench = Bench::new().await;
    bench.has(State::Queued { why: None }, None).await;
    assert_eq!(bench.call_back("7").await, 200);
    let record = bench.ledger.load(&key()).await.unwrap().unwrap().record;
    assert!(matches!(record.state, State::InDoubt { .. }), "{:?}", record.state);
    assert_eq!(record.other_accounts, ["second"]);
    for pool in ["default:videos", "second:videos"] {
        assert_eq!(bench.ledger.permits(pool).await.unwrap().len(), 1, "{pool}");
    }
}

#[tokio::test]
async fn what_is_over_stays_over() {
    let bench = Bench::new().await;
    let settled = State::Settled { outcome: Outcome::Cancelled, at: Timestamp::EPOCH };
    bench.has(settled.clone(), None).await;
    assert_eq!(bench.call_back("7").await, 200);
    assert!(bench.proposals().await.is_empty());
    assert_eq!(bench.ledger.load(&key()).await.unwrap().unwrap().record.state, settled);
}

#[tokio::test]
async fn forged_addresses_get_no_information_and_change_nothing() {
    let bench = Bench::new().await;
    bench.has(State::InDoubt { doubt: doubt() }, Some(FAR)).await;
    let good = bench.signer.sign(&to());
    let other_job = CallbackTo { key: JobKey::parse("default/b").unwrap(), round: 1 };
    let token = signer(&["new"]).sign(&other_job);
    let stolen = format!("ZGVmYXVsdC9h/1/{}", token.rsplit('/').next().unwrap());
    let forged = [signer(&["guessed"]).sign(&to()), stolen, good.replace("/1/", "/2/"), "x".into()];
    for path in &forged {
        let body = r#"{"task_id":"7","task_status":"succeed"}"#;
        assert_eq!(bench.post(path, body).await, (404, String::new()), "{path}");
    }
    assert_eq!((bench.proposals().await.len(), bench.due().await), (0, 0));
    assert!(bench.ledger.proposals(&key(), 2).await.unwrap().is_empty());
    let old = signer(&["old"]).sign(&to());
    assert_eq!(bench.post(&old, "{}").await.0, 200, "the second secret is accepted");
}

#[tokio::test]
async fn a_body_has_a_cap() {
    let bench = Bench::new().await;
    let path = bench.signer.sign(&to());
    assert_eq!(bench.post(&path, vec![b' '; MOST_BYTES]).await.0, 200);
    let (status, told) = bench.post(&path, vec![b' '; MOST_BYTES + 1]).await;
    assert_eq!((status, told.as_str()), (413, "a body may have 65536 bytes\n"));
    let long = format!(r#"{{"task_id":"{}","task_status":"succeed"}}"#, "7".repeat(201));
    assert_eq!(bench.post(&path, long).await.0, 200);
    assert!(bench.proposals().await.is_empty(), "no id is that long");
}

/// Connections that send the beginning of a request and nothing more.
async fn half_sent(bench: &Bench, many: usize, begun: &str) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..many {
        let mut stream = TcpStream::connect(bench.gateway.address()).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

#[tokio::test]
async fn callers_that_never_finish_block_no_other() {
    let bench = Bench::new().await;
    let path = bench.signer.sign(&to());
    let heads = half_sent(&bench, 3 * CONNECTIONS, "POST /callbacks/x HTTP/1.1\r\nHost: a\r\n");
    let heads = heads.await;
    assert_eq!(bench.call_back("7").await, 200);
    let head = format!("POST /callbacks/{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    let bodies = half_sent(&bench, CONNECTIONS / 2, &head).await;
    assert_eq!(bench.call_back("7").await, 200);
    for mut stream in heads {
        // The gateway closes each, with or without a response.
        let mut told = Vec::new();
        let ending = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut told));
        let _reset_or_closed = ending.await.unwrap();
    }
    drop(bodies);
    assert!(bench.gateway.drain(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn while_the_ledger_is_away_the_provider_is_asked_to_repeat() {
    let bench = Bench::new().await;
    bench.file.clone().close().await;
    assert_eq!(bench.call_back("7").await, 503);
    assert!(bench.gateway.drain(Duration::from_secs(5)).await);
}
