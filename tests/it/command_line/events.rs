//! `events --since`: events that were published before there was a consumer.

use job::EventKind;
use serde_json::json;

use crate::harness::{Consumer, Environment, Provider, Wish, lines, until};

on_each_backend!(a_late_consumer_reads_the_journal_first);

async fn a_late_consumer_reads_the_journal_first(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(&environment).await;
    let wishes: Vec<Wish> = ["one", "two"].map(Wish::video).into();
    let file = environment.file("jobs.jsonl", &lines(&wishes));
    program.run(&["submit", "--wait", "--file", &file]).await.exits(0);
    for wish in &wishes {
        assert_eq!(consumer.receives(&wish.id).await.kind(), Some(EventKind::Succeeded));
    }
    let event = consumer.receives("one").await;

    let told = async |more: &[&str]| {
        let arguments = [&["events", "--json", "--idle", "300ms"], more].concat();
        let events = program.run(&arguments).await.exits(0).lines();
        let mut about: Vec<String> = events
            .iter()
            .map(|event| event["subject"].as_str().expect("a job").to_owned())
            .collect();
        about.sort_unstable();
        (about, events)
    };
    assert_eq!(told(&[]).await.0, [""; 0], "nothing new is announced");
    // An event is journaled once it was announced.
    until("both are in the journal", async || told(&["--since", "1h"]).await.0.len() == 2).await;
    let (about, events) = told(&["--since", "1h"]).await;
    assert_eq!(about, ["one", "two"]);
    let same = events.iter().find(|told| told["id"] == event.id.as_str()).expect("the event");
    assert_eq!(*same, serde_json::to_value(&event).expect("JSON"), "as it was announced");
    assert_eq!(told(&["--since", "1h", "--binding", "images.#"]).await.0, [""; 0]);
    assert_eq!(told(&["--since", "1h", "--count", "1"]).await.0.len(), 1);
    assert_eq!(told(&["--since", "0s"]).await.0, [""; 0]);
}
