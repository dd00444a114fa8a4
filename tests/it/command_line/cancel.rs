//! `cancel`: before the job was seen, before it was submitted, and too late.

use job::EventKind;
use serde_json::{Value, json};

use crate::harness::{Audience, House, Program, Provider, Wish, lines, until};

on_each_backend!(
    a_job_cancelled_before_it_comes_is_never_submitted,
    a_job_that_waits_for_its_next_try_is_cancelled,
    what_the_provider_has_goes_on,
);

async fn submit(house: &House, program: &Program, wish: &Wish) {
    let file = house.file("jobs.jsonl", &lines(std::slice::from_ref(wish)));
    program.run(&["submit", "--file", &file]).await.exits(0);
}

async fn state(program: &Program, id: &str) -> Value {
    program.run(&["get", id, "--json"]).await.exits(0).json()["state"].clone()
}

async fn a_job_cancelled_before_it_comes_is_never_submitted(house: House) {
    let provider = Provider::here(json!({})).await;
    let program = house.program_for(&provider);
    let audience = Audience::seated(&house).await;
    let cancelled = program.run(&["cancel", "gone", "--json"]).await.exits(0).json();
    assert_eq!((&cancelled["id"], &cancelled["state"]), (&json!("gone"), &json!("cancelled")));
    // Twice is once.
    program.run(&["cancel", "gone"]).await.exits(0);

    let _up = program.start_role("up", "up").await;
    submit(&house, &program, &Wish::video("gone")).await;
    let event = audience.hears("gone").await;
    assert_eq!(event.kind(), Some(EventKind::Cancelled));
    assert_eq!(event.data.operation.as_str(), "videos/text2video", "in the job's own words");
    assert_eq!(provider.accounts().await.submissions, 0);
}

async fn a_job_that_waits_for_its_next_try_is_cancelled(house: House) {
    let provider = Provider::here(json!({"faults": [{"kind": "busy"}]})).await;
    let program = house.program_for(&provider);
    let audience = Audience::seated(&house).await;
    let _up = program.start_role("up", "up").await;
    submit(&house, &program, &Wish::video("waits")).await;
    let mut cancelled = false;
    until("it is cancelled between two tries", async || {
        // While it is being submitted it is too late, for the moment.
        cancelled = cancelled || program.run(&["cancel", "waits"]).await.code == 0;
        cancelled && state(&program, "waits").await == "cancelled"
    })
    .await;
    let event = audience.hears("waits").await;
    assert_eq!(event.kind(), Some(EventKind::Cancelled));

    // The provider is free again, and the message comes back from its wait: nothing is sent.
    provider.change(json!({})).await;
    submit(&house, &program, &Wish::video("next")).await;
    assert_eq!(audience.hears("next").await.kind(), Some(EventKind::Succeeded));
    assert_eq!(provider.tasks_of("waits").await, 0);
    assert_eq!(state(&program, "waits").await, "cancelled");
}

async fn what_the_provider_has_goes_on(house: House) {
    let provider = Provider::here(json!({"life_ms": 3_000})).await;
    let program = house.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    submit(&house, &program, &Wish::video("late")).await;
    until("the provider has it", async || state(&program, "late").await == "pending").await;
    let refused = program.run(&["cancel", "late", "--json"]).await.exits(1);
    assert_eq!(refused.json()["state"], "pending");
    assert!(refused.stderr.contains("cannot stop a task"), "{}", refused.stderr);
    program.run(&["wait", "late", "--timeout", "30s"]).await.exits(0);
    let ended = program.run(&["cancel", "late"]).await.exits(1);
    assert!(ended.stderr.contains("already ended: succeeded"), "{}", ended.stderr);
}
