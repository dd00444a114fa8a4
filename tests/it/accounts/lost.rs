//! The ledger loses its data while jobs are submitted with several accounts.

use std::time::Instant;

use job::EventKind;
use serde_json::json;

use super::{Installation, WORKERS, ids, videos};
use crate::harness::{Environment, say, until};

/// Both accounts are full of them.
const SENT: u64 = 20;

const LATER: usize = 10;

/// All workers die between POST and record, so only the provider knows which account has a task.
#[tokio::test(flavor = "multi_thread")]
async fn the_task_of_a_lost_job_is_found_with_the_account_that_has_it() {
    let life = json!({"median_s": 8.0, "sigma": 0.1});
    let late = json!({
        "faults": [{"kind": "delay_ms", "value": 3_500}], "lives": {"videos/text2video": life},
    });
    let environment = Environment::with_own_redis().await;
    let mut installation = Installation::set(environment, "", &late).await;
    let jobs = videos("lost", SENT as usize + LATER, &json!({}));
    installation.submit("jobs.jsonl", &jobs).await;
    until("both accounts are full", async || {
        let (a, b) = (installation.a.figures().await, installation.b.figures().await);
        a.accepted + b.accepted >= SENT
    })
    .await;
    for worker in &mut installation.workers {
        worker.kill().await;
    }
    installation.environment.redis().flush();
    let since = Instant::now();
    for n in 0..WORKERS {
        let worker = installation.program.start_role(&format!("next-{n}"), "worker").await;
        installation.workers.push(worker);
    }

    let received = installation.consumer.receives_outcomes(jobs.len()).await;
    received.has_one_outcome_each(ids(&jobs).iter().map(String::as_str));
    assert_eq!(received.count(EventKind::Succeeded), jobs.len());
    assert_eq!(received.count(EventKind::Parked), 0);
    let (a, b) = (installation.a.accounts().await, installation.b.accounts().await);
    assert_eq!(a.limit_violations.concurrency + b.limit_violations.concurrency, 0);
    assert!(a.accepted >= 8 && b.accepted >= 8, "{} and {}", a.accepted, b.accepted);
    let (by_a, by_b) = installation.paid().await;
    assert!(by_a.is_disjoint(&by_b), "a job was paid with both accounts");
    assert_eq!(a.accepted + b.accepted, jobs.len() as u64);
    let seconds = since.elapsed().as_secs_f64();
    say(format!("{} jobs, of which {SENT} were lost, ended {seconds:.1} s later", jobs.len()));
}
