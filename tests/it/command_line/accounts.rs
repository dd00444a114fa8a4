//! Several accounts: what each command says of them, and with which key it asks.

use std::time::Duration;

use job::PauseScope;
use ports::{Clock, Pause, SystemClock};
use serde_json::{Value, json};

use crate::harness::{Backend, Environment, Program, Provider};

on_each_backend!(
    slots_and_pauses_are_those_of_each_account,
    costs_are_those_of_each_account,
    a_pause_is_of_all_accounts_or_of_one,
);

const CANARY: &str = "canary-7d1f";

/// The accounts default and second.
fn two(environment: &Environment) -> Program {
    let mut program = environment.program();
    let file = environment.file("second", "key-of-second\n");
    program.set("accounts.key_files", &format!("second={file}"));
    program
}

async fn refused(environment: &Environment, account: &str) {
    let (since, reason) = (SystemClock.now(), "no balance".to_owned());
    let pause = Pause { reason, since, until: since + Duration::from_secs(3600) };
    environment.ledger().await.pause(account, &pause).await.expect("a pause");
}

async fn slots_and_pauses_are_those_of_each_account(environment: Environment) {
    let mut program = two(&environment);
    program.set("limits.videos", "7");
    program.set("accounts.videos", "second=3");
    program.set("kling.account", "main");
    refused(&environment, "second").await;
    program.run(&["pause", "--pool", "images", "--reason", "costs"]).await.exits(0);
    let stats = program.run(&["stats", "--json"]).await.exits(0).json();
    assert_eq!(
        (&stats["account"], &stats["accounts"]),
        (&json!("main"), &json!(["main", "second"]))
    );
    let pools: Vec<_> = stats["pools"].as_array().expect("pools").iter().collect();
    let slots = |pool: &&Value| json!([pool["account"], pool["pool"], pool["slots"]]);
    let rows: Vec<Value> = pools.iter().map(slots).collect();
    assert_eq!((rows.len(), &rows[0]), (6, &json!(["main", "videos", 7])));
    assert!(rows.contains(&json!(["second", "videos", 3])), "{rows:?}");
    assert!(rows.contains(&json!(["second", "images", 9])), "{rows:?}");
    let paused = stats["paused"].as_array().expect("pauses");
    assert_eq!(paused.len(), 1, "{stats}");
    assert_eq!(
        (&paused[0]["account"], &paused[0]["reason"]),
        (&json!("second"), &json!("no balance"))
    );
    for time in ["since", "until"] {
        let time = paused[0][time].as_str().and_then(job::Timestamp::parse);
        assert!(time.is_some(), "RFC 3339: {stats}");
    }
    let by_hand =
        |pause: &Value| json!([pause["account"], pause["name"], pause["reason"], pause["until"]]);
    let by_hand: Vec<_> =
        stats["paused_by_hand"].as_array().expect("pauses").iter().map(by_hand).collect();
    assert_eq!(by_hand, ["main", "second"].map(|name| json!([name, "images", "costs", null])));

    let words = program.run(&["stats"]).await.exits(0).stdout;
    for part in [
        "main videos: 0 of 7 slots in use, 0 jobs wait\n",
        "second videos: 0 of 3 slots in use, 0 jobs wait\n",
        "videos: 0 more in the broker\n",
        "account second is paused until ",
        ": no balance\n",
        "account main: pool images is paused by hand",
    ] {
        assert!(words.contains(part), "no {part:?} in {words}");
    }
    let unseen = program.run(&["why", "unseen"]).await.exits(4).stderr;
    for part in ["account main: pool images", "account second: pool images", "no balance"] {
        assert!(unseen.contains(part), "no {part:?} in {unseen}");
    }
}

async fn costs_are_those_of_each_account(environment: Environment) {
    let mut program = two(&environment);
    program.set("money.account_per_day", "5");
    program.set("money.accounts_per_day", "second=2");
    let caps = |rows: &[Value]| {
        let cap = |row: &Value| json!([row["account"], row["periods"][0]["cap"]]);
        rows.iter().map(cap).collect::<Vec<_>>()
    };
    let rows = program.run(&["costs", "--json"]).await.exits(0).lines();
    assert_eq!(caps(&rows), [json!(["default", "5.00"]), json!(["second", "2.00"])]);
    let rows = program.run(&["costs", "--account", "second", "--json"]).await.exits(0).lines();
    assert_eq!(caps(&rows), [json!(["second", "2.00"])]);
    let words = program.run(&["costs"]).await.exits(0).stdout;
    assert!(words.contains("account second\n") && words.contains("of $2.00"), "{words}");
    let gone = program.run(&["costs", "--account", "gone"]).await.exits(0);
    assert!(gone.stderr.contains("account gone is not configured here"), "{}", gone.stderr);
    assert!(!gone.stdout.contains("of $"), "{}", gone.stdout);
}

