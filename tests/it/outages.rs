//! Outages between workers and the provider: no job is rejected or parked because of them, and work
//! resumes soon after they end.

use std::time::{Duration, Instant};

use job::EventKind;
use serde_json::json;
use simulator::FaultKind;

use crate::faults::struck;
use crate::harness::{
    Backend, Consumer, Environment, Process, Program, Provider, Wish, free_port, lines, say, until,
};

const JOBS: usize = 200;
const OUTAGE: Duration = Duration::from_secs(4);
/// The goal is 5 s; two cores are shared with other tests.
const SOON: Duration = Duration::from_secs(8);

/// How soon work resumed after an outage, and what the outage cost.
struct Outage {
    /// From its end to the next task.
    resumed: Duration,
    /// Requests that failed, beyond those in progress when it began.
    probes: u64,
}

/// With the default limits and this many workers.
async fn outage(kind: FaultKind, workers: u32) -> Outage {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    // The time to settle a doubt is not measured here.
    program.set("kling.timeout", "4s");
    program.set("doubt.settling", "1s");
    program.set("limits.videos", "5");
    program.run(&["topology", "apply"]).await.exits(0);
    let consumer = Consumer::subscribed(&environment).await;
    let _poller = program.start_role("poller", "poller").await;
    let mut _workers = Vec::new();
    for n in 1..=workers {
        _workers.push(program.start_role(&format!("worker-{n}"), "worker").await);
    }
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("job-{n:03}"))).collect();
    program
        .run(&["submit", "--file", &environment.file("jobs.jsonl", &lines(&jobs))])
        .await
        .exits(0);
    until("some are submitted", async || provider.figures().await.accepted > 10).await;

    let accounts = |fault| json!({"faults": [{"kind": fault}]});
    provider.change(accounts(serde_json::to_value(kind).expect("a word"))).await;
    until("it strikes", async || struck(&provider.figures().await, kind) > 0).await;
    // Requests that were in progress at its start have a response by then.
    tokio::time::sleep(OUTAGE / 4).await;
    let under_way = struck(&provider.figures().await, kind);
    tokio::time::sleep(OUTAGE - OUTAGE / 4).await;
    let before = provider.figures().await.accepted;
    let probes = struck(&provider.figures().await, kind) - under_way;
    provider.change(json!({})).await;
    let ended = Instant::now();
    until("a job is submitted again", async || provider.figures().await.accepted > before).await;
    let resumed = ended.elapsed();

    let received = consumer.receives_outcomes(JOBS).await;
    assert_eq!(received.count(EventKind::Succeeded), JOBS, "none is rejected or parked");
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (JOBS, 0));
    say(format!(
        "{kind:?} for {OUTAGE:?}, {workers} workers: {under_way} and then {probes} struck, \
         work again after {resumed:?}"
    ));
    Outage { resumed, probes }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_refuses_every_request_rejects_no_job() {
    let Outage { resumed, probes } = outage(FaultKind::ForbiddenPage, 1).await;
    assert!(resumed < SOON, "{resumed:?}");
    assert!(probes < 10, "one job at a time tries: {probes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_provider_costs_a_doubt_or_two() {
    let Outage { resumed, probes } = outage(FaultKind::UnavailablePage, 1).await;
    assert!(resumed < SOON, "{resumed:?}");
    assert!(probes <= 2, "each is a doubt: {probes}");
}

/// Other workers learn from one worker's doubt, because they share its slots.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_costs_many_workers_no_more_than_one() {
    let Outage { resumed, probes } = outage(FaultKind::UnavailablePage, 4).await;
    assert!(resumed < SOON, "{resumed:?}");
    assert!(probes <= 2, "each is a doubt: {probes}");
}

/// One route is broken from its first job on, and no task of it is known to test a look-up with.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_route_stops_no_other() {
    let doubts = broken_route(FaultKind::Error500NotCreated, "HTTP 500").await;
    assert!(doubts <= 4, "each holds a slot: {doubts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_refused_on_the_way_stops_no_other() {
    broken_route(FaultKind::ForbiddenPage, "HTTP 403").await;
}

