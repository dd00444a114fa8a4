//! `retry`: a job that did not succeed is done again, in a new round that is paid for.

use job::EventKind;
use serde_json::{Value, json};

use crate::harness::{Consumer, Environment, Program, Provider, Wish, lines, until};

on_each_backend!(
    a_failed_job_is_done_again_when_an_operator_agrees,
    jobs_that_ended_so_are_retried_together,
    what_cannot_be_done_again_stays_as_it_is,
    a_request_with_large_inline_files_is_not_kept,
);

/// The first task of each job fails.
fn first_fails() -> Value {
    json!({"faults": [{"kind": "fail_moderation", "first_n": 1}]})
}

async fn submit(environment: &Environment, program: &Program, wishes: &[Wish]) {
    let file = environment.file("jobs.jsonl", &lines(wishes));
    program.run(&["submit", "--file", &file]).await.exits(0);
}

async fn job(program: &Program, id: &str) -> Value {
    program.run(&["get", id, "--json"]).await.exits(0).json()
}

async fn a_failed_job_is_done_again_when_an_operator_agrees(environment: Environment) {
    let provider = Provider::here(first_fails()).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    submit(&environment, &program, &[Wish::video("a")]).await;
    assert_eq!(consumer.receives("a").await.kind(), Some(EventKind::Failed));

    let asked = program.run(&["retry", "a"]).await.exits(2);
    assert!(
        asked.stderr.contains("charges for again") && asked.stderr.contains("--yes"),
        "{}",
        asked.stderr
    );
    let told = program.run(&["retry", "a", "--dry-run", "--json"]).await.exits(0).json();
    assert_eq!((&told["jobs"], &told["unpriced"]), (&json!(1), &json!(0)), "{told}");
    assert_eq!(job(&program, "a").await["round"], 1, "nothing was changed");

    let begun = program.run(&["retry", "a", "--yes", "--json"]).await.exits(0).json();
    assert_eq!((&begun["round"], &begun["id"]), (&json!(2), &json!("a")));
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 1).await;
    let after = job(&program, "a").await;
    assert_eq!((&after["state"], &after["round"]), (&json!("succeeded"), &json!(2)));
    assert_eq!(consumer.received().count(EventKind::Failed), 1);
    let accounts = provider.accounts().await;
    assert_eq!(accounts.accepted, 2, "each round is one payment");

    let late = program.run(&["retry", "a", "--yes"]).await.exits(1);
    assert!(late.stderr.contains("default/a is not retried: it has succeeded"), "{}", late.stderr);
    program.run(&["retry", "none", "--yes"]).await.exits(4);
}

async fn jobs_that_ended_so_are_retried_together(environment: Environment) {
    let provider = Provider::here(first_fails()).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let wishes: Vec<Wish> = (0..5).map(|n| Wish::video(&format!("job-{n}"))).collect();
    submit(&environment, &program, &wishes).await;
    until("they fail", async || consumer.received().count(EventKind::Failed) == 5).await;

    for (selection, count) in [
        (&["--all"][..], 5),
        (&["--all", "--state", "failed"], 5),
        (&["--all", "--state", "rejected"], 0),
        (&["--all", "--error", "moderation"], 5),
        (&["--all", "--error", "generation"], 0),
        (&["--all", "--operation", "images/generations"], 0),
        (&["--all", "--tenant", "other"], 0),
        (&["job-1", "job-3"], 2),
    ] {
        let arguments = [&["retry", "--dry-run", "--json"], selection].concat();
        let told = program.run(&arguments).await.exits(0).json();
        assert_eq!(told["jobs"], count, "{selection:?}: {told}");
    }
    let file = environment.file("ids", "job-0\n\njob-4\n");
    program.run(&["retry", "--file", &file, "--yes"]).await.exits(0);
    until("two succeed", async || consumer.received().count(EventKind::Succeeded) == 2).await;
    let rest = program.run(&["retry", "--all", "--yes", "--json"]).await.exits(0);
    assert_eq!(rest.lines().len(), 3, "{}", rest.stdout);
    until("all succeed", async || consumer.received().count(EventKind::Succeeded) == 5).await;
    assert_eq!(provider.accounts().await.accepted, 10);
    for arguments in [
        &["retry"][..],
        &["retry", "a", "--all"],
        &["retry", "a", "--error", "x"],
        &["retry", "--all", "--state", "pending"],
    ] {
        program.run(arguments).await.exits(2);
    }
}

async fn what_cannot_be_done_again_stays_as_it_is(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let mut up = program.start_role("up", "up").await;
    submit(&environment, &program, &[Wish::video("done")]).await;
    assert_eq!(consumer.receives("done").await.kind(), Some(EventKind::Succeeded));
    up.stop().await;
    program.run(&["cancel", "gone", "--ahead"]).await.exits(0);
    for (id, why) in [("done", "it has succeeded"), ("gone", "it was no job")] {
        let refused = program.run(&["retry", id, "--yes"]).await.exits(1);
        assert!(refused.stderr.contains(why), "{id}: {}", refused.stderr);
    }
    assert_eq!(provider.accounts().await.accepted, 1);
}

async fn a_request_with_large_inline_files_is_not_kept(environment: Environment) {
    let provider = Provider::here(first_fails()).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let mut large = Wish::video("large");
    large.request["note"] = "x".repeat(20_000).into();
    submit(&environment, &program, &[large, Wish::video("small")]).await;
    until("they fail", async || consumer.received().count(EventKind::Failed) == 2).await;
    let told = program.run(&["retry", "--all", "--yes"]).await.exits(1);
    assert!(
        told.stderr.contains("large is not retried: its request is not kept"),
        "{}",
        told.stderr
    );
    until("the other one succeeds", async || consumer.received().count(EventKind::Succeeded) == 1)
        .await;
    assert_eq!(job(&program, "large").await["round"], 1);
}
