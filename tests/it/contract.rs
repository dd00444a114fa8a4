//! The documents for programs in other languages, used by programs in other languages.

use std::path::{Path, PathBuf};
use std::time::Duration;

use job::{EventKind, MessageFacts, decode};
use serde_json::{Value, json};

use crate::harness::{
    Backend, Consumer, Environment, Node, Process, Provider, Python, Wish, lines, mixed, until,
};

fn schema(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(name);
    path.display().to_string()
}

/// The lines that a reader printed, once it has read everything.
async fn read(mut reader: Process) -> Vec<String> {
    let ended = reader.ended(Duration::from_secs(60)).await;
    assert_eq!(ended, Some(0), "{}", reader.stderr());
    reader.stdout().lines().map(str::to_owned).collect()
}

/// A schema validator and the CloudEvents SDK understand the events of every outcome.
#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_by_a_validator_and_by_the_cloudevents_sdk() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider =
        Provider::here(json!({"faults": [{"kind": "fail_moderation", "rate": 0.3}]})).await;
    let mut program = environment.program_for(&provider);
    program.set("events.submitted", "true");
    let _up = program.start_role("up", "up").await;
    let consumer = Consumer::plain(&environment).await;
    let session = provider.selection_session().await;
    let jobs = mixed("read", 30, &session);
    let mut late = Wish::video("read-late").message();
    late["deadline"] = "2020-01-01T00:00:00Z".into();
    late["metadata"] = json!({"order": {"n": 1}});
    let file = environment.file("jobs.jsonl", &format!("{}{late}\n", lines(&jobs)));
    program.run(&["submit", "--file", &file]).await.exits(0);
    let received = consumer.receives_outcomes(jobs.len() + 1).await;
    for kind in [EventKind::Submitted, EventKind::Succeeded, EventKind::Failed, EventKind::TimedOut]
    {
        assert!(received.count(kind) > 0, "no {} event", kind.word());
    }

    let messages = consumer.lines();
    let text = |part: &dyn Fn(&Value) -> String| -> String {
        messages.iter().map(|message| part(message) + "\n").collect()
    };
    let bodies = text(&|message| message["body"].as_str().expect("a body").to_owned());
    let arguments = [schema("event.v1.json")];
    let arguments = arguments.each_ref().map(String::as_str);
    let verdicts = read(Python::start(&environment, "validate.py", &arguments, &bodies)).await;
    assert_eq!(verdicts, vec!["ok"; messages.len()]);

    let script = Node::of_tests("events.js");
    let understood = read(Node::start(&environment, &script, &[], &text(&Value::to_string))).await;
    assert_eq!(understood.len(), messages.len());
    for (line, event) in understood.iter().zip(&consumer.received().0) {
        let read: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(read["id"], event.id.as_str());
        assert_eq!(read["type"], event.event_type.as_str());
        assert_eq!(read["subject"], read["job"]);
    }
}

/// In binary mode, the body is the data and the attributes are headers: for the CloudEvents SDK,
/// for this project's reader, and for a consumer that reads the journal.
#[tokio::test(flavor = "multi_thread")]
async fn binary_events_are_the_same_events() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("events.content_mode", "binary");
    program.set("events.header_prefix", "ce-");
    let _up = program.start_role("up", "up").await;
    let (plain, ours) =
        (Consumer::plain(&environment).await, Consumer::subscribed(&environment).await);
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("binary")]));
    program.run(&["submit", "--file", &file]).await.exits(0);
    let event = ours.receives("binary").await;
    assert_eq!(event.kind(), Some(EventKind::Succeeded));
    until("the plain client received it", async || !plain.lines().is_empty()).await;
    let messages = plain.lines();
    assert_eq!(messages[0]["content_type"], "application/json");
    assert_eq!(messages[0]["app_id"], "reelwork");
    let data: Value = serde_json::from_str(messages[0]["body"].as_str().expect("a body")).unwrap();
    assert_eq!(data["job_id"], "binary", "the body is the data");

    let script = Node::of_tests("events.js");
    let line = format!("{}\n", messages[0]);
    let understood = read(Node::start(&environment, &script, &[], &line)).await;
    let read: Value = serde_json::from_str(&understood[0]).expect("JSON");
    assert_eq!((&read["id"], &read["source"]), (&json!(event.id), &json!(event.source)));
    assert_eq!((&read["type"], &read["job"]), (&json!(event.event_type), &json!("binary")));

    let arguments = ["events", "--since", "1h", "--count", "1", "--json"];
    let late = program.run(&arguments).await.exits(0).json();
    assert_eq!(late["id"], json!(event.id), "the journal keeps whole events");
}