/// Number of requests that failed until the jobs of another route were done.
async fn broken_route(kind: FaultKind, word: &str) -> u64 {
    const BROKEN: &str = "videos/image2video";
    let environment = Environment::on(Backend::Rabbitmq);
    let fault = json!({"kind": kind, "operation": BROKEN});
    let provider = Provider::here(json!({"faults": [fault]})).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.timeout", "4s");
    program.set("doubt.settling", "1s");
    program.set("limits.videos", "5");
    let consumer = Consumer::subscribed(&environment).await;
    let broken = (0..10).map(|n| Wish::of(BROKEN, &format!("broken-{n}"), ""));
    let jobs = broken.chain((0..40).map(|n| Wish::video(&format!("job-{n:02}"))));
    let jobs: String = jobs.map(|wish| format!("{}\n", wish.message())).collect();
    program.run(&["submit", "--file", &environment.file("jobs.jsonl", &jobs)]).await.exits(0);

    let began = Instant::now();
    let _up = program.start_role("up", "up").await;
    let _second = program.start_role("worker-2", "worker").await;
    let _third = program.start_role("worker-3", "worker").await;
    until("the others succeed", async || consumer.received().count(EventKind::Succeeded) == 40)
        .await;
    let passed = began.elapsed();
    let struck = struck(&provider.figures().await, kind);
    let told = |why: &str| why.contains("videos/image2video rests until") && why.contains(word);
    until("it is said which rests, and why", async || {
        told(&program.run(&["why", "nobody"]).await.exits(4).stderr)
    })
    .await;
    say(format!("40 others in {passed:?} behind 10 of a broken route, {struck} struck"));
    assert!(passed < Duration::from_secs(25), "{passed:?}");

    provider.change(json!({})).await;
    let received = consumer.receives_outcomes(50).await;
    assert_eq!(received.count(EventKind::Succeeded), 50, "none is rejected or parked");
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted, accounts.double_paid), (50, 0));
    struck
}

/// The provider denies forgotten tasks at every query.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_forgets_its_tasks_holds_up_no_other_job() {
    let environment = Environment::on(Backend::Rabbitmq);
    let port = free_port();
    let settings = environment.file("provider.json", r#"{"life_ms": 300}"#);
    let start = || -> Process {
        let listen = format!("127.0.0.1:{port}");
        let arguments = ["simulator", "--listen", &listen, "--settings", &settings];
        environment.program().start("simulator", &arguments)
    };
    let mut simulator = start();
    let provider = Provider::on(port);
    until("the simulator listens", async || provider.answers().await).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.videos", "5");
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("job-{n:03}"))).collect();
    program
        .run(&["submit", "--file", &environment.file("jobs.jsonl", &lines(&jobs))])
        .await
        .exits(0);
    until("some have ended", async || consumer.received().count(EventKind::Succeeded) > 10).await;

    simulator.kill().await;
    let _simulator = start();
    until("the simulator listens", async || provider.answers().await).await;
    let ended = Instant::now();
    until("a job is submitted", async || provider.figures().await.accepted > 0).await;
    let resumed = ended.elapsed();
    let succeeded = || consumer.received().count(EventKind::Succeeded);
    // The state of the forgotten tasks cannot be known: an operator ends their jobs.
    until("all else succeeds", async || {
        succeeded() >= JOBS - 5 && succeeded() + in_doubt(&program).await.len() == JOBS
    })
    .await;
    for id in in_doubt(&program).await {
        program.run(&["doubt", "fail", &id]).await.exits(0);
    }
    let failed = || consumer.received().count(EventKind::Failed);
    until("those fail", async || succeeded() + failed() == JOBS).await;
    let forgotten = failed();
    assert!((1..=5).contains(&forgotten), "{forgotten}");
    say(format!("forgotten by the provider: {forgotten} of {JOBS}, work again after {resumed:?}"));
    assert!(resumed < SOON, "{resumed:?}");
    assert_eq!(provider.accounts().await.double_paid, 0);
}

async fn in_doubt(program: &Program) -> Vec<String> {
    let listed = program.run(&["doubt", "list", "--json"]).await.exits(0);
    let ids = listed.lines().into_iter();
    ids.map(|job| job["id"].as_str().expect("an id").to_owned()).collect()
}
