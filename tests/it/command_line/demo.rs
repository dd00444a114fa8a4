//! `demo`: its counts, and that they show a broken promise.

use serde_json::Value;

use crate::harness::{Backend, Done, Environment, amqp_url, redis_url};

async fn demo(environment: &Environment, arguments: &[&str]) -> Done {
    let mut program = environment.program();
    let backend = match environment.backend {
        Backend::Embedded => "embedded",
        Backend::Rabbitmq => {
            program.set("broker.url", &amqp_url());
            program.set("ledger.url", &redis_url());
            "rabbitmq"
        }
    };
    program.run(&[&["demo", "--json", "--backend", backend], arguments].concat()).await
}

fn count(counts: &Value, name: &str) -> u64 {
    counts[name].as_u64().unwrap_or_else(|| panic!("no count {name}: {counts}"))
}

on_each_backend!(a_demo_counts_everything_once, a_second_payment_is_counted);

async fn a_demo_counts_everything_once(environment: Environment) {
    let done = demo(&environment, &["--jobs", "60"]).await.exits(0);
    assert_eq!(done.stdout.lines().count(), 1, "{}", done.stdout);
    let counts = done.json();
    for (name, expected) in [
        ("jobs", 60),
        ("succeeded", 60),
        ("events", 60),
        ("paid_submissions", 60),
        ("failed", 0),
        ("rejected", 0),
        ("parked", 0),
        ("lost", 0),
        ("double_paid", 0),
    ] {
        assert_eq!(count(&counts, name), expected, "{name}: {counts}");
    }
    assert!(count(&counts, "duplicate_events") == 0 || counts["backend"] == "rabbitmq");
    assert!(count(&counts["provider_calls"], "submit") >= 60);
    assert!(count(&counts["provider_calls"], "query") >= 60);
    assert!(counts["seconds"].is_number() && counts["jobs_per_second"].is_number());
}

async fn a_second_payment_is_counted(environment: Environment) {
    let arguments = ["--jobs", "10", "--sabotage", "double-post"];
    let counts = demo(&environment, &arguments).await.exits(1).json();
    assert_eq!((count(&counts, "double_paid"), count(&counts, "lost")), (1, 0), "{counts}");
    assert_eq!(count(&counts, "paid_submissions"), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_event_is_counted() {
    let environment = Environment::on(Backend::Embedded);
    let arguments = ["--jobs", "10", "--sabotage", "drop-event"];
    let counts = demo(&environment, &arguments).await.exits(1).json();
    assert_eq!((count(&counts, "lost"), count(&counts, "events")), (1, 9), "{counts}");
    assert_eq!(count(&counts, "paid_submissions"), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_is_counted() {
    let environment = Environment::on(Backend::Embedded);
    let arguments = ["--jobs", "10", "--sabotage", "drop-job"];
    let counts = demo(&environment, &arguments).await.exits(1).json();
    assert_eq!((count(&counts, "lost"), count(&counts, "events")), (1, 9), "{counts}");
    assert_eq!(count(&counts, "paid_submissions"), 9);
}

/// Real prompts: long ones, and some that are not ASCII.
#[tokio::test(flavor = "multi_thread")]
async fn prompts_come_from_a_file_one_a_line() {
    let environment = Environment::on(Backend::Embedded);
    let long = "a very long take of the sea, ".repeat(40);
    let prompts = format!("Ein Leuchtturm in der Dämmerung\n\n一只猫在海滩上\n{long}\n");
    let file = environment.file("prompts.txt", &prompts);
    let counts = demo(&environment, &["--prompts", &file, "--jobs", "12"]).await.exits(0).json();
    assert_eq!(count(&counts, "succeeded"), 12);
    let counts = demo(&environment, &["--prompts", &file]).await.exits(0).json();
    assert_eq!(count(&counts, "jobs"), 3, "one a prompt");
    let empty = environment.file("empty.txt", "\n");
    assert_eq!(demo(&environment, &["--prompts", &empty]).await.exits(2).stdout, "");
}
