//! `dead list|show|drop|replay`.

use job::EventKind;
use ports::{Destination, Message};
use serde_json::{Value, json};

use crate::harness::{Consumer, Environment, Program, Provider, Wish, until};

on_each_backend!(
    letters_are_listed_shown_and_dropped,
    a_letter_is_replayed_once_its_cause_is_gone,
    a_waiting_job_that_became_too_wide_is_parked_and_no_conflict,
    a_conflict_is_never_replayed,
    a_letter_that_was_replayed_begins_no_second_round,
    a_dropped_job_ends_and_can_be_published_again,
    letters_without_an_id_have_a_name,
    letters_held_by_another_reader_are_not_reported_as_none,
);

pub(crate) async fn publish(environment: &Environment, id: &str, key: &str, body: &str) {
    let to = Destination::Jobs { routing_key: key.to_owned() };
    let message = Message::json(id, body.to_owned());
    environment.broker().await.publish(&to, message).await.expect("published");
}

pub(super) async fn holds(program: &Program, letters: usize) {
    until(&format!("{letters} dead letters"), async || {
        program.run(&["dead", "list", "--json"]).await.exits(0).lines().len() == letters
    })
    .await;
}

async fn letters_are_listed_shown_and_dropped(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    holds(&program, 0).await;
    let key = "videos.text2video.normal";
    publish(&environment, "first", key, "no json").await;
    publish(&environment, "second", key, "{\"a\": 1}").await;
    holds(&program, 2).await;

    let rows = program.run(&["dead", "list", "--json"]).await.exits(0).lines();
    let first = rows.iter().find(|row| row["id"] == "first").expect("the first");
    assert_eq!((&first["reason"], &first["routing_key"]), (&json!("not_json"), &json!(key)));
    assert_eq!(first["bytes"], 7);
    assert_eq!(
        program.run(&["dead", "list", "--limit", "1"]).await.exits(0).stdout.lines().count(),
        1
    );

    let shown = program.run(&["dead", "show", "first"]).await.exits(0).json();
    assert_eq!(shown["body"], "no json");
    program.run(&["dead", "show", "third"]).await.exits(4);
    program.run(&["dead", "drop", "third"]).await.exits(4);
    program.run(&["dead", "replay", "third"]).await.exits(4);
    program.run(&["dead", "drop"]).await.exits(2);

    // The commands before have removed nothing.
    let dropped = program.run(&["dead", "drop", "first", "--json"]).await.exits(0).json();
    assert_eq!(dropped, json!({"dropped": 1}));
    holds(&program, 1).await;
    let rest = program.run(&["dead", "drop", "--all", "--yes", "--json"]).await.exits(0).json();
    assert_eq!(rest, json!({"dropped": 1}));
    holds(&program, 0).await;
}

async fn letters_held_by_another_reader_are_not_reported_as_none(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    publish(&environment, "held", "videos.text2video.normal", "no json").await;
    holds(&program, 1).await;
    let broker = environment.broker().await;
    let mut others = broker.consume(&ports::Source::Dead, 10).await.expect("the letters");
    let letter = others.next().await.expect("a letter");
    for command in [&["dead", "list"][..], &["dead", "show", "held"], &["dead", "drop", "held"]] {
        let told = program.run(command).await.exits(69).stderr;
        assert!(told.contains("somebody else reads the dead letters"), "{command:?}: {told}");
    }
    letter.requeue().await.expect("given back");
    others.cancel().await;
    while let Some(letter) = others.next().await {
        letter.requeue().await.expect("given back");
    }
    drop(others);
    holds(&program, 1).await;
}

