//! Known tasks of the provider test a look-up before a response is lost. An untested look-up
//! settles no doubt, so doubts would hold their slots.

use std::time::{Duration, Instant};

use job::EventKind;
use serde_json::json;
use simulator::FaultKind;

use crate::faults::struck;
use crate::harness::{Backend, Consumer, Environment, Program, Provider, Wish, lines, say, until};

const SOON: Duration = Duration::from_secs(12);

fn program(environment: &Environment, provider: &Provider) -> Program {
    let mut program = environment.program_for(provider);
    program.set("kling.timeout", "4s");
    program.set("doubt.settling", "1s");
    program.set("limits.videos", "5");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_seen_before_a_restart_tests_the_look_up_after_it() {
    settled_after(Environment::on(Backend::Rabbitmq), |_| {}).await;
}

/// Then only the records contain such a task.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_a_rebuilt_ledger_tests_the_look_up() {
    settled_after(Environment::with_own_redis().await, |environment| environment.redis().flush())
        .await;
}

/// No other job is published whose task could test the look-up.
async fn settled_after(mut environment: Environment, between: impl Fn(&mut Environment)) {
    let provider = Provider::here(json!({})).await;
    let program = program(&environment, &provider);
    let consumer = Consumer::subscribed(&environment).await;
    let mut first = program.start_role("up", "up").await;
    program
        .run(&["submit", "--file", &environment.file("a", &lines(&[Wish::video("a")]))])
        .await
        .exits(0);
    consumer.receives_outcomes(1).await;
    first.stop().await;
    between(&mut environment);

    let kind = FaultKind::Error500NotCreated;
    provider.change(json!({"faults": [{"kind": kind}]})).await;
    let _second = program.start_role("up-again", "up").await;
    program
        .run(&["submit", "--file", &environment.file("b", &lines(&[Wish::video("b")]))])
        .await
        .exits(0);
    until("it strikes", async || struck(&provider.figures().await, kind) == 1).await;
    provider.change(json!({})).await;
    let received = consumer.receives_outcomes(2).await;
    assert_eq!(received.count(EventKind::Succeeded), 2);
    assert_eq!(provider.accounts().await.double_paid, 0);
}

/// Each attempt may cost one of five slots for half an hour.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_works_soon_after_an_outage_of_ten_seconds() {
    const JOBS: usize = 50;
    let environment = Environment::on(Backend::Rabbitmq);
    let kind = FaultKind::UnavailablePage;
    let provider = Provider::here(json!({"faults": [{"kind": kind}]})).await;
    let program = program(&environment, &provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let _second = program.start_role("worker-2", "worker").await;
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("job-{n:02}"))).collect();
    program.run(&["submit", "--file", &environment.file("jobs", &lines(&jobs))]).await.exits(0);
    until("it strikes", async || struck(&provider.figures().await, kind) > 0).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let doubts = struck(&provider.figures().await, kind);
    provider.change(json!({})).await;
    let ended = Instant::now();
    until("a job is submitted", async || provider.figures().await.accepted > 0).await;
    let resumed = ended.elapsed();
    say(format!("10 s of {kind:?}, nothing known: {doubts} doubts, work again after {resumed:?}"));
    assert!(resumed < SOON && doubts <= 3, "{resumed:?}, {doubts}");
    let received = consumer.receives_outcomes(JOBS).await;
    assert_eq!(received.count(EventKind::Succeeded), JOBS, "none is rejected or parked");
}
