//! More jobs than slots at the provider, and workers that come while none is free.

use serde_json::json;

use crate::harness::{Audience, Backend, House, Process, Provider, Scraped, Wish, lines, until};

const SLOTS: usize = 3;
const JOBS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_begins_in_a_full_lane_takes_nothing() {
    let house = House::on(Backend::Rabbitmq);
    // Tasks outlive the look at the second worker.
    let provider = Provider::here(json!({"speed": 1.0})).await;
    let mut program = house.program_for(&provider);
    program.set("limits.videos", &SLOTS.to_string());
    program.run(&["topology", "apply"]).await.exits(0);
    let audience = Audience::seated(&house).await;
    let _first: Process = program.start_role("worker-1", "worker").await;
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("full-{n:02}"))).collect();
    program.run(&["submit", "--file", &house.file("jobs.jsonl", &lines(&jobs))]).await.exits(0);
    until("no slot is free", async || provider.figures().await.accepted as usize == SLOTS).await;

    let mut second = Scraped::of(house.program_for(&provider));
    second.program.set("limits.videos", &SLOTS.to_string());
    let _second = second.program.start_role("worker-2", "worker").await;
    // Each look at the slots is a call; what was taken before would have been settled by now.
    until("it has looked at the slots many times", async || {
        let page = second.page().await;
        page.sum("reelwork_ledger_calls_total", &["call=\"used\""]) > Some(10.0)
    })
    .await;
    let page = second.page().await;
    assert_eq!(page.sum("reelwork_jobs_taken_total", &[]).unwrap_or_default(), 0.0);
    assert_eq!(page.sum("reelwork_deliveries_settled_total", &[]).unwrap_or_default(), 0.0);

    provider.change(json!({"speed": 400.0})).await;
    let _poller = program.start_role("poller", "poller").await;
    let heard = audience.hears_outcomes(JOBS).await;
    heard.tells_once_about(jobs.iter().map(|job| job.id.as_str()));
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (JOBS, 0));
}
