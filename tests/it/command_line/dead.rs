//! `dead list|show|drop|replay`.

use job::EventKind;
use ports::{Destination, Message};
use serde_json::json;

use crate::harness::{Audience, House, Program, Provider, Wish, until};

on_each_backend!(
    letters_are_listed_shown_and_dropped,
    a_letter_is_replayed_once_its_cause_is_gone,
    a_conflict_is_never_replayed,
);

async fn publish(house: &House, id: &str, key: &str, body: &str) {
    let to = Destination::Jobs { routing_key: key.to_owned() };
    let message = Message::json(id, body.to_owned());
    house.broker().await.publish(&to, message).await.expect("published");
}

async fn holds(program: &Program, letters: usize) {
    until(&format!("{letters} dead letters"), async || {
        program.run(&["dead", "list", "--json"]).await.exits(0).lines().len() == letters
    })
    .await;
}

async fn letters_are_listed_shown_and_dropped(house: House) {
    let provider = Provider::here(json!({})).await;
    let program = house.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    holds(&program, 0).await;
    let key = "videos.text2video.normal";
    publish(&house, "first", key, "no json").await;
    publish(&house, "second", key, "{\"a\": 1}").await;
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

    // Looking took nothing away.
    let dropped = program.run(&["dead", "drop", "first", "--json"]).await.exits(0).json();
    assert_eq!(dropped, json!({"dropped": 1}));
    holds(&program, 1).await;
    let rest = program.run(&["dead", "drop", "--all", "--json"]).await.exits(0).json();
    assert_eq!(rest, json!({"dropped": 1}));
    holds(&program, 0).await;
}

async fn a_letter_is_replayed_once_its_cause_is_gone(house: House) {
    let provider = Provider::here(json!({})).await;
    let mut program = house.program_for(&provider);
    // Two images can never be made with one slot.
    program.set("limits.images", "1");
    let audience = Audience::seated(&house).await;
    let mut up = program.start_role("narrow", "up").await;
    let wish = Wish::of("images/generations", "wide", "");
    publish(&house, "wide", &wish.routing_key(), &wish.message().to_string()).await;
    holds(&program, 1).await;
    assert_eq!(provider.accounts().await.submissions, 0);
    up.stop().await;

    program.set("limits.images", "9");
    let _up = program.start_role("wide", "up").await;
    let replayed = program.run(&["dead", "replay", "wide", "--json"]).await.exits(0).json();
    assert_eq!(replayed, json!({"replayed": 1}));
    until("the replayed job succeeds", async || audience.heard().count(EventKind::Succeeded) == 1)
        .await;
    holds(&program, 0).await;
    assert_eq!(provider.tasks_of("wide").await, 1);
    let job = program.run(&["get", "wide", "--json"]).await.exits(0).json();
    assert_eq!(job["state"], "succeeded");
}

async fn a_conflict_is_never_replayed(house: House) {
    let provider = Provider::here(json!({})).await;
    let program = house.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let wish = Wish::video("order-1");
    publish(&house, "order-1", &wish.routing_key(), &wish.message().to_string()).await;
    program.run(&["wait", "order-1", "--timeout", "30s"]).await.exits(0);
    let mut other = wish.message();
    other["request"]["prompt"] = "another [job:other]".into();
    publish(&house, "order-1", &wish.routing_key(), &other.to_string()).await;
    holds(&program, 1).await;
    let replayed = program.run(&["dead", "replay", "--all", "--json"]).await.exits(0);
    assert_eq!(replayed.json(), json!({"replayed": 0}));
    assert!(replayed.stderr.contains("order-1 stays"), "{}", replayed.stderr);
    holds(&program, 1).await;
    assert_eq!(provider.tasks_of("other").await, 0);
}
