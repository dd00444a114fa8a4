//! Ten tenants with different weights have more jobs than there are slots.

use std::collections::BTreeMap;

use serde_json::json;

use crate::harness::{
    Backend, Consumer, Environment, Process, Provider, Received, Wish, say, until,
};

const SLOTS: u32 = 20;
const WORKERS: usize = 4;
const TENANTS: u32 = 10;
/// More than the heaviest tenant is served while the shares are counted.
const EACH: usize = 300;
/// Submissions that are counted, over all tenants.
const COUNTED: usize = 1_200;

fn tenant(weight: u32) -> String {
    format!("weight-{weight}")
}

fn line(tenant: &str, n: usize) -> String {
    let mut message = Wish::video(&format!("{tenant}-{n}")).message();
    message["tenant"] = tenant.into();
    format!("{message}\n")
}

/// Jobs of each tenant among the first that were submitted, without those of `first`.
fn served(received: &Received) -> BTreeMap<String, usize> {
    let mut submitted = BTreeMap::new();
    for event in received.0.iter().filter(|event| event.data.tenant != "first") {
        if let Some(at) = event.data.timings.submitted_ms {
            submitted.entry(&event.subject).or_insert((at, &event.data.tenant));
        }
    }
    let mut order: Vec<_> = submitted.into_values().collect();
    order.sort_unstable();
    let mut served = BTreeMap::new();
    for (_, tenant) in order.into_iter().take(COUNTED) {
        *served.entry(tenant.clone()).or_default() += 1;
    }
    served
}

/// 1 if all are equal, and 1/n if one of n has everything (Jain, Chiu and Hawe, 1984).
fn jain(values: &[f64]) -> f64 {
    let (sum, squares) = (values.iter().sum::<f64>(), values.iter().map(|v| v * v).sum::<f64>());
    sum * sum / (values.len() as f64 * squares)
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_served_by_their_weights() {
    let environment = Environment::on(Backend::Rabbitmq);
    let concurrency = json!({"videos": SLOTS, "images": 0, "audio": 0});
    let living = |ms: u64| json!({"life_ms": ms, "concurrency": concurrency});
    // Until all jobs wait, these tasks take the slots.
    let provider = Provider::here(living(40_000)).await;
    let weights: Vec<String> = (1..=TENANTS).map(|w| format!("{}={w}", tenant(w))).collect();
    let program = || {
        let mut program = environment.program_for(&provider);
        program.set("limits.videos", &SLOTS.to_string());
        program.set("tenants.weights", &weights.join(","));
        program
    };
    program().run(&["topology", "apply"]).await.exits(0);
    let consumer = Consumer::subscribed(&environment).await;
    let mut roles: Vec<Process> = vec![program().start_role("poller", "poller").await];
    for n in 0..WORKERS {
        roles.push(program().start_role(&format!("worker-{n}"), "worker").await);
    }
    let first: String = (0..SLOTS as usize).map(|n| line("first", n)).collect();
    let file = environment.file("first.jsonl", &first);
    program().run(&["submit", "--file", &file]).await.exits(0);
    until("no slot is free", async || provider.figures().await.accepted >= u64::from(SLOTS)).await;
    provider.change(living(200)).await;
    let all = (0..EACH).flat_map(|n| (1..=TENANTS).map(move |w| line(&tenant(w), n)));
    let file = environment.file("jobs.jsonl", &all.collect::<String>());
    program().run(&["submit", "--file", &file]).await.exits(0);
    let all = EACH * TENANTS as usize;
    until("all of them wait", async || {
        let stats = program().run(&["stats", "--json"]).await.exits(0).json();
        stats["pools"][0]["waiting"] == all
    })
    .await;

    let received = consumer.receives_outcomes(all + SLOTS as usize).await;
    let served = served(&received);
    let parts: Vec<f64> = (1..=TENANTS).map(|w| served[&tenant(w)] as f64 / f64::from(w)).collect();
    let (index, accounts) = (jain(&parts), provider.accounts().await);
    say(format!(
        "{WORKERS} workers, {SLOTS} slots, {TENANTS} tenants with weights 1 to {TENANTS}: Jain index \
         of the weighted service {index:.4}; {served:?}"
    ));
    assert!(index >= 0.98, "{index}: {served:?}");
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (all + SLOTS as usize, 0));
    assert_eq!(accounts.limit_violations.concurrency, 0);
}
