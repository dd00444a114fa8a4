//! How many slots the account has is found from what the provider refuses.

use std::time::{Duration, Instant};

use serde_json::json;
use simulator::{Accounts, FaultKind};

use super::{Installation, SLOTS, backlog, provider};
use crate::harness::{say, until};

/// Twice as fast as tasks of four to eight seconds.
const FAST: f64 = 40.0;

async fn figures(installation: &Installation) -> Accounts {
    installation.provider.figures().await
}

fn refused(accounts: &Accounts) -> u64 {
    accounts.limit_violations.concurrency
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_finds_the_slots_of_the_account() {
    let many = backlog(400);
    let speed = if many > 1_000 { FAST / 2.0 } else { FAST };
    let installation = Installation::start(provider(speed, SLOTS, json!([])), "auto").await;
    let begun = Instant::now();
    let jobs = installation.submit(many).await;
    until("all slots are in use", async || figures(&installation).await.in_flight.videos >= SLOTS)
        .await;
    let found = begun.elapsed();
    // The refusals of the last doubling have arrived once tasks have ended and others begun.
    let accepted = figures(&installation).await.accepted;
    until("slots are used again", async || {
        figures(&installation).await.accepted >= accepted + u64::from(SLOTS)
    })
    .await;
    let before = figures(&installation).await;
    installation.completes(&jobs).await;
    let after = figures(&installation).await;
    let later = refused(&after) - refused(&before);
    let (sent, put_back) = (after.submissions - before.submissions, installation.put_back().await);
    say(format!(
        "{many} jobs: {SLOTS} slots found in {found:.1?} with {} refusals; after that {later} of {sent} \
         requests refused ({:.1} %), {put_back} messages put back",
        refused(&before),
        100.0 * later as f64 / sent as f64
    ));
    assert_eq!(put_back, 0.0);
    assert!(found < Duration::from_secs(30), "{found:?}");
    assert!(later * 50 <= sent, "{later} of {sent} refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_slots_than_configured_are_found_in_mid_run() {
    let fewer = SLOTS / 2;
    let installation = Installation::start(provider(FAST, SLOTS, json!([])), "20").await;
    let jobs = installation.submit(120).await;
    until("all slots are in use", async || figures(&installation).await.in_flight.videos >= SLOTS)
        .await;
    installation.provider.change(provider(FAST, fewer, json!([]))).await;
    installation.completes(&jobs).await;
    let refusals = refused(&figures(&installation).await);
    say(format!("{SLOTS} slots, and then {fewer}: {refusals} requests refused"));
    // One for each slot less, and the tries with more, at growing intervals.
    assert!((1..=u64::from(fewer) + 8).contains(&refusals), "{refusals}");
    assert_eq!(installation.put_back().await, 0.0);
}

/// Sent by one worker, kept by all.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_the_provider_asks_for_is_kept_by_all_workers() {
    const PAUSE_MS: u64 = 6_000;
    let slow = json!([{"kind": "too_many_requests", "value": PAUSE_MS}]);
    let installation = Installation::start(provider(FAST, SLOTS, json!([])), "20").await;
    let jobs = installation.submit(120).await;
    until("jobs are submitted", async || figures(&installation).await.accepted >= 40).await;
    installation.provider.change(provider(FAST, SLOTS, slow)).await;
    let refused = async || {
        let faults = figures(&installation).await.faults;
        faults.get(&FaultKind::TooManyRequests).copied().unwrap_or_default()
    };
    until("a request is refused", async || refused().await > 0).await;
    installation.provider.change(provider(FAST, SLOTS, json!([]))).await;
    let accepted = figures(&installation).await.accepted as usize;
    installation.completes(&jobs).await;
    let tasks = installation.provider.accounts().await.tasks.expect("tasks");
    let times: Vec<u64> = tasks.iter().map(|task| task.accepted_at_ms).collect();
    let rest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
    let begins = times.windows(2).position(|pair| pair[1] - pair[0] == rest).unwrap_or_default();
    say(format!(
        "a pause of {PAUSE_MS} ms: nothing sent for {rest} ms after request {begins}; {} refused",
        refused().await
    ));
    assert!(rest >= PAUSE_MS - 500, "{rest}");
    assert!(rest <= PAUSE_MS + 3_000, "{rest}");
    assert!(begins.abs_diff(accepted) <= 5, "{begins} and {accepted}");
    assert!(refused().await <= u64::from(SLOTS), "those that were under way at most");
}
