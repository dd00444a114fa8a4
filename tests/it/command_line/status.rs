//! `get`, `wait`, `list`, `why`, `events`: the state of jobs.

use ports::{Destination, Message};
use serde_json::{Value, json};

use crate::harness::{Environment, Program, Provider, Wish, lines, until};

on_each_backend!(
    a_job_without_a_record_is_shown_as_such,
    a_job_is_followed_from_every_side,
    events_are_kept_under_a_name,
    text_from_a_message_begins_no_line,
    one_job_is_shown_with_its_request_and_the_last_look,
);

async fn a_job_without_a_record_is_shown_as_such(environment: Environment) {
    let program = environment.program();
    let unseen = json!({
        "id": "a", "tenant": "default", "state": "queued or unknown", "uncompared": true,
    });
    assert_eq!(program.run(&["get", "a", "--json"]).await.exits(4).json(), unseen);
    assert_eq!(program.run(&["get", "a", "--json", "--strict"]).await.exits(4).json(), unseen);
    let wait = ["wait", "a", "b", "--timeout", "200ms", "--json"];
    assert_eq!(program.run(&wait).await.exits(4).lines().len(), 2);
    for command in [&["get", "a"][..], &["why", "a"], &["wait", "a", "--timeout", "200ms"]] {
        let told = program.run(command).await.exits(4).stderr;
        assert!(told.contains("a: no worker has recorded it"), "{told}");
        assert!(told.contains("has not been compared with the journal"), "{told}");
    }
    assert_eq!(program.run(&["get", "a"]).await.stdout, "a  queued or unknown\n");
    for command in [&["list", "--json"][..], &["doubt", "list"]] {
        let none = program.run(command).await.exits(0);
        assert_eq!(none.stdout, "");
        assert!(none.stderr.contains("has not been compared with the journal"), "{none:?}");
    }
    assert_eq!(program.run(&["events", "--idle", "200ms"]).await.exits(0).stdout, "");
}

/// A line in the form in which `list` prints a job.
const FORGED: &str = "forged  succeeded  videos/text2video";

async fn text_from_a_message_begins_no_line(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let mut body = Wish::video("bad").message();
    body[format!("a\n{FORGED}\r\n{FORGED}\u{2028}{FORGED}")] = json!(1);
    let to = Destination::Jobs { routing_key: "videos.text2video.normal".to_owned() };
    let message = Message::json("bad", body.to_string());
    environment.broker().await.publish(&to, message).await.expect("published");
    until("it is rejected", async || {
        program.run(&["why", "bad"]).await.stdout.contains("rejected")
    })
    .await;
    let since = ["events", "--since", "1h", "--idle", "300ms"];
    for command in [&["list"][..], &["get", "bad"], &["why", "bad"], &["dead", "list"], &since] {
        until(&format!("{command:?} tells of it"), async || {
            let told = program.run(command).await.exits(0).stdout;
            let begins = |line: &str| line.trim_start().starts_with(FORGED);
            assert!(!told.split(['\n', '\r', '\u{2028}']).any(begins), "{command:?}: {told}");
            told.contains(FORGED)
        })
        .await;
    }
}

/// `get` and `why` show the same, in JSON and in text, while it runs and after its end.
async fn one_job_is_shown_with_its_request_and_the_last_look(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let prompt = format!("{} [job:a]", "a kite over the sea ".repeat(20));
    let image = "image=https://me:secret@files.example/a.png?X-Amz-Signature=secret";
    let mut submit = vec!["submit", "videos/image2video", "--prompt", &prompt, "--set", image];
    submit.extend(["--key", "a", "--metadata", "order=42", "--retries", "1"]);
    program.run(&submit).await.exits(0);
    until("it was looked at", async || {
        let job = program.run(&["get", "a", "--json"]).await.json();
        job["state"] == "pending" && job["look"]["looks"].as_u64().is_some_and(|looks| looks > 0)
    })
    .await;
    let shown = program.run(&["get", "a", "--json"]).await.exits(0);
    let job = shown.json();
    assert_eq!(job["request"]["prompt"], prompt.as_str(), "whole");
    assert_eq!(job["request"]["image"], "https://***@files.example/a.png?***");
    assert_eq!((&job["request_kept"], &job["retries"]), (&json!(true), &json!(1)));
    assert_eq!((&job["account"], &job["priority"]), (&json!("default"), &json!("normal")));
    assert!(job["look"]["status"].is_string() && job["look"]["next_look_at"].is_string(), "{job}");
    assert!(job["cost"]["usd"].is_string(), "{job}");
    let why = program.run(&["why", "a", "--json"]).await.exits(0);
    for field in ["request", "request_kept", "account", "cost", "metadata", "retries"] {
        assert_eq!(why.json()["job"][field], job[field], "{field}");
    }
    let (get, words) = (program.run(&["get", "a"]).await, program.run(&["why", "a"]).await);
    for told in [get.exits(0).stdout, words.exits(0).stdout] {
        let start = format!("    prompt: {}… (", &prompt[..160]);
        let lines = [
            &start,
            "  round: 1, attempt: 1, retries: 1",
            "  look: status: ",
            "  account: default",
        ];
        for line in [&lines[..], &["  metadata: {\"order\":\"42\"}", " USD, estimated"]].concat() {
            assert!(told.contains(line), "{line}: {told}");
        }
        assert!(!told.contains("secret"), "{told}");
    }
    let listed = program.run(&["list", "--json"]).await.exits(0).stdout;
    for text in [&shown.stdout, &why.stdout, &listed] {
        assert!(!text.contains("secret"), "{text}");
    }
    assert!(!listed.contains("request"), "a list has no requests: {listed}");
}

