//! A worker gets SIGTERM during its POSTs.

use std::time::{Duration, Instant};

use job::{EventKind, Lane, Priority, Resource};
use ports::Source;
use serde_json::json;

use crate::harness::{Consumer, Environment, Provider, Wish, until};

const JOBS: usize = 40;
/// The jobs that the first worker is submitting at SIGTERM.
const IN_HAND: usize = 10;
/// Far longer than returning the other deliveries may take.
const ANSWER_MS: u64 = 4_000;

on_each_backend!(half_sent_posts_are_recorded_and_the_rest_goes_back_at_once);

async fn half_sent_posts_are_recorded_and_the_rest_goes_back_at_once(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.timeout", "20s");
    program.set("limits.max_in_progress", &IN_HAND.to_string());
    let consumer = Consumer::subscribed(&environment).await;
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("drain-{n:02}"))).collect();
    let lines: String = jobs.iter().map(|job| format!("{}\n", job.message())).collect();
    let file = environment.file("jobs.jsonl", &lines);

    let mut first = program.start_role("worker-1", "worker").await;
    // One response that was understood: from here on, many requests are sent at once.
    program.run(&["submit", "videos/text2video", "--prompt", "x", "--key", "warm"]).await.exits(0);
    until("it was answered", async || {
        program.run(&["get", "warm", "--json"]).await.json()["task_id"].is_string()
    })
    .await;
    let slow = json!({"faults": [{"kind": "delay_ms", "value": ANSWER_MS, "first_n": 1}]});
    provider.change(slow).await;
    program.run(&["submit", "--file", &file]).await.exits(0);
    until("the first worker has its hands full", async || {
        provider.accounts().await.accepted as usize > IN_HAND
    })
    .await;
    let told = Instant::now();
    first.terminate();
    let lane = Source::Lane(Lane { resource: Resource::Videos, priority: Priority::Normal });
    let broker = environment.broker().await;
    until("the rest is back", async || {
        broker.depth(&lane).await.expect("a depth") as usize == JOBS - IN_HAND
    })
    .await;
    let back_after = told.elapsed();
    assert!(back_after < Duration::from_millis(ANSWER_MS / 2), "given back after {back_after:?}");
    assert_eq!(first.ended(Duration::from_secs(15)).await, Some(0), "{}", first.stderr());

    // No poller runs yet: the jobs of the first worker are pending, and none is in doubt.
    let pending = program.run(&["list", "--json", "--limit", "100"]).await.exits(0).lines();
    assert_eq!(pending.len(), IN_HAND + 1, "only what was sent has a record: {pending:?}");
    assert!(pending.iter().all(|job| job["state"] == "pending" && job["task_id"].is_string()));

    let _second = program.start_role("worker-2", "worker").await;
    let _poller = program.start_role("poller", "poller").await;
    let received = consumer.receives_outcomes(JOBS + 1).await;
    received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()).chain(["warm"]));
    assert_eq!(received.count(EventKind::Succeeded), JOBS + 1);
    let records = program.run(&["list", "--json", "--limit", "100"]).await.exits(0).lines();
    assert_eq!(records.len(), JOBS + 1);
    assert!(records.iter().all(|job| job["attempt"] == 1), "an attempt was burned: {records:?}");
    let accounts = provider.accounts().await;
    assert_eq!((accounts.double_paid, accounts.accepted), (0, JOBS as u64 + 1));
}
