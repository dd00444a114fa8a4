//! What `wait` and `submit --wait` tell while they wait.

use serde_json::json;

use crate::harness::{Environment, Provider, until};

const NO_WORKER: &str = "no worker is alive: `reelwork worker` or `reelwork up` submits jobs";

on_each_backend!(
    who_waits_for_a_worker_that_is_not_there_is_told_so_once,
    who_waits_for_a_slot_is_not_told_of_a_missing_worker,
    a_terminal_shows_the_state_and_the_time,
);

async fn who_waits_for_a_worker_that_is_not_there_is_told_so_once(environment: Environment) {
    let program = environment.program();
    let submit = ["submit", "videos/text2video", "--prompt", "x", "--key", "a", "--wait"];
    let told = program.run(&[&submit[..], &["--timeout", "8s"]].concat()).await.exits(5);
    assert_eq!(told.stderr.matches(NO_WORKER).count(), 1, "{}", told.stderr);
    let told = program.run(&["wait", "a", "b", "--timeout", "8s", "--json"]).await.exits(4);
    assert_eq!(told.stderr.matches(NO_WORKER).count(), 1, "{}", told.stderr);
    assert_eq!(told.lines().len(), 2, "stdout has the results alone");
}

async fn who_waits_for_a_slot_is_not_told_of_a_missing_worker(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.videos", "1");
    let _up = program.start_role("up", "up").await;
    let submit = ["submit", "videos/text2video", "--prompt", "x [job:one]", "--key"];
    program.run(&[&submit[..], &["one"]].concat()).await.exits(0);
    until("the slot is taken", async || provider.tasks_of("one").await == 1).await;
    let waiting = [&submit[..], &["two", "--wait", "--timeout", "8s"]].concat();
    let told = program.run(&waiting).await.exits(5);
    assert!(told.stdout.contains("two  waiting"), "{}", told.stdout);
    assert!(!told.stderr.contains("no worker"), "{}", told.stderr);
    assert_eq!(told.stderr.lines().count(), 1, "no progress where no terminal is: {told:?}");
}

async fn a_terminal_shows_the_state_and_the_time(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let submit = ["submit", "videos/text2video", "--prompt", "x", "--wait", "--timeout", "3s"];
    let shown = program.run_on_terminal(&[&submit[..], &["--key", "a"]].concat()).await.exits(5);
    assert!(shown.stdout.contains("a pending 1 s"), "{}", shown.stdout);
    let wait = ["wait", "a", "a", "--timeout", "2s"];
    let shown = program.run_on_terminal(&wait).await.exits(5);
    assert!(shown.stdout.contains("0 of 2 ended; 2 pending; 1 s"), "{}", shown.stdout);
}
