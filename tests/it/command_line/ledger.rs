//! `ledger check|rebuild`.

use serde_json::json;

use crate::harness::{Backend, Consumer, Environment, Provider, Wish};

/// One job that has ended and one whose task is running, with a provider in this process.
async fn two_jobs(environment: &Environment, provider: &Provider) -> crate::harness::Program {
    let program = environment.program_for(provider);
    let consumer = Consumer::subscribed(environment).await;
    let mut worker = program.start_role("worker", "worker").await;
    let mut poller = program.start_role("poller", "poller").await;
    let jobs = [Wish::video("ended"), Wish::of("videos/effects", "running", "")];
    let file = environment.file("jobs.jsonl", &crate::harness::lines(&jobs));
    program.run(&["submit", "--file", &file]).await.exits(0);
    consumer.receives("ended").await;
    crate::harness::until("the other job is running", async || {
        let job = program.run(&["get", "running", "--json"]).await.json();
        job["state"] == "pending"
    })
    .await;
    worker.terminate();
    poller.terminate();
    for process in [&mut worker, &mut poller] {
        assert_eq!(process.ended(std::time::Duration::from_secs(20)).await, Some(0));
    }
    program
}

async fn provider() -> Provider {
    let lives = json!({
        "videos/text2video": {"median_s": 0.2, "sigma": 0.1},
        "videos/effects": {"median_s": 600.0, "sigma": 0.1},
    });
    Provider::here(json!({"lives": lives, "speed": 1.0})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_ledger_is_shown_job_by_job_and_rebuilt() {
    let mut environment = Environment::with_own_redis().await;
    let provider = provider().await;
    let program = two_jobs(&environment, &provider).await;
    let same = program.run(&["ledger", "check", "--json"]).await.exits(0);
    assert!(same.stdout.is_empty(), "{}", same.stdout);

    environment.redis().flush();
    for command in [&["list"][..], &["get", "ended"], &["why", "ended"]] {
        let told = program.run(command).await.stderr;
        assert!(told.contains("`reelwork ledger rebuild` compares it"), "{command:?}: {told}");
    }
    let told = program.run(&["doctor"]).await.stdout;
    assert!(told.contains("`reelwork ledger rebuild` compares it"), "{told}");
    let mut rows = program.run(&["ledger", "check", "--json"]).await.exits(1).lines();
    rows.sort_by_key(|row| row["id"].to_string());
    let told = |row: &serde_json::Value| (row["id"].clone(), row["ledger"].clone());
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [(json!("ended"), json!("missing")), (json!("running"), json!("missing")),]
    );
    assert!(
        rows[1]["journal"].as_str().is_some_and(|text| text.starts_with("pending")),
        "{rows:?}"
    );

    let done = program.run(&["ledger", "rebuild", "--json"]).await.exits(0).json();
    assert_eq!(done["rebuilt"], true);
    let opens_at = done["opens_at"].as_str().and_then(job::Timestamp::parse);
    assert!(opens_at.is_some_and(|at| at.as_millis() > 0), "{done}");
    program.run(&["ledger", "check"]).await.exits(0);
    let ended = program.run(&["get", "ended", "--json"]).await.exits(0);
    assert_eq!(ended.stderr, "", "it has been compared");
    let told = program.run(&["doctor"]).await.stdout;
    assert!(!told.contains("has not been compared"), "{told}");
    assert_eq!(ended.json()["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_the_provider_denies_is_a_difference() {
    let environment = Environment::on(Backend::Rabbitmq);
    let first = provider().await;
    let mut program = two_jobs(&environment, &first).await;
    let other = provider().await;
    program.set("kling.base_url", &other.url);
    let rows = program.run(&["ledger", "check", "--json"]).await.exits(1).lines();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["id"], "running");
    assert!(rows[0]["provider"].as_str().is_some_and(|text| text.contains("no such task")));
    program.run(&["ledger", "check", "--tasks", "0"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_compared_with_its_own_journal() {
    let environment = Environment::on(Backend::Embedded);
    let provider = provider().await;
    let program = two_jobs(&environment, &provider).await;
    program.run(&["ledger", "check"]).await.exits(0);
    program.run(&["ledger", "rebuild"]).await.exits(0);
    program.run(&["ledger", "check"]).await.exits(0);
}