async fn submit(environment: &Environment, program: &Program, wishes: &[Wish]) {
    let file = environment.file("jobs.jsonl", &lines(wishes));
    program.run(&["submit", "--file", &file]).await.exits(0);
}

async fn a_job_is_followed_from_every_side(environment: Environment) {
    let faults = json!([{"kind": "fail_generation", "operation": "images/generations"}]);
    let provider = Provider::here(json!({"faults": faults})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let wishes =
        [Wish::video("one"), Wish::video("two"), Wish::of("images/generations", "bad", "")];
    submit(&environment, &program, &wishes).await;

    let waited = program.run(&["wait", "one", "two", "--timeout", "30s", "--json"]).await;
    let waited = waited.exits(0).lines();
    assert!(waited.iter().all(|job| job["state"] == "succeeded"), "{waited:?}");
    let failed = program.run(&["wait", "one", "bad", "--timeout", "30s", "--json"]).await.exits(3);
    assert_eq!(failed.lines().len(), 2);

    let one = program.run(&["get", "one", "--json"]).await.exits(0).json();
    for (field, value) in
        [("operation", json!("videos/text2video")), ("round", json!(1)), ("attempt", json!(1))]
    {
        assert_eq!(one[field], value, "{field}");
    }
    let url = one["outputs"][0]["url"].as_str().expect("a url");
    assert!(url.starts_with(&provider.url), "{url}");
    for field in ["created_at", "submitted_at", "finished_at", "task_id", "external_id"] {
        assert!(one[field].is_string(), "{field}: {one}");
    }
    assert!(program.run(&["get", "one"]).await.exits(0).stdout.contains(url));

    listed(&program).await;
    let why = program.run(&["why", "bad", "--json"]).await.exits(0).json();
    let first = why["history"][0]["at"].as_str().and_then(job::Timestamp::parse);
    assert!(first.is_some(), "RFC 3339: {why}");
    let history: Vec<&str> = why["history"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|h| h["what"].as_str())
        .collect();
    assert_eq!(history[0], "submitting");
    assert!(history[1].starts_with("submitted as task"), "{history:?}");
    assert_eq!(*history.last().expect("a line"), "failed");
    let words = program.run(&["why", "one"]).await.exits(0).stdout;
    assert!(words.contains("enqueued") && words.contains("now: succeeded at"), "{words}");
}

async fn listed(program: &Program) {
    let ids = async |arguments: &[&str]| {
        let arguments = [&["list", "--json"], arguments].concat();
        let rows = program.run(&arguments).await.exits(0).lines();
        let mut ids: Vec<String> =
            rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&[]).await, ["bad", "one", "two"]);
    assert_eq!(ids(&["--state", "failed"]).await, ["bad"]);
    assert_eq!(ids(&["--limit", "2"]).await.len(), 2);
    assert!(ids(&["--tenant", "acme"]).await.is_empty());
    program.run(&["list", "--tenant", "a/b"]).await.exits(2);
    let typo = program.run(&["list", "--state", "pendng"]).await.exits(2);
    assert!(typo.stderr.contains("pending"), "{}", typo.stderr);
}

async fn events_are_kept_under_a_name(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    // With a count of 0, it only creates the subscription.
    program.run(&["events", "--name", "billing", "--count", "0"]).await.exits(0);
    let _up = program.start_role("up", "up").await;
    submit(&environment, &program, &[Wish::video("one"), Wish::video("two")]).await;
    program.run(&["wait", "one", "two", "--timeout", "30s"]).await.exits(0);

    let events = ["events", "--name", "billing", "--count", "2", "--json"];
    let events = program.run(&events).await.exits(0).lines();
    let mut subjects: Vec<&str> = events.iter().filter_map(|e| e["subject"].as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["one", "two"]);
    let event: &Value = &events[0];
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "dev.reelwork.task.succeeded.v1");
    assert!(event["source"].as_str().is_some_and(|source| source.starts_with("https://")));
    // Events that were shown are not shown again.
    let rest = program.run(&["events", "--name", "billing", "--idle", "300ms"]).await.exits(0);
    assert_eq!(rest.stdout, "");
}