async fn a_letter_is_replayed_once_its_cause_is_gone(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    // Two images can never be made with one slot.
    program.set("limits.images", "1");
    let consumer = Consumer::subscribed(&environment).await;
    let mut up = program.start_role("narrow", "up").await;
    let wish = Wish::of("images/generations", "wide", "");
    publish(&environment, "wide", &wish.routing_key(), &wish.message().to_string()).await;
    holds(&program, 1).await;
    assert_eq!(provider.accounts().await.submissions, 0);
    up.stop().await;

    program.set("limits.images", "9");
    let _up = program.start_role("wide", "up").await;
    let replayed = program.run(&["dead", "replay", "wide", "--json"]).await.exits(0).json();
    assert_eq!(replayed, json!({"replayed": 1}));
    until("the replayed job succeeds", async || {
        consumer.received().count(EventKind::Succeeded) == 1
    })
    .await;
    holds(&program, 0).await;
    assert_eq!(provider.tasks_of("wide").await, 1);
    let job = program.run(&["get", "wide", "--json"]).await.exits(0).json();
    assert_eq!(job["state"], "succeeded");
}

/// The job waits with a record when the limit is lowered below the slots that it needs.
async fn a_waiting_job_that_became_too_wide_is_parked_and_no_conflict(environment: Environment) {
    let provider = Provider::here(json!({"faults": [{"kind": "busy"}]})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.images", "9");
    let consumer = Consumer::subscribed(&environment).await;
    let mut before = program.start_role("before", "up").await;
    let mut wish = Wish::of("images/generations", "five", "");
    wish.request["n"] = 5.into();
    publish(&environment, "five", &wish.routing_key(), &wish.message().to_string()).await;
    let state = async || {
        let told = program.run(&["get", "five", "--json"]).await;
        serde_json::from_str(&told.stdout).map_or(json!(null), |job: Value| job["state"].clone())
    };
    until("it waits", async || state().await == "waiting").await;
    before.stop().await;

    provider.change(json!({})).await;
    let mut narrow = program.clone();
    narrow.set("limits.images", "3");
    let mut after = narrow.start_role("after", "up").await;
    holds(&program, 1).await;
    let rows = program.run(&["dead", "list", "--json"]).await.exits(0).lines();
    assert_eq!(rows[0]["reason"], "wider_than_limit");
    assert_eq!(consumer.receives("five").await.kind(), Some(EventKind::Parked));
    let why = program.run(&["why", "five"]).await.exits(0).stdout;
    assert!(why.contains("5 slots can never be free when the limit is 3"), "{why}");
    after.stop().await;

    let _up = program.start_role("wide", "up").await;
    program.run(&["dead", "replay", "five"]).await.exits(0);
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 1).await;
    assert_eq!(consumer.received().count(EventKind::Conflict), 0);
    assert_eq!(provider.tasks_of("five").await, 1);
}

async fn a_conflict_is_never_replayed(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let wish = Wish::video("order-1");
    publish(&environment, "order-1", &wish.routing_key(), &wish.message().to_string()).await;
    program.run(&["wait", "order-1", "--timeout", "30s"]).await.exits(0);
    let mut other = wish.message();
    other["request"]["prompt"] = "another [job:other]".into();
    publish(&environment, "order-1", &wish.routing_key(), &other.to_string()).await;
    holds(&program, 1).await;
    let replayed = program.run(&["dead", "replay", "--all", "--yes", "--json"]).await.exits(0);
    assert_eq!(replayed.json(), json!({"replayed": 0}));
    assert!(replayed.stderr.contains("order-1 stays"), "{}", replayed.stderr);
    holds(&program, 1).await;
    assert_eq!(provider.tasks_of("other").await, 0);
}

/// Needs more slots than the lower limit has.
pub(super) fn wide(id: &str) -> Wish {
    Wish::of("images/generations", id, "")
}

/// A parked job, with its dead letter.
async fn gave_up(environment: &Environment, program: &Program, id: &str) {
    let wish = wide(id);
    publish(environment, id, &wish.routing_key(), &wish.message().to_string()).await;
    holds(program, 1).await;
}

