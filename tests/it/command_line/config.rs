//! `config show|check|example`, and the effect of an invalid configuration on every command.

use serde_json::{Value, json};

use crate::harness::{Backend, Environment, Provider};

const CANARY: &str = "canary-7d1f";

fn row<'a>(rows: &'a Value, key: &str) -> &'a Value {
    let rows = rows.as_array().expect("rows");
    rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no row {key}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_is_shown_with_its_source_and_without_secrets() {
    let environment = Environment::on(Backend::Embedded);
    let file = environment.file("own.toml", "[limits]\nvideos = 7\nimages = 8\n");
    let mut program = environment.program();
    program.set("limits.images", "11");
    program.set("kling.api_key", CANARY);
    program.set("broker.url", &format!("amqp://me:{CANARY}@broker.example:5671/video"));
    program.set("ledger.url", &format!("redis://:{CANARY}@ledger.example"));
    let arguments = ["config", "show", "--json", "--config", &file, "--namespace", "mine"];
    let shown = program.run(&arguments).await.exits(0);
    let rows = shown.json();
    assert_eq!(row(&rows, "limits.videos")["value"], "7");
    assert_eq!(row(&rows, "limits.images")["value"], "11", "a variable beats a file");
    assert_eq!(row(&rows, "broker.namespace")["value"], "mine", "a flag beats a variable");
    let broker = row(&rows, "broker.url")["value"].as_str().expect("a value").to_owned();
    assert!(broker.contains("broker.example:5671"), "{broker}");
    let words = program.run(&["config", "show"]).await.exits(0);
    for text in [&shown.stdout, &shown.stderr, &words.stdout, &words.stderr] {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert!(words.stdout.contains("limits.images = 11  ("), "{}", words.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_is_reported_at_once() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    assert_eq!(program.run(&["config", "check"]).await.exits(0).stdout, "ok\n");
    program.set("limits.videos", "many");
    program.set("poll.sweep", "soon");
    program.set("kling.tiemout", "5s");
    program.set("tenants.weights", "acme=0");
    program.set("tenants.concurrencies", "acme=1,acme=2");
    program.set("tenants.waiting", "-1");
    program.set("money.account_per_day", "0");
    program.set("money.tenant_per_day", "-1");
    program.set("money.tenants_per_day", "acme=0");
    program.set("money.acount_per_month", "5");
    program.set("broker.url", &format!("smtp://me:{CANARY}@x"));
    let checked = program.run(&["config", "check", "--json"]).await.exits(78);
    let problems = checked.json()["problems"].to_string();
    for word in ["limits.videos", "poll.sweep", "REELWORK_KLING__TIEMOUT", "broker.url"] {
        assert!(problems.contains(word), "{word}: {problems}");
    }
    for word in ["tenants.weights", "tenants.concurrencies", "acme twice", "tenants.waiting"] {
        assert!(problems.contains(word), "{word}: {problems}");
    }
    for word in ["money.account_per_day", "money.tenant_per_day", "money.tenants_per_day"] {
        assert!(problems.contains(word), "{word}: {problems}");
    }
    assert!(problems.contains("REELWORK_MONEY__ACCOUNT_PER_MONTH?"), "{problems}");
    // Every other command reports the same.
    let done = program.run(&["submit", "videos/text2video", "--prompt", "x"]).await.exits(78);
    for word in ["limits.videos", "poll.sweep", "REELWORK_KLING__TIMEOUT?", "broker.url"] {
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
    assert!(!problems.contains(CANARY) && !done.stderr.contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_for_tls_are_read_too() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    let empty = environment.file("empty.pem", "");
    program.set("broker.url", "amqps://mq");
    program.set("ledger.url", "rediss://cache");
    let keys = ["broker.ca_file", "ledger.ca_file", "kling.ca_file"];
    for key in keys {
        program.set(key, &empty);
    }
    let refused = program.run(&["config", "check", "--json"]).await.exits(78).json();
    let problems = refused["problems"].as_array().expect("a list");
    let found: Vec<_> = problems.iter().map(|problem| problem["key"].clone()).collect();
    assert_eq!(found, keys);
    assert!(problems[1]["message"].to_string().contains("empty.pem is empty"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_a_configuration() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    let example = program.run(&["config", "example"]).await.exits(0).stdout;
    let file = environment.file("example.toml", &example);
    program.run(&["config", "check", "--config", &file]).await.exits(0);
    let broken = environment.file("broken.toml", &example.replace("[limits]", "[limitz]"));
    let checked = program.run(&["config", "check", "--config", &broken]).await.exits(78);
    assert!(checked.stderr.contains("limitz"), "{}", checked.stderr);
}

/// Reported once, by every command that calls the provider, and by no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_the_variable_of_the_provider_is_used_and_reported() {
    const BORROWED: &str = "COMETAPI_KEY";
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({"api_keys": [CANARY]})).await;
    let mut program = environment.program_for(&provider);
    program.unset("kling.api_key");
    program.env(BORROWED, CANARY);
    let said = |text: &str| text.matches(BORROWED).count();
    let up = program.start_role("up", "up").await;
    let submit = ["submit", "videos/text2video", "--prompt", "x", "--key", "one", "--wait"];
    let submitted = program.run(&submit).await.exits(0);
    assert_eq!(said(&up.stderr()), 1, "{}", up.stderr());
    assert!(!up.stderr().contains(CANARY), "{}", up.stderr());
    for command in [&["doctor"][..], &["ledger", "check"]] {
        let told = program.run(command).await.exits(0);
        assert_eq!((said(&told.stderr), said(&told.stdout)), (1, 0), "{command:?}: {told:?}");
        assert!(!told.stderr.contains(CANARY), "{told:?}");
    }
    let attach = program.run(&["doubt", "attach", "one", "task-1"]).await;
    assert_eq!(said(&attach.stderr), 1, "{attach:?}");
    // These do not call the provider, or only a simulated one.
    let demo = program.run(&["demo", "--jobs", "2"]).await.exits(0);
    let listed = program.run(&["doubt", "list"]).await.exits(0);
    for told in [submitted, demo, listed] {
        assert_eq!(said(&told.stderr), 0, "{told:?}");
    }
    program.set("kling.api_key", CANARY);
    assert_eq!(said(&program.run(&["doctor"]).await.exits(0).stderr), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_a_table_of_prices_is_reported_at_once() {
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    let price = |operation: &str, rest: &str| {
        format!("[[price]]\noperations = [{operation:?}]\nper = \"task\"\n{rest}\n")
    };
    let good = price("videos/text2video", "usd = \"0.20\"");
    program.set("money.prices", &environment.file("good.toml", &good));
    program.run(&["config", "check"]).await.exits(0);
    let bad = [price("videos/text3video", "usd = \"1\""), price("audio/text-to-audio", "uds = 1")];
    program.set("money.prices", &environment.file("bad.toml", &bad.concat()));
    let words = ["videos/text3video", "uds is not known", "needs one amount"];
    for command in [&["config", "check"][..], &["worker"], &["up"]] {
        let refused = program.run(command).await.exits(78).stderr;
        for word in words {
            assert!(refused.contains(word), "no {word:?} in {refused}");
        }
    }
    program.set("money.prices", "/no/such/prices.toml");
    let missing = program.run(&["config", "check"]).await.exits(78).stderr;
    assert!(missing.contains("money.prices (/no/such/prices.toml): cannot be read"), "{missing}");
}