/// A message is accepted exactly if it conforms to the schema. The only exception is null for an
/// absent value: it is accepted, but is not part of the contract.
#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_a_job_and_its_reader_agree() {
    let environment = Environment::on(Backend::Embedded);
    let messages = job_messages();
    let text: String = messages.iter().map(|message| format!("{message}\n")).collect();
    let arguments = [schema("job.v1.json")];
    let arguments = arguments.each_ref().map(String::as_str);
    let verdicts = read(Python::start(&environment, "validate.py", &arguments, &text)).await;
    assert_eq!(verdicts.len(), messages.len());
    let (mut good, mut bad) = (0, 0);
    for (message, verdict) in messages.iter().zip(verdicts) {
        let facts = MessageFacts { message_id: Some("m"), routing_key: None };
        let read = decode(message.to_string().as_bytes(), facts);
        assert_eq!(read.is_ok(), verdict == "ok", "{message}: {verdict}, {read:?}");
        *if read.is_ok() { &mut good } else { &mut bad } += 1;
    }
    assert!(good >= 10 && bad >= 15, "{good} good, {bad} bad");
    let null = |key: &str| {
        let mut message = messages[0].clone();
        message[key] = Value::Null;
        message
    };
    let nulls =
        ["id", "tenant", "priority", "deadline", "metadata", "retries", "account"].map(null);
    let text: String = nulls.iter().map(|message| format!("{message}\n")).collect();
    let verdicts = read(Python::start(&environment, "validate.py", &arguments, &text)).await;
    for (message, verdict) in nulls.iter().zip(verdicts) {
        let facts = MessageFacts { message_id: Some("m"), routing_key: None };
        assert!(decode(message.to_string().as_bytes(), facts).is_ok(), "{message}");
        assert_ne!(verdict, "ok", "{message}");
    }
}

fn job_messages() -> Vec<Value> {
    let least = json!({"operation": "videos/text2video", "request": {"prompt": "a cat"}});
    let with = |key: &str, value: Value| {
        let mut message = least.clone();
        message[key] = value;
        message
    };
    let without = |key: &str| {
        let mut message = least.clone();
        message.as_object_mut().expect("an object").remove(key);
        message
    };
    let many = |n: usize| Value::from("x".repeat(n));
    vec![
        least.clone(),
        with("id", "order-42".into()),
        with("id", "a/b c é".into()),
        with("id", many(160)),
        with("id", many(161)),
        with("id", "".into()),
        with("id", "a\nb".into()),
        with("id", "a\u{85}b".into()),
        with("id", 42.into()),
        with("tenant", "acme.eu-1_x".into()),
        with("tenant", many(64)),
        with("tenant", many(65)),
        with("tenant", "".into()),
        with("tenant", "a/b".into()),
        with("operation", "audio/text-to-audio".into()),
        with("operation", "videos/avatar/image2video".into()),
        with("operation", format!("videos/{}", "x".repeat(93)).into()),
        with("operation", format!("videos/{}", "x".repeat(94)).into()),
        with("operation", "texts/poem".into()),
        with("operation", "videos/".into()),
        with("operation", "videos".into()),
        without("operation"),
        with("request", json!({})),
        with("request", json!([])),
        with("request", "a cat".into()),
        without("request"),
        with("priority", "low".into()),
        with("priority", "urgent".into()),
        with("deadline", "2026-12-01T12:00:00Z".into()),
        with("deadline", "2026-12-01T12:00:00.5+02:00".into()),
        with("deadline", "tomorrow".into()),
        with("deadline", 1_700_000_000_000_i64.into()),
        with("metadata", json!({"order": {"n": [1, null]}})),
        with("metadata", "42".into()),
        with("retries", 10.into()),
        with("retries", 11.into()),
        with("retries", json!(-1)),
        with("retries", json!(1.5)),
        with("account", "eu_1.b-2".into()),
        with("account", many(64)),
        with("account", many(65)),
        with("account", "".into()),
        with("account", "a:b".into()),
        with("account", 7.into()),
        with("prioritty", "low".into()),
        json!([1]),
        json!("a job"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_asyncapi_document_is_read_and_names_what_is_on_the_broker() {
    let environment = Environment::on(Backend::Embedded);
    let document = schema("asyncapi.json");
    let reader =
        Node::start(&environment, &Node::of_tests("asyncapi.js"), &[document.as_str()], "");
    let mut told: Vec<Value> =
        read(reader).await.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    told.sort_by_key(|operation| operation["id"].to_string());
    let [announce, take] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&announce["id"], &announce["action"]), (&json!("announce"), &json!("send")));
    let mut types = EventKind::ALL.map(EventKind::event_type);
    types.sort_unstable();
    assert_eq!(announce["messages"], json!(types));
    assert_eq!((&take["id"], &take["action"]), (&json!("takeJob"), &json!("receive")));
    assert_eq!(take["messages"], json!(["job"]));

    let mut program = environment.program();
    program.set("broker.url", "amqp://127.0.0.1");
    program.set("ledger.url", "redis://127.0.0.1");
    program.set("broker.namespace", "reelwork");
    let definitions = program.run(&["topology", "export", "--json"]).await.exits(0).json();
    let exchanges = definitions["exchanges"].as_array().expect("exchanges");
    for name in [&announce["exchanges"][0], &take["exchanges"][0]] {
        let there = exchanges.iter().find(|exchange| exchange["name"] == *name).expect("declared");
        assert_eq!((&there["type"], &there["durable"]), (&json!("topic"), &json!(true)));
    }
}
