//! Caps on spending, on real servers. What was spent is counted by the provider, which has prices of its
//! own.

use std::sync::Arc;

use job::{Cap, CostBasis, EventKind, Money, OnCap, Timestamp};
use kling::{Client, HttpSettings, HttpTransport};
use ledger_redis::RedisLedger;
use ports::{Ledger, SystemClock};
use recorder::Session;
use serde_json::{Value, json};
use worker::{Budget, Worker};

use crate::harness::{Backend, Consumer, Environment, Process, Provider, Setup, Wish, say, until};

const WORKERS: usize = 50;
const JOBS: usize = 300;

fn usd(text: &str) -> Money {
    Money::parse(text).expect("an amount")
}

/// What the provider has charged.
async fn charged(provider: &Provider) -> Money {
    let tasks = provider.accounts().await.tasks.expect("tasks");
    let micros = tasks.iter().map(|task| (task.usd * 1e6).round() as u64);
    micros.map(Money::from_micros).sum()
}

/// With a ledger connection of its own.
async fn worker(environment: &Environment, provider: &Provider, budget: Budget) -> Worker {
    let ledger = RedisLedger::connect(environment.ledger_settings()).await.expect("Redis");
    let ledger: Arc<dyn Ledger> = Arc::new(ledger);
    let clock = Arc::new(SystemClock);
    let session = Session::join(ledger.clone(), clock.clone(), Timestamp::EPOCH).await;
    let transport = HttpTransport::new(&HttpSettings::default()).expect("a transport");
    let kling = Client::new(Arc::new(transport), &provider.url, "test-key".into());
    let settings = worker::Settings {
        budget: Some(budget),
        // So that all of them have jobs.
        prefetch: 2,
        ..Setup::quick().worker
    };
    let (broker, session) = (environment.broker().await, Arc::new(session.expect("a session")));
    Worker::start(broker, ledger, session, kling.expect("a client"), clock, settings)
}

/// Of three prices.
fn request(n: usize) -> Value {
    let words = format!("A lighthouse [job:m-{n:03}]");
    match n % 3 {
        0 => json!({"prompt": words}),
        1 => json!({"prompt": words, "mode": "pro"}),
        _ => json!({"prompt": words, "model_name": "kling-v2-6", "mode": "pro", "sound": "on"}),
    }
}

fn jobs() -> String {
    let line = |n| {
        let operation = "videos/text2video";
        let message =
            json!({"id": format!("m-{n:03}"), "operation": operation, "request": request(n)});
        format!("{message}\n")
    };
    (0..JOBS).map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_workers_never_exceed_a_cap() {
    let cap = usd("20");
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({"life_ms": 50})).await;
    let program = environment.program_for(&provider);
    program.run(&["topology", "apply"]).await.exits(0);
    let consumer = Consumer::subscribed(&environment).await;
    let file = environment.file("jobs.jsonl", &jobs());
    program.run(&["submit", "--file", &file]).await.exits(0);
    let _poller = program.start_role("poller", "poller").await;
    let account = Cap { day: None, month: Some(cap) };
    let budget = Budget { account, on_cap: OnCap::Refuse, ..Budget::default() };
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(worker(&environment, &provider, budget.clone()).await);
    }

    let received = consumer.receives_outcomes(JOBS).await;
    let (spent, accounts) = (charged(&provider).await, provider.accounts().await);
    say(format!("{WORKERS} workers, a cap of ${cap}: {} tasks for ${spent}", accounts.accepted));
    assert!(spent <= cap, "${spent} of ${cap}");
    assert!(spent + usd("0.14") > cap, "the cheapest job would have fitted: ${spent} of ${cap}");
    assert_eq!(accounts.double_paid, 0);
    let refused = JOBS - accounts.accepted as usize;
    assert_eq!(received.count(EventKind::Rejected), refused);
    for event in &received.0 {
        let (error, cost) = (event.data.error.as_ref(), event.data.cost);
        match event.kind() {
            Some(EventKind::Rejected) => assert_eq!(error.expect("a reason").kind, "budget"),
            _ => assert_eq!(cost.expect("a cost").basis, CostBasis::Settled),
        }
    }
    settled(&environment, spent, refused as u64).await;
    for worker in workers {
        worker.drain(std::time::Duration::from_secs(10)).await;
    }
}

/// The ledger has counted the same as the provider.
async fn settled(environment: &Environment, spent: Money, refused: u64) {
    let program = environment.program();
    let mut costs = Value::Null;
    until("nothing is reserved any more", async || {
        costs = program.run(&["costs", "--json"]).await.exits(0).json();
        costs["periods"][1]["reserved"] == "0.00"
    })
    .await;
    let month = &costs["periods"][1];
    assert_eq!(month["spent"], json!(spent), "{costs}");
    // A worker that a busy machine stops loses its lease, and what it has refused comes again.
    let counted = month["refused"].as_u64().expect("a number");
    assert!((refused..refused + refused / 10 + 1).contains(&counted), "{refused}: {costs}");
}

const EACH: usize = 30;
/// Of these, 1.40 dollars pay ten.
const PAID: usize = 10;

fn of_tenants() -> String {
    let line = |n: usize, tenant: &str| {
        let mut message = Wish::video(&format!("{tenant}-{n}")).message();
        message["tenant"] = tenant.into();
        format!("{message}\n")
    };
    (0..EACH).flat_map(|n| ["acme", "other"].map(|tenant| line(n, tenant))).collect()
}

async fn workers(environment: &Environment, provider: &Provider, cap: &str) -> Vec<Process> {
    let mut workers = Vec::new();
    for n in 1..=2 {
        let mut program = environment.program_for(provider);
        program.set("limits.videos", "4");
        program.set("money.tenants_per_day", &format!("acme={cap}"));
        workers.push(program.start_role(&format!("worker-{n}-{cap}"), "worker").await);
    }
    workers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_at_its_cap_waits_and_others_pass_it() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({"life_ms": 50})).await;
    let program = environment.program_for(&provider);
    program.run(&["topology", "apply"]).await.exits(0);
    let consumer = Consumer::subscribed(&environment).await;
    let _poller = program.start_role("poller", "poller").await;
    let low = workers(&environment, &provider, "1.40").await;
    let file = environment.file("jobs.jsonl", &of_tenants());
    program.run(&["submit", "--file", &file]).await.exits(0);

    consumer.receives_outcomes(EACH + PAID).await;
    until("the others of the tenant wait", async || {
        let stats = program.run(&["stats", "--json"]).await.exits(0).json();
        stats["pools"][0]["waiting"] == EACH - PAID
    })
    .await;
    let accepted = provider.figures().await.accepted as usize;
    assert_eq!(accepted, EACH + PAID, "ten of the one, all of the other");
    let list = ["list", "--state", "waiting", "--tenant", "acme", "--json"];
    let waiting = program.run(&list).await.exits(0).stdout;
    assert!(waiting.contains("\"acme-"), "{waiting}");

    drop(low);
    let _high = workers(&environment, &provider, "100").await;
    let received = consumer.receives_outcomes(2 * EACH).await;
    assert_eq!(received.count(EventKind::Succeeded), 2 * EACH);
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (2 * EACH, 0));
}
