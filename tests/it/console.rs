//! The console, used in Chromium.

use std::time::Duration;

use serde_json::json;

use crate::command_line::dead::publish;
use crate::harness::{Backend, Environment, Node, Provider, free_port, until};

/// Kept after the test, below the target directory.
fn screens() -> std::path::PathBuf {
    let tests = std::env::current_exe().expect("this program");
    let directory = tests.ancestors().nth(3).expect("the target directory").join("console");
    std::fs::create_dir_all(&directory).expect("a directory");
    directory
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_uses_the_console_in_a_browser() {
    let environment = Environment::on(Backend::Rabbitmq);
    let faults =
        json!([{"kind": "fail_moderation", "first_n": 1, "operation": "images/generations"}]);
    let provider = Provider::here(json!({"faults": faults})).await;
    let mut program = environment.program_for(&provider);
    let port = free_port();
    program.set("gateway.listen", &format!("127.0.0.1:{port}"));
    program.set("gateway.console", "true");
    program.set("gateway.jobs_api", "true");
    program.set("money.enabled", "true");
    let up = program.start_role("up", "up").await;
    assert!(up.stderr().contains(&format!("the console on http://127.0.0.1:{port}/console")));
    publish(&environment, "letter", "videos.text2video.normal", "no job").await;
    until("it is a dead letter", async || {
        program.run(&["dead", "count", "--json"]).await.exits(0).json()["total"] == json!(1)
    })
    .await;
    let (base, screens) = (format!("http://127.0.0.1:{port}"), screens());
    let arguments = [base.as_str(), screens.to_str().expect("a path")];
    let script = Node::of_tests("console.js");
    let mut browser = Node::start(&environment, &script, &arguments, "");
    let code = browser.ended(Duration::from_secs(240)).await;
    assert_eq!(code, Some(0), "{}\n{}", browser.stdout(), browser.stderr());
    let steps = browser.stdout();
    for step in [
        "followed",
        "retried",
        "paused",
        "resumed",
        "replayed",
        "byKeyboard",
        "withoutScripts",
        "looks",
    ] {
        assert!(steps.contains(step), "{steps}");
    }
    assert!(screens.join("job-390-dark.png").exists());
    let log = up.stderr();
    for action in ["\"action\":\"retry\"", "\"action\":\"pause\"", "\"action\":\"replay\""] {
        assert!(log.contains(action), "{action} leaves a line in the log");
    }
}
