//! Trouble of the way to the provider: no job is rejected or parked for it, and work goes on soon
//! after it has ended.

use std::time::{Duration, Instant};

use job::EventKind;
use serde_json::json;
use simulator::FaultKind;

use crate::faults::struck;
use crate::harness::{Audience, Backend, House, Provider, Wish, lines, say, until};

const JOBS: usize = 200;
const OUTAGE: Duration = Duration::from_secs(4);
/// The goal is 5 s; two cores are shared with other tests.
const SOON: Duration = Duration::from_secs(8);

/// With the default limit. Seconds from the end of the outage to the first task, and the requests that it struck
/// after those that were under way.
async fn outage(kind: FaultKind) -> (Duration, u64) {
    let house = House::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let mut program = house.program_for(&provider);
    // How long a doubt takes to settle is another matter.
    program.set("kling.timeout", "4s");
    program.set("doubt.settling", "1s");
    program.set("limits.videos", "5");
    let audience = Audience::seated(&house).await;
    let _up = program.start_role("up", "up").await;
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("job-{n:03}"))).collect();
    program.run(&["submit", "--file", &house.file("jobs.jsonl", &lines(&jobs))]).await.exits(0);
    until("some are submitted", async || provider.figures().await.accepted > 10).await;

    let accounts = |fault| json!({"faults": [{"kind": fault}]});
    provider.change(accounts(serde_json::to_value(kind).expect("a word"))).await;
    until("it strikes", async || struck(&provider.figures().await, kind) > 0).await;
    // What was under way as it began has its answer by then.
    tokio::time::sleep(OUTAGE / 4).await;
    let under_way = struck(&provider.figures().await, kind);
    tokio::time::sleep(OUTAGE - OUTAGE / 4).await;
    let before = provider.figures().await.accepted;
    let probes = struck(&provider.figures().await, kind) - under_way;
    provider.change(json!({})).await;
    let ended = Instant::now();
    until("a job is submitted again", async || provider.figures().await.accepted > before).await;
    let resumed = ended.elapsed();

    let heard = audience.hears_outcomes(JOBS).await;
    assert_eq!(heard.count(EventKind::Succeeded), JOBS, "none is rejected or parked");
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (JOBS, 0));
    say(format!(
        "{kind:?} for {OUTAGE:?}: {under_way} and then {probes} struck, work again after {resumed:?}"
    ));
    (resumed, probes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_refuses_everybody_rejects_nobody() {
    let (resumed, probes) = outage(FaultKind::ForbiddenPage).await;
    assert!(resumed < SOON, "{resumed:?}");
    assert!(probes < 10, "one job at a time tries: {probes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_provider_costs_a_doubt_or_two() {
    let (resumed, probes) = outage(FaultKind::UnavailablePage).await;
    assert!(resumed < SOON, "{resumed:?}");
    assert!(probes <= 2, "each is a doubt: {probes}");
}
