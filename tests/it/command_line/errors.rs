//! With `--json`, a command that fails tells why in one object on stderr.

use serde_json::{Value, json};

use crate::harness::{Backend, Done, Environment};

/// The object, which is the last line of stderr.
#[track_caller]
fn error(done: Done, code: i32) -> Value {
    let done = done.exits(code);
    let last = done.stderr.lines().last().unwrap_or_default();
    let told: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("no JSON: {done:?}"));
    assert_eq!(told["error"]["exit_code"], code, "{told}");
    assert!(told["error"]["message"].as_str().is_some_and(|words| !words.is_empty()), "{told}");
    told["error"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_an_object_of_its_kind() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    let missing = environment.directory().join("missing.jsonl").display().to_string();
    for (command, code, kind) in [
        (&["get", "a"][..], 4, "not_found"),
        (&["why", "a"], 4, "not_found"),
        (&["resume", "--account"], 4, "not_found"),
        (&["get", "a", "--tenant", "a/b"], 2, "usage"),
        (&["submit", "--file", &missing], 2, "usage"),
        (&["worker"], 78, "configuration"),
        (&["health"], 78, "configuration"),
        (&["config", "show", "--config", &missing], 78, "configuration"),
        // What clap refuses.
        (&["sing"], 2, "usage"),
        (&["wait"], 2, "usage"),
        (&["operations", "videos/text2vidoe"], 2, "usage"),
        (&["wait", "a", "--timeout", "5d"], 2, "usage"),
    ] {
        let arguments = [command, &["--json"]].concat();
        let told = error(program.run(&arguments).await, code);
        assert_eq!(told["kind"], kind, "{command:?}: {told}");
        let plain = program.run(command).await.exits(code);
        assert!(!plain.stderr.contains("exit_code"), "{command:?}: {}", plain.stderr);
    }
    program.set("broker.url", "amqp://127.0.0.1:1");
    program.set("ledger.url", "redis://127.0.0.1:1");
    for command in [["stats", "--json"], ["list", "--json"]] {
        assert_eq!(error(program.run(&command).await, 69)["kind"], "unavailable", "{command:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_of_the_configuration_are_in_the_object() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    program.set("poll.sweep", "soon");
    program.set("limits.videos", "many");
    let told = error(program.run(&["list", "--json"]).await, 78);
    let keys: Vec<_> =
        told["problems"].as_array().expect("a list").iter().map(|p| &p["key"]).collect();
    assert_eq!(told["kind"], "configuration");
    assert!(
        keys.contains(&&json!("poll.sweep")) && keys.contains(&&json!("limits.videos")),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_the_version_are_no_errors() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    for flag in ["--help", "--version"] {
        let told = program.run(&[flag, "--json"]).await.exits(0);
        assert!(told.stdout.contains("reelwork") && told.stderr.is_empty(), "{told:?}");
    }
    let told = error(program.run(&["--json"]).await, 2);
    assert_eq!(told["kind"], "usage");
}

/// A role whose log is JSON writes one form of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_a_log_of_json_reports_in_its_log() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    program.set("telemetry.log_format", "json");
    let done = program.run(&["worker", "--json"]).await.exits(78);
    let last = done.stderr.lines().last().expect("a line").to_owned();
    let line: Value = serde_json::from_str(&last).expect("JSON");
    assert_eq!(line["level"], "ERROR", "{line}");
    assert!(line["error"].is_null(), "{line}");
}
