//! `costs`: what was spent, by tenant and model.

use serde_json::{Value, json};

use crate::harness::{Environment, Program, Provider, Wish, until};

on_each_backend!(costs_are_counted_by_tenant_and_model);

fn message(tenant: &str, n: usize, operation: &'static str) -> String {
    let mut message = Wish::of(operation, &format!("{tenant}-{n}"), "").message();
    message["tenant"] = tenant.into();
    format!("{message}\n")
}

async fn today(program: &Program) -> Value {
    let costs = program.run(&["costs", "--json"]).await.exits(0).json();
    assert_eq!((&costs["account"], &costs["counting"]), (&json!("default"), &json!(true)));
    costs["periods"][0].clone()
}

async fn costs_are_counted_by_tenant_and_model(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 50})).await;
    let mut program = environment.program_for(&provider);
    program.set("money.account_per_day", "50");
    program.set("money.tenants_per_day", "acme=0.28,batch=0.10");
    program.set("money.over_cap", "refuse");
    let empty = today(&program).await;
    assert_eq!((&empty["spent"], &empty["tenants"]), (&json!("0.00"), &json!([])));
    let _up = program.start_role("up", "up").await;
    let video = "videos/text2video";
    let jobs = [
        message("acme", 0, video),
        message("acme", 1, video),
        message("acme", 2, video),
        message("batch", 0, video),
        // The shipped table has no price for it.
        message("default", 0, "videos/effects"),
    ];
    let file = environment.file("jobs.jsonl", &jobs.concat());
    program.run(&["submit", "--file", &file]).await.exits(0);
    until("all of them have ended", async || {
        let today = today(&program).await;
        let ended = today["reserved"] == "0.00" && today["refused"] == 2;
        ended && today["spent"] == "0.56"
    })
    .await;

    let costs = today(&program).await;
    assert_eq!((&costs["unpriced"], &costs["cap"]), (&json!(1), &json!("50.00")));
    let row = |name: &str, spent: &str, refused: u32, unpriced: u32, cap: Option<&str>| {
        json!({
            "name": name, "spent": spent, "reserved": "0.00", "refused": refused,
            "unpriced": unpriced, "cap": cap,
        })
    };
    let tenants = costs["tenants"].as_array().expect("rows");
    for expected in [
        row("acme", "0.28", 1, 0, Some("0.28")),
        row("batch", "0.00", 1, 0, Some("0.10")),
        row("default", "0.28", 0, 1, None),
    ] {
        assert!(tenants.contains(&expected), "no {expected} in {costs}");
    }
    assert_eq!(costs["models"][0]["name"], Value::Null, "no request names a model");
    let refused = program.run(&["get", "--tenant", "batch", "batch-0", "--json"]).await;
    assert!(refused.stdout.contains("\"budget\""), "{}", refused.stdout);

    let words = program.run(&["costs", "--tenant", "acme"]).await.exits(0).stdout;
    let line = "  tenant acme: $0.28 spent, $0.00 reserved of $0.28, 1 refused, 0 unpriced";
    assert!(words.contains(line), "{words}");
    assert!(!words.contains("batch"), "{words}");
    let past = program.run(&["costs", "--day", "2020-01-01", "--json"]).await.exits(0).json();
    assert_eq!(past["periods"][0]["period"], "2020-01-01");
    assert_eq!(past["periods"][0]["spent"], "0.00");
    program.run(&["costs", "--month", "2020-1"]).await.exits(2);
    program.run(&["costs", "--month", "2020-01", "--day", "2020-01-01"]).await.exits(2);
}
