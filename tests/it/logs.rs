//! What the roles log: lines that can be followed by job, task and trace, and no secret.

use job::EventKind;
use serde_json::{Value, json};

use crate::examples::example;
use crate::harness::{
    Backend, Consumer, Environment, Process, Provider, Python, Wish, lines, until,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The log of a role, as a log collector reads it: the last line may be incomplete.
fn log(role: &Process) -> Vec<Value> {
    let log = role.stderr();
    let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let object = |line| serde_json::from_str(line).ok().filter(Value::is_object);
    whole.map(|line| object(line).unwrap_or_else(|| panic!("no JSON object: {line}"))).collect()
}

/// The lines about one job.
fn about(role: &Process, job: &str) -> Vec<Value> {
    let mut lines = log(role);
    lines.retain(|line| line["job"] == job);
    lines
}

fn says(log: &[Value], words: &str) -> Option<Value> {
    let says = |line: &&Value| line["message"].as_str().is_some_and(|said| said.contains(words));
    log.iter().find(says).cloned()
}

/// From the first line to the last, also for a role that cannot start.
#[tokio::test(flavor = "multi_thread")]
async fn every_json_line_of_a_role_is_one_object() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    program.set("telemetry.log_format", "json");
    program.set("gateway.callback_secrets", "long-enough-for-a-test");
    program.set("gateway.listen", "127.0.0.1:0");
    program.set("admin.listen", "127.0.0.1:0");
    let unable = program.run(&["worker"]).await.exits(78);
    let told: Value = serde_json::from_str(&unable.stderr).expect("one JSON object");
    assert_eq!(told["level"], "ERROR", "{told}");

    program.env("COMETAPI_KEY", "a-key");
    let mut poller = program.start("poller", &["poller"]);
    poller.says("ready:").await;
    poller.stop().await;
    assert!(says(&log(&poller), "COMETAPI_KEY").is_some(), "{}", poller.stderr());

    let mut up = program.start("up", &["up", "--simulate"]);
    up.says("ready:").await;
    up.stop().await;
    let log = log(&up);
    for words in ["simulated provider on", "callbacks on", "health on", "draining"] {
        assert!(says(&log, words).is_some(), "{words}: {log:?}");
    }
    let ready = says(&log, "ready: both").expect("it was ready");
    assert_eq!((&ready["role"], &ready["level"]), (&json!("both"), &json!("INFO")));
    let health = says(&log, "health on").expect("it told");
    assert!(health["url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")));
}

/// Lines that people and scripts wait for.
#[tokio::test(flavor = "multi_thread")]
async fn on_the_default_format_these_words_are_lines_of_their_own() {
    let environment = Environment::on(Backend::Embedded);
    let mut up = environment.program().start("up", &["up", "--simulate"]);
    up.says("ready:").await;
    up.stop().await;
    let log = up.stderr();
    let draining = "draining: nothing new is taken, what is under way is finished";
    for line in ["ready: both; stop with ctrl-c", draining] {
        assert!(log.lines().any(|told| told == line), "{line}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_job_is_one_line_with_its_task_and_trace() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("telemetry.log_format", "json");
    let up = program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(&environment).await;
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let exchange = format!("{}.jobs", environment.namespace);
    let request = json!({"prompt": "A cat [job:traced]"}).to_string();
    let arguments = [
        environment.amqp.as_str(),
        "traced",
        "videos/text2video",
        &request,
        "--exchange",
        &exchange,
        "--traceparent",
        &traceparent,
    ];
    let mut producer = Python::play(&environment, &example("python/producer.py"), &arguments, "");
    assert_eq!(producer.ended(std::time::Duration::from_secs(30)).await, Some(0));

    let event = consumer.receives("traced").await;
    assert_eq!(event.kind(), Some(EventKind::Succeeded));
    assert_eq!(event.traceparent.as_deref(), Some(traceparent.as_str()));
    until("both changes are logged", async || about(&up, "default/traced").len() >= 2).await;
    let lines = about(&up, "default/traced");
    let told: Vec<_> =
        lines.iter().map(|line| (line["level"].clone(), line["state"].clone())).collect();
    assert_eq!(told, [(json!("INFO"), json!("pending")), (json!("INFO"), json!("succeeded"))]);
    for line in lines {
        assert_eq!(line["trace_id"], TRACE, "{line}");
        assert_eq!(line["task"], json!(event.data.task_id), "{line}");
        assert_eq!(line["round"], 1, "{line}");
    }
}

/// At the most verbose level, including the logs of libraries.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged() {
    const KEY: &str = "canary-of-the-provider-0041";
    const CALLBACKS: &str = "canary-of-the-callbacks-0042-long-enough";
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.api_key", KEY);
    program.set("gateway.callback_secrets", CALLBACKS);
    program.set("gateway.callback_url", "http://127.0.0.1:9");
    program.set("gateway.listen", "127.0.0.1:0");
    program.set("telemetry.log", "trace,lapin=trace");
    let up = program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(&environment).await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("quiet")]));
    program.run(&["submit", "--file", &file]).await.exits(0);
    assert_eq!(consumer.receives("quiet").await.kind(), Some(EventKind::Succeeded));
    let shown = program.run(&["config", "show"]).await.exits(0);
    let log = up.stderr();
    assert!(log.lines().count() > 100 && log.contains("\"level\":\"TRACE\""), "it is talkative");
    for text in [&log, &shown.stdout, &shown.stderr] {
        for canary in [KEY, CALLBACKS] {
            let line = text.lines().find(|line| line.contains(canary));
            assert!(line.is_none(), "{line:?}");
        }
    }
}

/// The doubt is logged at info or warning level, each query at debug level.
#[tokio::test(flavor = "multi_thread")]
async fn a_denied_task_is_logged_at_each_query_and_at_the_end() {
    let environment = Environment::on(Backend::Embedded);
    let denied = json!({"kind": "not_found_after_create", "value": 1_000_000});
    let provider = Provider::here(json!({"faults": [denied]})).await;
    let mut program = environment.program_for(&provider);
    program.set("telemetry.log_format", "json");
    program.set("telemetry.log", "info,poller=debug");
    let up = program.start_role("up", "up").await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("denied")]));
    program.run(&["submit", "--file", &file]).await.exits(0);
    let said = |levels: &[&str], word: &str| {
        let of = |line: &Value| line["level"].as_str().is_some_and(|level| levels.contains(&level));
        let mut lines = about(&up, "default/denied").into_iter();
        lines.find(|line| of(line) && line.to_string().contains(word))
    };
    let (news, doubt) = (["INFO", "WARN"], "\"in_doubt\"");
    until("it is in doubt", async || said(&news, doubt).is_some()).await;
    let task = json!(provider.accounts().await.tasks.expect("tasks")[0].task_id);
    let told = said(&news, doubt).expect("a line");
    assert_eq!(told["task"], task, "{told}");
    assert!(told.to_string().contains("which the provider has denied since"), "{told}");
    let look = said(&["DEBUG"], "a look told nothing").expect("a line about a look");
    assert_eq!(look["task"], task, "{look}");
    assert!(look["error"].as_str().is_some_and(|error| error.contains("task not found")), "{look}");
}
