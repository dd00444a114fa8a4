//! Dead letters by reason, tenant, operation, age and name.

use job::EventKind;
use serde_json::{Value, json};

use super::dead::{holds, publish, wide};
use crate::harness::{Consumer, Environment, Process, Program, Provider, until};

on_each_backend!(
    letters_are_listed_and_counted_by_what_is_known_of_them,
    a_dry_run_tells_what_would_be_done_and_changes_nothing,
    only_the_selected_letters_are_acted_on,
    a_parked_job_is_failed_with_one_event_and_others_are_left,
);

const VIDEO: &str = "videos.text2video.normal";

/// Four letters: one of no job, one of nobody's, and two parked jobs of two tenants.
async fn four(environment: &Environment) -> (Provider, Program, Process) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.images", "1");
    let up = program.start_role("narrow", "up").await;
    publish(environment, "broken", VIDEO, "no json").await;
    publish(environment, "not-a-job", VIDEO, "{\"a\": 1}").await;
    for (id, tenant) in [("wide-1", "acme"), ("wide-2", "other")] {
        let mut message = wide(id).message();
        message["tenant"] = tenant.into();
        publish(environment, id, &wide(id).routing_key(), &message.to_string()).await;
    }
    holds(&program, 4).await;
    (provider, program, up)
}

fn ids(rows: &[Value]) -> Vec<&str> {
    let mut ids: Vec<_> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    ids.sort_unstable();
    ids
}

async fn letters_are_listed_and_counted_by_what_is_known_of_them(environment: Environment) {
    let (_provider, program, _up) = four(&environment).await;
    for (flags, expected) in [
        (&[][..], &["broken", "not-a-job", "wide-1", "wide-2"][..]),
        (&["--reason", "not_json"], &["broken"]),
        (
            &["--reason", "not_json", "--reason", "wider_than_limit", "--tenant", "acme"],
            &["wide-1"],
        ),
        (&["--reason", "not_json", "--reason", "not_a_job"], &["broken", "not-a-job"]),
        (&["--tenant", "other"], &["wide-2"]),
        (&["--tenant", "reelwork.unreadable"], &["broken"]),
        (&["--operation", "videos/text2video"], &["broken", "not-a-job"]),
        (&["--operation", "images/generations", "--tenant", "acme"], &["wide-1"]),
        (&["--older-than", "1h"], &[]),
        (&["--older-than", "0s"], &["broken", "not-a-job", "wide-1", "wide-2"]),
    ] {
        let rows = program.run(&[&["dead", "list", "--json"], flags].concat()).await.exits(0);
        assert_eq!(ids(&rows.lines()), expected, "{flags:?}");
        assert_eq!(rows.stderr, "", "{flags:?}");
        let count = program.run(&[&["dead", "count", "--json"], flags].concat()).await.exits(0);
        assert_eq!(count.json()["total"], expected.len(), "{flags:?}");
    }
    let count = program.run(&["dead", "count", "--json"]).await.exits(0).json();
    let reasons = json!({"not_json": 1, "not_a_job": 1, "wider_than_limit": 2});
    let tenants = json!({"reelwork.unreadable": 1, "default": 1, "acme": 1, "other": 1});
    assert_eq!(count, json!({"total": 4, "reasons": reasons, "tenants": tenants}));
    let few = program.run(&["dead", "list", "--reason", "wider_than_limit", "--limit", "1"]).await;
    let few = few.exits(0);
    assert_eq!(few.stdout.lines().count(), 1);
    assert!(few.stderr.contains("more are there"), "{}", few.stderr);
    let unknown = program.run(&["dead", "list", "--reason", "no_json"]).await.exits(2).stderr;
    assert!(unknown.contains("did you mean not_json?"), "{unknown}");
    holds(&program, 4).await;
}

async fn a_dry_run_tells_what_would_be_done_and_changes_nothing(environment: Environment) {
    let (provider, program, _up) = four(&environment).await;
    let before = program.run(&["get", "acme/wide-1", "--json"]).await.exits(0).json();
    let told = program.run(&["dead", "replay", "--all", "--dry-run", "--json"]).await.exits(0);
    let rows = told.lines();
    let would = |id: &str| rows.iter().find(|row| row["id"] == id).map(|row| row["would"].clone());
    assert_eq!(would("wide-1"), Some("publish_in_new_round".into()));
    assert_eq!(would("broken"), Some("publish".into()));
    let all = json!({"publish": 2, "publish_in_new_round": 2});
    assert_eq!(rows.last(), Some(&json!({"selected": 4, "would": all})));
    let drop = ["dead", "drop", "--all", "--tenant", "acme", "--dry-run"];
    let told = program.run(&drop).await.exits(0).stdout;
    assert!(told.contains("would remove and fail"), "{told}");
    assert!(told.contains("1 selected, remove_and_fail: 1; nothing was changed"), "{told}");
    holds(&program, 4).await;
    let after = program.run(&["get", "acme/wide-1", "--json"]).await.exits(0).json();
    assert_eq!((before["state"].as_str(), before == after), (Some("parked"), true), "{after}");
    assert_eq!(provider.figures().await.submissions, 0);
}

