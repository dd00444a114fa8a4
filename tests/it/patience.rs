//! Faults that delay a job and have no other effect.

use std::collections::BTreeSet;

use job::{CloudEvent, EventKind};
use serde_json::json;
use simulator::FaultKind;

use crate::faults::{charges_one_attempt, publish, struck};
use crate::harness::{Backend, Consumer, Environment, Provider, free_port, until};

/// As server errors, these responses would each cause a doubt, and no look-up is possible.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_calls_busy_costs_no_doubt_and_no_attempt() {
    const JOBS: usize = 5;
    let environment = Environment::on(Backend::Rabbitmq);
    let busy = json!({"faults": [{"kind": "unavailable_page", "first_n": 2}]});
    let provider = Provider::here(busy).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.busy_codes", "503");
    program.set("kling.look_up", "none");
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    publish(&environment, JOBS).await;
    let received = consumer.receives_outcomes(JOBS).await;
    assert_eq!(received.count(EventKind::Succeeded), JOBS, "{:?}", received.0);
    let accounts = provider.accounts().await;
    assert_eq!(struck(&accounts, FaultKind::UnavailablePage), 2 * JOBS as u64);
    assert_eq!((accounts.accepted, accounts.double_paid), (JOBS as u64, 0));
    charges_one_attempt(&environment, &received).await;
}

/// Nothing listens at the provider's address: the job's only attempt is not used up.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_costs_no_attempt() {
    const JOBS: usize = 3;
    let environment = Environment::on(Backend::Rabbitmq);
    let port = free_port();
    let mut program = environment.program_for(&Provider::on(port));
    program.set("limits.max_attempts", "1");
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    publish(&environment, JOBS).await;
    let mut rests = BTreeSet::new();
    until("the lane was tried three times", async || {
        let told = program.run(&["why", "nobody"]).await.exits(4).stderr;
        let until = told.split("rests until ").nth(1).and_then(|rest| rest.split(' ').next());
        rests.extend(until.map(str::to_owned));
        rests.len() == 3
    })
    .await;
    let listen = format!("127.0.0.1:{port}");
    let settings = environment.file("provider.json", r#"{"life_ms": 200}"#);
    let arguments = ["simulator", "--listen", &listen, "--settings", &settings];
    let _simulator = environment.program().start("simulator", &arguments);
    let received = consumer.receives_outcomes(JOBS).await;
    assert_eq!(received.count(EventKind::Succeeded), JOBS, "{:?}", received.0);
    charges_one_attempt(&environment, &received).await;
}

/// A task takes longer than `poll.give_up`: `overdue` is announced once, and its outcome is marked
/// `late`.
#[tokio::test(flavor = "multi_thread")]
async fn an_overdue_task_is_announced_once_and_its_result_too() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({"life_ms": 4_000})).await;
    let mut program = environment.program_for(&provider);
    // At this pace, one second.
    program.set("poll.give_up", "100s");
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    publish(&environment, 1).await;
    until("it is overdue", async || consumer.received().count(EventKind::Overdue) == 1).await;
    assert!(consumer.received().outcomes().is_empty(), "it is still at work");
    let received = consumer.receives_outcomes(1).await;
    let kinds: Vec<_> = received.0.iter().filter_map(CloudEvent::kind).collect();
    assert_eq!(kinds, [EventKind::Overdue, EventKind::Succeeded]);
    let late: Vec<_> = received.0.iter().map(|event| event.data.late).collect();
    assert_eq!(late, [false, true], "only what comes after it");
    let accounts = provider.accounts().await;
    assert_eq!((accounts.submissions, accounts.accepted), (1, 1));
}
