//! Services that are unreachable or refuse access, and wrong arguments: each gives one exit code,
//! one line, and no secret.

use std::net::TcpListener;

use crate::harness::{Backend, Done, Environment, Program, amqp_url, redis_url};

const CANARY: &str = "canary-7d1f";

/// The one line of stderr with the cause.
#[track_caller]
fn one_line(done: Done, code: i32) -> String {
    let done = done.exits(code);
    let lines: Vec<&str> = done.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{}", done.stderr);
    assert!(lines[0].starts_with("reelwork: ") && lines[0].len() < 400, "{}", lines[0]);
    assert!(!lines[0].contains(CANARY) && !done.stdout.contains(CANARY), "{done:?}");
    lines[0].to_owned()
}

/// An address without a listener.
fn nowhere() -> String {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    taken.local_addr().expect("an address").to_string()
}

/// The address with another password.
fn with_canary(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let host = rest.rsplit('@').next().expect("a host");
    format!("{scheme}://{user}:{CANARY}@{host}")
}

const ASKS_THE_BROKER: [&[&str]; 7] = [
    &["submit", "videos/text2video", "--prompt", "x"],
    &["events", "--count", "1"],
    &["dead", "list"],
    &["topology", "show"],
    &["stats"],
    &["worker"],
    &["poller"],
];

const ASKS_THE_LEDGER: [&[&str]; 12] = [
    &["get", "a"],
    &["wait", "a"],
    &["list"],
    &["stats"],
    &["costs"],
    &["why", "a"],
    &["cancel", "a"],
    &["pause"],
    &["pause", "--account", "--reason", "x"],
    &["resume", "--account"],
    &["worker"],
    &["poller"],
];

fn program(environment: &Environment) -> Program {
    let mut program = environment.program();
    program.set("kling.api_key", CANARY);
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_69() {
    let environment = Environment::on(Backend::Rabbitmq);
    let mut program = program(&environment);
    let nowhere = nowhere();
    program.set("broker.url", &format!("amqp://me:{CANARY}@{nowhere}"));
    for command in ASKS_THE_BROKER {
        let line = one_line(program.run(command).await, 69);
        assert!(line.contains(&nowhere), "{command:?}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_away_is_69() {
    let environment = Environment::on(Backend::Rabbitmq);
    let mut program = program(&environment);
    program.set("ledger.url", &format!("redis://:{CANARY}@{}", nowhere()));
    for command in ASKS_THE_LEDGER {
        let line = one_line(program.run(command).await, 69);
        assert!(line.contains("ledger is unavailable"), "{command:?}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_78() {
    let environment = Environment::on(Backend::Rabbitmq);
    let mut broker = program(&environment);
    broker.set("broker.url", &with_canary(&amqp_url(), "guest"));
    for command in ASKS_THE_BROKER {
        let line = one_line(broker.run(command).await, 78);
        assert!(line.contains("ACCESS_REFUSED"), "{command:?}: {line}");
    }
    let mut ledger = program(&environment);
    ledger.set("ledger.url", &with_canary(&redis_url(), "nobody"));
    for command in ASKS_THE_LEDGER {
        let line = one_line(ledger.run(command).await, 78);
        assert!(line.contains("refuses us"), "{command:?}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_address_is_78() {
    let environment = Environment::on(Backend::Rabbitmq);
    for (key, url) in [
        ("broker.url", format!("amqp//me:{CANARY}@broker")),
        ("broker.url", format!("amqp://me:{CANARY}@broker:99999")),
        ("broker.url", format!("http://me:{CANARY}@broker")),
        ("ledger.url", format!("redis:me:{CANARY}")),
        ("kling.base_url", format!("https://me:{CANARY}@api.example")),
    ] {
        let mut program = program(&environment);
        program.set(key, &url);
        let line =
            one_line(program.run(&["submit", "videos/text2video", "--prompt", "x"]).await, 78);
        assert!(line.contains(key), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_a_key_is_78() {
    let environment = Environment::on(Backend::Embedded);
    for role in ["worker", "poller", "up"] {
        let line = one_line(environment.program().run(&[role]).await, 78);
        assert!(line.contains("kling.api_key"), "{role}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_78() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    program.set("embedded.path", &environment.file("notes.txt", &"not a database ".repeat(100)));
    one_line(program.run(&["list"]).await, 78);
    program.set("embedded.path", &environment.directory().display().to_string());
    one_line(program.run(&["list"]).await, 78);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_does_not_know_is_2() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    let missing = environment.directory().join("missing.jsonl").display().to_string();
    let cases: [&[&str]; 20] = [
        &["sing"],
        &["submit"],
        &["submit", "videos/text2video", "--file", "x"],
        &["submit", "videos/text2video", "--set", "duration"],
        &["submit", "videos/text2video", "--priority", "urgent"],
        &["submit", "videos/text2video", "--deadline", "tomorrow"],
        &["submit", "videos/text2video", "--timeout", "3s"],
        &["submit", "--file", &missing],
        &["submit", "videos/nope", "--prompt", "x"],
        &["submit", "texts/poem", "--prompt", "x"],
        &["submit", "videos", "--prompt", "x"],
        &["submit", "videos/text2video", "--prompt", "x", "--set", "cfg_scale=3"],
        &["submit", "videos/text2video", "--prompt", "x", "--tenant", "a/b"],
        &["submit", "videos/text2video", "--prompt", "x", "--key", ""],
        &["submit", "videos/text2video", "--prompt", "x", "--retries", "99"],
        &[
            "submit",
            "videos/text2video",
            "--prompt",
            "x",
            "--deadline",
            "2026-12-01T12:00:00+25:00",
        ],
        &["wait"],
        &["wait", "a", "--timeout", "5d"],
        &["get", "a", "--tenant", "a/b"],
        &["demo", "--backend", "kafka"],
    ];
    for case in cases {
        let done = program.run(case).await.exits(2);
        assert!(!done.stderr.is_empty() && done.stdout.is_empty(), "{case:?}: {done:?}");
    }
}