async fn only_the_selected_letters_are_acted_on(environment: Environment) {
    let (provider, mut program, mut up) = four(&environment).await;
    let consumer = Consumer::subscribed(&environment).await;
    up.stop().await;
    program.set("limits.images", "9");
    let _up = program.start_role("wide", "up").await;
    for wrong in [
        &["dead", "replay", "--tenant", "acme"][..],
        &["dead", "replay", "wide-1", "--reason", "not_json"],
        &["dead", "drop", "--all", "wide-1"],
        &["dead", "drop", "--file", "ids.txt", "--tenant", "acme"],
        &["dead", "drop", "--file", "not-there.txt"],
    ] {
        program.run(wrong).await.exits(2);
    }
    let asked = program.run(&["dead", "replay", "--all", "--tenant", "acme"]).await.exits(2).stderr;
    let effect = "1 dead messages are to be published again: what is submitted is paid for";
    assert!(asked.contains(effect), "{asked}");
    holds(&program, 4).await;

    let only = ["dead", "replay", "--all", "--tenant", "acme", "--yes", "--json"];
    assert_eq!(program.run(&only).await.exits(0).json(), json!({"replayed": 1}));
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 1).await;
    assert_eq!((provider.tasks_of("wide-1").await, provider.tasks_of("wide-2").await), (1, 0));
    holds(&program, 3).await;

    let file = environment.file("ids.txt", "broken\n\n  other/wide-2 \nnobody\n");
    let careful = program.run(&["dead", "drop", "--file", &file]).await.exits(2).stderr;
    assert!(careful.contains("2 dead messages are to be deleted for good"), "{careful}");
    let dropped = program.run(&["dead", "drop", "--file", &file, "--yes", "--json"]).await.exits(0);
    assert_eq!(dropped.json(), json!({"dropped": 2}));
    assert!(dropped.stderr.contains("1 of the ids have no dead message: nobody"), "{dropped:?}");
    let rest = program.run(&["dead", "list", "--json"]).await.exits(0).lines();
    assert_eq!(ids(&rest), ["not-a-job"]);
}

async fn a_parked_job_is_failed_with_one_event_and_others_are_left(environment: Environment) {
    let (provider, mut program, mut up) = four(&environment).await;
    let consumer = Consumer::subscribed(&environment).await;
    up.stop().await;
    program.set("limits.images", "9");
    let _up = program.start_role("wide", "up").await;
    let dry = ["dead", "fail", "--all", "--dry-run", "--json"];
    let dry = program.run(&dry).await.exits(0).lines();
    let would = json!({"remove_and_fail": 2, "stay": 2});
    assert_eq!(dry.last(), Some(&json!({"selected": 4, "would": would})));

    let fail = ["dead", "fail", "wide-1", "--why", "the customer has gone", "--json"];
    assert_eq!(program.run(&fail).await.exits(0).json(), json!({"failed": 1}));
    // That it was parked may be announced later than its letter is there.
    until("it is announced", async || consumer.received().count(EventKind::Failed) == 1).await;
    let received = consumer.received();
    let mut failed = received.0.iter().filter(|event| event.kind() == Some(EventKind::Failed));
    let event = failed.next().expect("an event");
    let error = event.data.error.as_ref().expect("an error");
    assert_eq!(
        (error.kind.as_str(), error.message.as_str()),
        ("given_up", "the customer has gone")
    );
    let job = program.run(&["get", "acme/wide-1", "--json"]).await.exits(0).json();
    assert_eq!(job["state"], "failed");
    program.run(&fail).await.exits(4);
    holds(&program, 3).await;

    let rest = program.run(&["dead", "fail", "--all", "--yes", "--json"]).await.exits(0);
    assert_eq!(rest.json(), json!({"failed": 1}));
    assert!(rest.stderr.contains("stays: no job was recorded for it"), "{}", rest.stderr);
    let left = program.run(&["dead", "list", "--json"]).await.exits(0).lines();
    assert_eq!(ids(&left), ["broken", "not-a-job"]);
    until("so is the other", async || consumer.received().count(EventKind::Failed) == 2).await;

    // Unlike a dropped one, its id is in use.
    let mut again = wide("wide-1").message();
    again["tenant"] = "acme".into();
    publish(&environment, "wide-1", &wide("wide-1").routing_key(), &again.to_string()).await;
    let next = wide("next");
    publish(&environment, "next", &next.routing_key(), &next.message().to_string()).await;
    assert_eq!(consumer.receives("next").await.kind(), Some(EventKind::Succeeded));
    assert_eq!(provider.tasks_of("wide-1").await, 0);
    assert_eq!(consumer.received().count(EventKind::Failed), 2, "one event each");
}
