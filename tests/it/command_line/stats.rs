//! `stats`: how busy the pools are, and with whose jobs.

use serde_json::{Value, json};

use crate::harness::{Environment, Program, Provider, Wish, until};

on_each_backend!(pools_and_tenants_are_counted);

const SLOTS: usize = 2;
const ACME: usize = 20;

fn jobs(tenant: &str, count: usize) -> String {
    let line = |n| {
        let mut message = Wish::video(&format!("{tenant}-{n}")).message();
        message["tenant"] = tenant.into();
        format!("{message}\n")
    };
    (0..count).map(line).collect()
}

async fn videos(program: &Program) -> Value {
    let stats = program.run(&["stats", "--json"]).await.exits(0).json();
    assert_eq!(stats["account"], "default");
    assert_eq!(stats["dead_letters"], 0);
    let pools = stats["pools"].as_array().expect("pools").clone();
    let named = |pool: &Value| pool["pool"] == "videos";
    pools.into_iter().find(named).expect("videos")
}

async fn pools_and_tenants_are_counted(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.videos", &SLOTS.to_string());
    program.set("tenants.waiting", "1");
    program.set("tenants.weights", "acme=3");
    let empty = videos(&program).await;
    assert_eq!((&empty["slots"], &empty["tenants"]), (&json!(SLOTS), &json!([])));
    let _up = program.start_role("up", "up").await;
    let single = environment.file("first.jsonl", &jobs("first", SLOTS));
    program.run(&["submit", "--file", &single]).await.exits(0);
    until("both slots are in use", async || videos(&program).await["running"] == SLOTS).await;
    for (tenant, count) in [("acme", ACME), ("batch", 1)] {
        let file = environment.file("more.jsonl", &jobs(tenant, count));
        program.run(&["submit", "--file", &file]).await.exits(0);
    }
    let count =
        |videos: &Value, place: usize| videos["tenants"][place]["waiting"].as_u64().unwrap_or(0);
    // The worker may hold the next one.
    until("the others wait", async || {
        let videos = videos(&program).await;
        let acme = count(&videos, 0) + videos["in_overflow"].as_u64().unwrap_or(0);
        acme + 1 >= ACME as u64 && count(&videos, 1) == 1
    })
    .await;
    let videos = videos(&program).await;
    assert!(count(&videos, 0) >= 2 * SLOTS as u64, "{videos}");
    let row = |place: usize| videos["tenants"][place].clone();
    assert_eq!((&row(0)["tenant"], &row(0)["weight"]), (&json!("acme"), &json!(3)));
    assert_eq!((&row(0)["share"], &row(1)["share"]), (&json!(0.75), &json!(0.25)));
    assert_eq!(
        row(2),
        json!({
            "tenant": "first", "waiting": 0, "running": SLOTS, "weight": 1, "share": 0.0,
        })
    );
    assert_eq!(videos["in_lanes"], 0);
    let words = program.run(&["stats", "--tenants", "1"]).await.exits(0).stdout;
    for part in ["videos: 2 of 2 slots in use", "  acme: 0 slots in use", "0 dead letters"] {
        assert!(words.contains(part), "no {part:?} in {words}");
    }
    assert!(!words.contains("batch"), "{words}");
}
