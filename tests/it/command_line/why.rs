//! `why`: the reason for a job's state, also if it is not in the job's record.

use ports::{Destination, Message};
use serde_json::json;

use crate::harness::{Environment, Provider, until};

on_each_backend!(
    a_job_over_the_daily_limit_is_explained,
    an_end_has_its_reason,
    a_job_that_waits_for_a_slot_is_told_its_place,
);

async fn a_job_over_the_daily_limit_is_explained(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.max_submissions_per_day", "1");
    let _up = program.start_role("up", "up").await;
    let submit = ["submit", "videos/text2video", "--prompt", "x", "--key"];
    program.run(&[submit.as_slice(), &["one", "--wait"]].concat()).await.exits(0);
    program.run(&[submit.as_slice(), &["two"]].concat()).await.exits(0);
    until("it tells that the day is over", async || {
        let told = program.run(&["why", "two"]).await;
        format!("{}{}", told.stdout, told.stderr).contains("the day's submissions are used up")
    })
    .await;
}

async fn a_job_that_waits_for_a_slot_is_told_its_place(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.videos", "1");
    let _up = program.start_role("up", "up").await;
    let submit = ["submit", "videos/text2video", "--prompt", "x [job:one]", "--key"];
    program.run(&[submit.as_slice(), &["one"]].concat()).await.exits(0);
    until("the slot is taken", async || provider.tasks_of("one").await == 1).await;
    program.run(&[submit.as_slice(), &["two"]].concat()).await.exits(0);
    until("it waits", async || program.run(&["get", "two"]).await.stdout.contains("waiting")).await;
    program.run(&[submit.as_slice(), &["three"]].concat()).await.exits(0);
    let place = "place among its tenant's jobs: 2; jobs that wait for this pool: 2, of tenants: 1; \
                 expected wait: about ";
    for command in ["get", "why"] {
        until(&format!("{command} tells its place"), async || {
            program.run(&[command, "three"]).await.stdout.contains(place)
        })
        .await;
    }
    let told = program.run(&["why", "three"]).await.exits(0).stdout;
    assert!(told.contains("; 1 of 1 slots of pool default:videos are taken"), "{told}");
    let job = program.run(&["get", "three", "--json"]).await.exits(0).json();
    assert_eq!((&job["state"], &job["place"]["ahead"]), (&json!("waiting"), &json!(1)));
    program.run(&["cancel", "two"]).await.exits(0);
    let job = program.run(&["get", "three", "--json"]).await.exits(0).json();
    assert_eq!((&job["place"]["ahead"], &job["place"]["waiting"]), (&json!(0), &json!(1)));
}

async fn an_end_has_its_reason(environment: Environment) {
    let provider = Provider::here(json!({"faults": [{"kind": "fail_moderation"}]})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let body = r#"{"operation":"videos/text2video","request":{"prompt":"x","cfg_scale":3}}"#;
    let to = Destination::Jobs { routing_key: "videos.text2video.normal".to_owned() };
    let bad = Message::json("bad", body);
    environment.broker().await.publish(&to, bad).await.expect("published");
    let submit = ["submit", "videos/text2video", "--prompt", "x", "--key", "failed", "--wait"];
    program.run(&submit).await.exits(3);
    let told = program.run(&["why", "failed"]).await.exits(0).stdout;
    assert!(told.contains("now: failed at ") && told.contains(": moderation: "), "{told}");
    until("it tells why it was rejected", async || {
        let told = program.run(&["why", "bad"]).await.stdout;
        told.contains("now: rejected at ") && told.contains("(field cfg_scale); what to do: ")
    })
    .await;
}

/// Nothing is submitted until all POSTs from before the loss must have ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_a_rebuild_is_explained() {
    let mut environment = Environment::with_own_redis().await;
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.timeout", "30s");
    let _up = program.start_role("up", "up").await;
    let submit = ["submit", "videos/text2video", "--prompt", "x [job:one]", "--key"];
    program.run(&[submit.as_slice(), &["one"]].concat()).await.exits(0);
    until("it is known", async || program.run(&["get", "one"]).await.stdout.contains("pending"))
        .await;
    environment.redis().flush();
    program.run(&[submit.as_slice(), &["two"]].concat()).await.exits(0);
    until("it tells what it waits for", async || {
        let told = program.run(&["why", "two"]).await;
        told.stderr.contains("the ledger has lost its memory and is being rebuilt")
    })
    .await;
}