async fn a_pause_is_of_all_accounts_or_of_one(environment: Environment) {
    let program = two(&environment);
    let accounts = async |command: &[&str]| {
        let rows = program.run(&[command, &["--json"]].concat()).await.exits(0).lines();
        rows.iter()
            .map(|row| row["account"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    let tenant = ["pause", "--tenant", "acme", "--reason", "too costly"];
    assert_eq!(accounts(&tenant).await, ["default", "second"]);
    let second = program.run(&["pause", "--account", "second", "--reason", "x"]).await.exits(0);
    assert!(second.stdout.starts_with("account second: the account is paused by hand"));
    assert_eq!(second.stderr, "", "it is configured");
    assert_eq!(accounts(&["pause"]).await, ["default", "second", "second"]);
    assert_eq!(accounts(&["resume", "--account", "second"]).await, ["second"]);
    assert_eq!(accounts(&["resume", "--tenant", "acme"]).await, ["default", "second"]);
    program.run(&["resume", "--tenant", "acme"]).await.exits(4);
    let own = ["pause", "--account", "--reason", "x"];
    assert_eq!(accounts(&own).await, ["default"]);
    program.run(&["resume", "--account"]).await.exits(0);
    let empty = program.run(&["pause"]).await.exits(0).stderr;
    assert_eq!(empty, "nothing of accounts default, second is paused by hand\n");

    // One where it is paused is enough.
    let scope = PauseScope::parse("tenant acme").expect("a scope");
    program.run(&tenant).await.exits(0);
    environment.ledger().await.resume_by_hand("second", &scope).await.expect("resumed");
    assert_eq!(accounts(&["resume", "--tenant", "acme"]).await, ["default"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_is_asked_with_its_own_key_at_its_own_address() {
    let environment = Environment::on(Backend::Embedded);
    let first = Provider::here(json!({"api_keys": ["test-key"]})).await;
    let second = Provider::here(json!({"api_keys": ["key-of-second"]})).await;
    let mut program = two(&environment);
    program.set("kling.api_key", "test-key");
    program.set("kling.base_url", &first.url);
    program.set("accounts.base_urls", &format!("second={}", second.url));
    program.run(&["doctor"]).await.exits(0);
    let found = program.run(&["doctor", "--probe", "--yes", "--json"]).await.exits(0).lines();
    let names: Vec<_> = found.iter().map(|row| row["account"].clone()).collect();
    assert_eq!(names, ["default", "second"]);
    assert_eq!((first.accounts().await.accepted, second.accounts().await.accepted), (1, 1));

    environment.file("second", "another-key\n");
    let rows = program.run(&["doctor", "--json"]).await.exits(78).lines();
    let of = |account: &str| {
        let fits = |row: &&Value| row["check"] == "provider" && row["account"] == account;
        rows.iter().find(fits).unwrap_or_else(|| panic!("no {account} in {rows:?}"))["ok"].clone()
    };
    assert_eq!((of("default"), of("second")), (json!(true), json!(false)));
    let words = program.run(&["doctor"]).await.exits(78).stdout;
    assert!(words.contains("PROBLEM  provider of account second: "), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_keys_are_checked_and_needed_only_to_ask() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    let empty = environment.file("empty", "\n");
    let long = environment.file("long", &format!("{CANARY}\n{CANARY}\n"));
    let missing = environment.directory().join(CANARY).display().to_string();
    program.set("accounts.key_files", &format!("a={missing},b={empty},c={long}"));
    program.run(&["stats"]).await.exits(0);
    let checked = program.run(&["config", "check", "--json"]).await.exits(78);
    let problems = checked.json()["problems"].as_array().expect("a list").clone();
    let expected = ["account a cannot be read", "account b is empty", "account c holds a space"];
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert_eq!(problem["key"], "accounts.key_files");
        assert!(problem["message"].to_string().contains(expected), "{problem}");
    }
    program.set("accounts.key_files", &format!("a={CANARY}"));
    let inline = program.run(&["config", "check"]).await.exits(78);
    for text in [&checked.stdout, &checked.stderr, &inline.stdout, &inline.stderr] {
        assert!(!text.contains(CANARY), "{text}");
    }
}
