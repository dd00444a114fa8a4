//! The documents in `schemas/` are those generated from the types, and no change breaks programs
//! that rely on those of the last release.

use std::path::{Path, PathBuf};

use contract::{Refusal, documents, refusals, vanished};
use job::{MessageFacts, decode};
use serde_json::{Value, json};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn now(name: &str) -> Value {
    documents().into_iter().find(|document| document.name == name).expect("a document").content
}

fn released(name: &str) -> Value {
    let text = std::fs::read_to_string(schemas().join("released").join(name)).expect("a release");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn what_is_kept_is_what_the_types_make() {
    for document in documents() {
        let there = std::fs::read_to_string(schemas().join(document.name)).unwrap_or_default();
        assert!(there == document.text(), "{} differs: run `cargo xtask schemas`", document.name);
    }
}

/// Producers may still write what they could write before.
#[test]
fn no_job_of_the_last_release_is_refused() {
    assert_eq!(refusals(&released("job.v1.json"), &now("job.v1.json")), []);
}

/// Consumers can still read what they could read before.
#[test]
fn no_event_surprises_a_reader_of_the_last_release() {
    let (before, now) = (released("event.v1.json"), now("event.v1.json"));
    assert_eq!(refusals(&now, &before), []);
    assert_eq!(vanished(&before, &now), []);
}

#[test]
fn a_breaking_change_is_seen() {
    let mut narrower = now("job.v1.json");
    narrower["properties"]["retries"]["maximum"] = 3.into();
    narrower["required"] = json!(["id", "operation", "request"]);
    let told: Vec<_> =
        refusals(&released("job.v1.json"), &narrower).iter().map(Refusal::to_string).collect();
    assert_eq!(told, ["/id: may be missing", "/retries: maximum is 3 for who reads"]);

    let mut other = now("event.v1.json");
    let data = other["$defs"]["EventData"]["properties"].as_object_mut().expect("properties");
    data.remove("model");
    data["round"]["type"] = "string".into();
    let before = released("event.v1.json");
    let told: Vec<_> = refusals(&other, &before).iter().map(Refusal::to_string).collect();
    assert_eq!(told, ["/data/round: string may come"]);
    assert_eq!(vanished(&before, &other)[0].at, "/data/model");
}

/// Every message by the schema is accepted, and every accepted key is in the schema.
#[test]
fn the_schema_of_a_job_tells_the_keys_that_are_read() {
    let schema = now("job.v1.json");
    let properties = schema["properties"].as_object().expect("properties");
    let mut keys = job::KEYS.to_vec();
    keys.sort_unstable();
    assert_eq!(properties.keys().map(String::as_str).collect::<Vec<_>>(), keys);
    assert_eq!(schema["required"], json!(["operation", "request"]));
    assert_eq!(schema["additionalProperties"], false);
    let least = br#"{"operation":"videos/text2video","request":{}}"#;
    let facts = MessageFacts { message_id: Some("m"), routing_key: None };
    assert!(decode(least, facts).is_ok());
}
