//! Thousands of dead letters: found, filtered and replayed, and a command that is killed meanwhile.

use std::time::Instant;

use futures::future::try_join_all;
use job::{EventKind, Lane, Priority, Resource};
use ports::{Destination, Message, Source};
use serde_json::{Value, json};

use super::dead::{holds, publish, wide};
use crate::harness::{Consumer, Environment, Program, Provider, say, until};

on_each_backend!(
    thousands_are_found_filtered_and_replayed,
    a_replay_that_is_killed_loses_no_letter_and_pays_nothing_twice,
);

const MANY: usize = 5_000;
/// Published at once.
const AT_ONCE: usize = 100;

/// Parked jobs of the tenant acme, with their letters.
async fn parked(environment: &Environment, program: &Program, count: usize) {
    let broker = environment.broker().await;
    let ids: Vec<String> = (0..count).map(|n| format!("wide-{n:04}")).collect();
    for some in ids.chunks(AT_ONCE) {
        let to = &Destination::Jobs { routing_key: wide("").routing_key() };
        let all = some.iter().map(|id| {
            let mut message = wide(id).message();
            message["tenant"] = "acme".into();
            broker.publish(to, Message::json(id, message.to_string()))
        });
        try_join_all(all).await.expect("published");
    }
    counted(program, count as u64).await;
}

/// Waits until there are so many, for as long as more come.
async fn counted(program: &Program, letters: u64) {
    let mut known = 0;
    while known < letters {
        let before = known;
        until(&format!("more than {known} of {letters} dead letters"), async || {
            known = count(program, &[]).await;
            known > before
        })
        .await;
    }
    assert_eq!(known, letters);
}

async fn count(program: &Program, flags: &[&str]) -> u64 {
    let count = program.run(&[&["dead", "count", "--json"], flags].concat()).await.exits(0).json();
    count["total"].as_u64().expect("a number")
}

async fn thousands_are_found_filtered_and_replayed(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.images", "1");
    let mut up = program.start_role("narrow", "up").await;
    parked(&environment, &program, MANY).await;
    for id in ["broken-1", "broken-2"] {
        publish(&environment, id, "videos.text2video.normal", "no json").await;
    }
    counted(&program, MANY as u64 + 2).await;
    up.stop().await;

    let mut began = Instant::now();
    let mut took = |what: &str| {
        say(format!("{what}: {:.1?}", began.elapsed()));
        began = Instant::now();
    };
    let found = program.run(&["dead", "count", "--json"]).await.exits(0).json();
    took("5,002 counted");
    let reasons = json!({"wider_than_limit": 5_000, "not_json": 2});
    let tenants = json!({"acme": 5_000, "reelwork.unreadable": 2});
    assert_eq!(found, json!({"total": 5_002, "reasons": reasons, "tenants": tenants}));
    let few =
        program.run(&["dead", "list", "--reason", "not_json", "--json"]).await.exits(0).lines();
    took("2 of 5,002 listed");
    assert_eq!(few.len(), 2);
    let flags = ["--reason", "wider_than_limit", "--tenant", "acme"];
    let dry = ["dead", "replay", "--all", "--dry-run", "--json"];
    let dry = program.run(&[&dry, &flags[..]].concat()).await.exits(0).lines();
    took("a dry run of 5,000");
    let would = json!({"publish_in_new_round": 5_000});
    assert_eq!(dry.last(), Some(&json!({"selected": 5_000, "would": would})));
    let replay = ["dead", "replay", "--all", "--yes", "--json"];
    let replayed = program.run(&[&replay, &flags[..]].concat()).await.exits(0).json();
    took("5,000 replayed");
    assert_eq!(replayed, json!({"replayed": 5_000}));
    assert_eq!(count(&program, &[]).await, 2);
    let lane = Lane { resource: Resource::Images, priority: Priority::Normal };
    until("each is in its lane", async || {
        let depth = environment.broker().await.depth(&Source::Lane(lane)).await;
        depth.expect("the lane") == MANY as u64
    })
    .await;
    let one = program.run(&["get", "acme/wide-4999", "--json"]).await.exits(0).json();
    assert_eq!((&one["state"], &one["round"]), (&json!("queued"), &json!(2)));
}

/// Enough that letters are settled together and are left at each kill.
const KILLED: usize = 240;

async fn a_replay_that_is_killed_loses_no_letter_and_pays_nothing_twice(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.images", "1");
    let consumer = Consumer::subscribed(&environment).await;
    let mut narrow = program.start_role("narrow", "up").await;
    parked(&environment, &program, KILLED).await;
    narrow.stop().await;
    program.set("limits.images", "50");
    let _up = program.start_role("wide", "up").await;

    let replay = ["dead", "replay", "--all", "--yes", "--json"];
    for point in [
        "ledger.swap.before",
        "ledger.swap.after",
        "publish.journal.after",
        "publish.jobs.before",
        "publish.jobs.after",
        "ack.before",
        "ack.after",
    ] {
        let orders = environment.file("orders", &format!("{point}=20*off->return\n"));
        let mut doomed = program.clone();
        doomed.env("CRASH_POINTS_FILE", &orders);
        let done = doomed.run(&replay).await;
        assert_eq!(done.code, -1, "{point}: {done:?}");
        until("the broker has the letters of the dead", async || {
            let told = program.run(&["dead", "count", "--json"]).await;
            told.code == 0 && told.json()["total"] != json!(0)
        })
        .await;
    }
    until("the rest is replayed", async || {
        program.run(&replay).await.exits(0);
        count(&program, &[]).await == 0
    })
    .await;
    let mut known = 0;
    while known < KILLED {
        let before = known;
        until(&format!("more than {known} of {KILLED} jobs succeed"), async || {
            known = consumer.received().count(EventKind::Succeeded);
            known > before
        })
        .await;
    }
    holds(&program, 0).await;
    let tasks = provider.accounts().await.tasks.expect("tasks");
    let paid: std::collections::BTreeSet<_> = tasks.iter().map(|task| &task.marker).collect();
    assert_eq!((tasks.len(), paid.len()), (KILLED, KILLED), "each was paid once");
    let jobs = ["list", "--tenant", "acme", "--state", "succeeded", "--limit", "1000", "--json"];
    let jobs: Vec<Value> = program.run(&jobs).await.exits(0).lines();
    assert!(jobs.len() == KILLED && jobs.iter().all(|job| job["round"] == 2), "{}", jobs.len());
}
