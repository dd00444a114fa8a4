//! `reelwork simulator` and `up --simulate`, started as in the documents and manifests.

use std::path::Path;

use serde_json::Value;

use crate::harness::{
    Backend, Environment, Process, Program, Provider, Wish, free_port, lines, until,
};

const JOBS: usize = 20;

/// The simulator as the manifests start it, on this port.
fn start(environment: &Environment, port: u16, more: &[&str]) -> Process {
    let settings = environment.file("provider.json", r#"{"life_ms": 1500}"#);
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["simulator", "--listen", &listen, "--settings", &settings];
    environment.program().start("simulator", &[&arguments, more].concat())
}

fn ids() -> Vec<String> {
    (0..JOBS).map(|number| format!("job-{number}")).collect()
}

async fn submit(environment: &Environment, program: &Program) {
    let jobs: Vec<_> = ids().iter().map(|id| Wish::video(id)).collect();
    let file = environment.file("jobs.jsonl", &lines(&jobs));
    program.run(&["submit", "--file", &file]).await.exits(0);
}

/// Waits for each job.
async fn all_succeed(program: &Program) {
    for id in ids() {
        let ended = program.run(&["wait", "--json", &id]).await.exits(0);
        assert!(ended.stdout.contains("succeeded"), "{}", ended.stdout);
    }
}

/// The number of lines with a task in the simulator's file.
fn tasks_on(books: &Path) -> usize {
    let text = std::fs::read_to_string(books).unwrap_or_default();
    text.lines().filter(|line| line.contains("\"facts\"")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_simulator_finds_its_tasks_again() {
    let environment = Environment::on(Backend::Embedded);
    let (port, books) = (free_port(), environment.directory().join("books.jsonl"));
    let with_books = ["--books", books.to_str().expect("a path")];
    let mut simulator = start(&environment, port, &with_books);
    let provider = Provider::on(port);
    until("the simulator listens", async || provider.answers().await).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.videos", "10");
    let _up = program.start_role("up", "up").await;
    submit(&environment, &program).await;

    // Some tasks are running, and more jobs are not yet submitted.
    until("ten tasks are on paper", async || tasks_on(&books) >= 10).await;
    simulator.kill().await;
    let _simulator = start(&environment, port, &with_books);
    all_succeed(&program).await;
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted, accounts.double_paid), (JOBS as u64, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_up_finishes_what_a_killed_one_began() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    program.set("limits.videos", "10");
    let books = environment.directory().join("reelwork.simulator.jsonl");
    let mut first = program.start("first", &["up", "--simulate"]);
    first.says("ready:").await;
    // About eight seconds, at the speed of tasks there.
    let image = "image=https://files.example/cat.png";
    let submit = ["submit", "videos/image2video", "--set", image, "--key", "one"];
    program.run(&submit).await.exits(0);
    until("the job is at work", async || state(&program).await == "pending").await;
    assert_eq!(tasks_on(&books), 1);
    first.kill().await;

    let second = program.start("second", &["up", "--simulate"]);
    second.says("ready:").await;
    let ended = program.run(&["wait", "--json", "one"]).await.exits(0);
    assert!(ended.stdout.contains("succeeded"), "{}", ended.stdout);
    assert_eq!(tasks_on(&books), 1, "paid once");
}

async fn state(program: &Program) -> String {
    let told: Option<Value> =
        serde_json::from_str(&program.run(&["get", "--json", "one"]).await.stdout).ok();
    told.and_then(|told| Some(told["state"].as_str()?.to_owned())).unwrap_or_default()
}

/// As in the compose file: callbacks are sent only to this host.
#[tokio::test(flavor = "multi_thread")]
async fn callbacks_reach_a_gateway_whose_host_is_named() {
    for (named, reached) in [("localhost", true), ("gateway", false)] {
        let environment = Environment::on(Backend::Embedded);
        let (port, hook) = (free_port(), free_port());
        let _simulator = start(&environment, port, &["--callback-host", named]);
        let provider = Provider::on(port);
        until("the simulator listens", async || provider.answers().await).await;
        let mut program = environment.program_for(&provider);
        program.set("gateway.listen", &format!("127.0.0.1:{hook}"));
        program.set("gateway.callback_url", &format!("http://localhost:{hook}"));
        program.set("gateway.callback_secrets", "a-secret-that-is-long-enough-for-it");
        let _up = program.start_role("up", "up").await;
        submit(&environment, &program).await;
        all_succeed(&program).await;
        until("every status was called back, or refused", async || {
            let counts = provider.figures().await.callbacks;
            let (sent, refused) = (counts.sent, counts.refused);
            let twice = 2 * JOBS as u64;
            (sent, refused) == if reached { (twice, 0) } else { (0, twice) }
        })
        .await;
    }
}
