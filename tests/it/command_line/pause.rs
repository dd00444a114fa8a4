//! `pause` and `resume`: what is listed, what is refused, and where a pause is shown.

use std::time::Duration;

use job::{EventKind, Timestamp};
use ports::{Clock, SystemClock};
use serde_json::json;

use crate::harness::{Consumer, Environment, Provider, Wish, lines, until};
use crate::health::Watched;

on_each_backend!(
    what_is_paused_is_listed_until_it_is_resumed,
    nonsense_is_refused,
    a_job_that_waits_names_its_pause,
    a_pause_ends_by_itself,
);

async fn what_is_paused_is_listed_until_it_is_resumed(environment: Environment) {
    let mut program = environment.program();
    program.env("USER", "anna");
    let empty = program.run(&["pause"]).await.exits(0);
    assert_eq!(empty.stderr, "nothing of account default is paused by hand\n");
    let tenant = ["pause", "--tenant", "acme", "--reason", "too costly", "--for", "2h", "--json"];
    let paused = program.run(&tenant).await.exits(0).json();
    let expected = json!({
        "account": "default", "scope": "tenant", "name": "acme", "reason": "too costly",
        "since": paused["since"], "until": paused["until"], "by": "anna",
    });
    assert_eq!(paused, expected);
    let words = |key: &str| paused[key].as_str().expect("a moment").to_owned();
    let account = ["pause", "--account", "--reason", "all of it"];
    let told = program.run(&account).await.exits(0).stdout;
    assert!(told.starts_with("the account is paused by hand (anna): all of it (since "), "{told}");
    let elsewhere = ["pause", "--account", "other", "--reason", "not this one", "--json"];
    let other = program.run(&elsewhere).await.exits(0);
    assert_eq!(other.json()["account"], "other");
    assert!(
        other
            .stderr
            .contains("only processes with an account other stop; configured here: default"),
        "{}",
        other.stderr
    );
    let rows = program.run(&["pause", "--json"]).await.exits(0).lines();
    assert_eq!((rows.len(), &rows[0]["scope"], &rows[1]), (2, &json!("account"), &paused));
    let told = program.run(&["pause"]).await.exits(0).stdout;
    let line = format!(
        "tenant acme is paused by hand (anna) until {}: too costly (since {})\n",
        words("until"),
        words("since")
    );
    assert!(told.ends_with(&line), "{told}");

    let moment = "2099-01-01T00:00:00Z";
    let longer = ["pause", "--tenant", "acme", "--reason", "longer", "--until", moment, "--json"];
    let longer = program.run(&longer).await.exits(0).json();
    assert_eq!(
        (&longer["until"], &longer["since"]),
        (&json!("2099-01-01T00:00:00.000Z"), &paused["since"])
    );
    let resumed = program.run(&["resume", "--tenant", "acme", "--json"]).await.exits(0).json();
    let expected =
        json!({"account": "default", "scope": "tenant", "name": "acme", "resumed": true});
    assert_eq!(resumed, expected);
    let again = program.run(&["resume", "--tenant", "acme"]).await.exits(4);
    let words = "reelwork: tenant acme is not paused by hand in account default\n";
    assert_eq!(again.stderr, words);
    program.run(&["resume", "--account"]).await.exits(0);
    program.run(&["resume", "--account", "other"]).await.exits(0);
    assert!(program.run(&["pause", "--json"]).await.exits(0).lines().is_empty());
}