/// The letter is delivered again, as if its acknowledgement was lost.
async fn a_letter_that_was_replayed_begins_no_second_round(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.images", "1");
    let consumer = Consumer::subscribed(&environment).await;
    let mut narrow = program.start_role("narrow", "up").await;
    gave_up(&environment, &program, "again").await;
    narrow.stop().await;
    let copy = dead_letter(&environment).await;

    program.set("limits.images", "9");
    let _up = program.start_role("up", "up").await;
    program.run(&["dead", "replay", "again"]).await.exits(0);
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 1).await;
    assert_eq!(provider.tasks_of("again").await, 1);

    let to = Destination::Dead { routing_key: wide("again").routing_key() };
    environment.broker().await.publish(&to, copy).await.expect("published");
    holds(&program, 1).await;
    let done = program.run(&["dead", "replay", "again", "--json"]).await.exits(0);
    assert_eq!(done.json(), json!({"replayed": 0}));
    assert!(done.stderr.contains("was replayed before"), "{}", done.stderr);
    holds(&program, 0).await;
    let job = program.run(&["get", "again", "--json"]).await.exits(0).json();
    assert_eq!((&job["state"], &job["round"]), (&json!("succeeded"), &json!(2)));
    assert_eq!(provider.tasks_of("again").await, 1);
}

/// A copy of the only letter.
pub(super) async fn dead_letter(environment: &Environment) -> Message {
    let broker = environment.broker().await;
    let mut letters = broker.consume(&ports::Source::Dead, 1).await.expect("the letters");
    let letter = letters.next().await.expect("a letter");
    let copy = letter.message.clone();
    letter.requeue().await.expect("given back");
    letters.cancel().await;
    while let Some(letter) = letters.next().await {
        letter.requeue().await.expect("given back");
    }
    copy
}

async fn a_dropped_job_ends_and_can_be_published_again(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.images", "1");
    let consumer = Consumer::subscribed(&environment).await;
    let mut narrow = program.start_role("narrow", "up").await;
    gave_up(&environment, &program, "dropped").await;
    narrow.stop().await;
    program.set("limits.images", "9");
    let _up = program.start_role("up", "up").await;
    program.run(&["dead", "drop", "dropped"]).await.exits(0);
    until("its end is announced", async || consumer.received().count(EventKind::Failed) == 1).await;
    let job = program.run(&["get", "dropped", "--json"]).await.exits(0).json();
    assert_eq!((&job["state"], &job["error"]["kind"]), (&json!("failed"), &json!("dropped")));

    let wish = wide("dropped");
    publish(&environment, "dropped", &wish.routing_key(), &wish.message().to_string()).await;
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 1).await;
    let job = program.run(&["get", "dropped", "--json"]).await.exits(0).json();
    assert_eq!(job["round"], 2);
    assert_eq!(provider.tasks_of("dropped").await, 1);
    // Published again, it is a duplicate like any other.
    publish(&environment, "dropped", &wish.routing_key(), &wish.message().to_string()).await;
    publish(&environment, "next", &wish.routing_key(), &Wish::video("next").message().to_string())
        .await;
    consumer.receives("next").await;
    assert_eq!(provider.tasks_of("dropped").await, 1);
}

async fn letters_without_an_id_have_a_name(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    for _ in 0..3 {
        publish(&environment, "", "videos.text2video.normal", "no json").await;
    }
    holds(&program, 3).await;
    program.run(&["dead", "drop", ""]).await.exits(2);
    program.run(&["dead", "replay", ""]).await.exits(2);
    program.run(&["dead", "show", ""]).await.exits(2);
    let careful = program.run(&["dead", "drop", "--all"]).await.exits(2);
    assert!(careful.stderr.contains("3 dead messages"), "{}", careful.stderr);
    let rows = program.run(&["dead", "list", "--json"]).await.exits(0).lines();
    let names: Vec<&str> = rows.iter().filter_map(|row| row["letter"].as_str()).collect();
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{names:?}");
    let words = program.run(&["dead", "list"]).await.exits(0).stdout;
    assert!(words.contains(names[0]), "{words}");
    let dropped = program.run(&["dead", "drop", names[0], "--json"]).await.exits(0).json();
    assert_eq!(dropped, json!({"dropped": 1}));
    holds(&program, 2).await;
}