async fn nonsense_is_refused(environment: Environment) {
    let program = environment.program();
    let cases: [(&[&str], &str); 13] = [
        (&["pause", "--tenant", "a"], "--reason"),
        (&["pause", "--tenant", "a", "--reason", " "], "a pause needs a reason"),
        (&["pause", "--reason", "x"], "--tenant"),
        (&["pause", "--for", "1h"], "--tenant"),
        (&["pause", "--tenant", "a b", "--reason", "x"], "tenant must be"),
        (&["pause", "--pool", "gifs", "--reason", "x"], "expected videos, images or audio"),
        (
            &["pause", "--operation", "videos/text2vidoe", "--reason", "x"],
            "did you mean videos/text2video?",
        ),
        (&["pause", "--tenant", "a", "--pool", "videos", "--reason", "x"], "cannot be used with"),
        (&["pause", "--tenant", "a", "--reason", "x", "--for", "0s"], "has passed"),
        (&["pause", "--tenant", "a", "--reason", "x", "--for", "soon"], "expected a duration"),
        (
            &["pause", "--tenant", "a", "--reason", "x", "--until", "2020-01-01T00:00:00Z"],
            "2020-01-01T00:00:00.000Z has passed",
        ),
        (
            &[
                "pause",
                "--tenant",
                "a",
                "--reason",
                "x",
                "--for",
                "1h",
                "--until",
                "2099-01-01T00:00:00Z",
            ],
            "cannot be used with",
        ),
        (&["resume"], "`reelwork pause` lists"),
    ];
    for (command, told) in cases {
        let done = program.run(command).await.exits(2);
        assert!(done.stderr.contains(told), "{command:?}: {}", done.stderr);
    }
    assert!(program.run(&["pause", "--json"]).await.exits(0).lines().is_empty());
}

async fn a_job_that_waits_names_its_pause(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let up = Watched::of(environment.program_for(&provider));
    let (program, consumer) = (&up.program, Consumer::subscribed(&environment).await);
    program.run(&["pause", "--tenant", "default", "--reason", "too costly"]).await.exits(0);
    let _up = program.start_role("up", "up").await;
    let words = "tenant default is paused by hand: too costly";
    up.is(200, &format!("[!]paused {words}")).await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("held")]));
    program.run(&["submit", "--file", &file]).await.exits(0);
    until("the job waits because of it", async || {
        let told = program.run(&["why", "held"]).await;
        told.stdout.contains("waits for a slot") && told.stdout.contains(words)
    })
    .await;
    let told = program.run(&["why", "held", "--json"]).await.exits(0).json();
    assert_eq!(told["paused_by_hand"][0]["reason"], "too costly", "{told}");
    let rows = program.run(&["doctor", "--json"]).await.lines();
    let ledger = rows.iter().find(|row| row["check"] == "ledger").expect("the ledger");
    assert!(ledger["detail"].to_string().contains(words), "{ledger}");
    let unseen = program.run(&["why", "unseen"]).await.exits(4).stderr;
    assert!(unseen.contains(words), "{unseen}");
    assert_eq!(provider.accounts().await.submissions, 0);

    program.run(&["resume", "--tenant", "default"]).await.exits(0);
    assert_eq!(consumer.receives("held").await.kind(), Some(EventKind::Succeeded));
    let told = program.run(&["why", "held", "--json"]).await.exits(0).json();
    assert_eq!(told["paused_by_hand"], json!([]));
}

async fn a_pause_ends_by_itself(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let paused = ["pause", "--account", "--reason", "a while", "--for", "4s", "--json"];
    let paused = program.run(&paused).await.exits(0).json();
    let until_then = paused["until"].as_str().and_then(Timestamp::parse).expect("a moment");
    let _up = program.start_role("up", "up").await;
    let mut late = Wish::video("late").message();
    late["deadline"] = json!((SystemClock.now() + Duration::from_secs(1)).to_string());
    let file =
        environment.file("jobs.jsonl", &format!("{late}\n{}\n", Wish::video("held").message()));
    program.run(&["submit", "--file", &file]).await.exits(0);
    let held = consumer.receives("held").await;
    assert_eq!(held.kind(), Some(EventKind::Succeeded));
    assert_eq!(consumer.receives("late").await.kind(), Some(EventKind::TimedOut));
    let tasks = provider.accounts().await.tasks.expect("tasks");
    let first = i64::try_from(tasks[0].accepted_at_ms).expect("fits");
    let waited = first - until_then.as_millis();
    assert!((0..1_500).contains(&waited), "submitted {waited} ms after its end");
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert!(program.run(&["pause", "--json"]).await.exits(0).lines().is_empty());
}
