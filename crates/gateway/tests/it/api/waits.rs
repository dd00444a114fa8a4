//! Clients that wait for a job, or follow one.

use std::sync::atomic::Ordering;
use std::time::Duration;

use job::{Outcome, Problem};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{JOBS, get, job, named, problem, with};
use crate::bench::{Bench, until};

#[tokio::test]
async fn a_client_waits_for_the_end_of_its_job() {
    let bench = Bench::new().await;
    bench.is_recorded("a", "a cat").await;
    let path = format!("{JOBS}/a");
    let slow = get(&bench, &path, &[("prefer", "wait=1")]).await;
    assert_eq!((slow.status, &slow.body["state"]), (200, &json!("pending")), "not in time");
    assert_eq!(slow.header("preference-applied"), Some("wait=1"));
    let waiting = get(&bench, &path, &[("prefer", "wait=60")]);
    let by_parameter = bench.get("/api/v1/jobs/a?wait=60");
    let begun = Instant::now();
    let ending = async {
        bench.asks_for_changes().await;
        bench.ends("a", Outcome::succeeded(Vec::new())).await;
    };
    let (waited, also, ()) = tokio::join!(waiting, by_parameter, ending);
    assert_eq!(
        (&waited.body["state"], &also.body["state"]),
        (&json!("succeeded"), &json!("succeeded"))
    );
    assert!(begun.elapsed() < Duration::from_secs(30), "it does not wait for the whole minute");
    assert_eq!(waited.header("retry-after"), None, "it is over");
    let at_once = Instant::now();
    assert_eq!(get(&bench, &path, &[("prefer", "wait=60")]).await.body, waited.body);
    assert!(at_once.elapsed() < Duration::from_secs(30));
    assert_eq!(bench.get("/api/v1/jobs/a?wait=1&wait=2").await.status, 200);
    let wrong = bench.get("/api/v1/jobs/a?wait=soon").await;
    assert_eq!(problem(&wrong), (400, "bad_field"));
}

#[tokio::test]
async fn a_new_job_is_waited_for() {
    let bench = Bench::new().await;
    let body = named("a");
    let creating = with(&bench, &body, &[("prefer", "wait=60")]);
    let ending = async {
        until("it is published", async || !bench.published().await.is_empty()).await;
        bench.is_recorded("a", "a cat").await;
        bench.ends("a", Outcome::Failed { error: Problem::new("moderation", "no") }).await;
    };
    let (created, ()) = tokio::join!(creating, ending);
    assert_eq!((created.status, &created.body["state"]), (200, &json!("failed")));
    assert_eq!(created.body["error"]["kind"], "moderation");
}

/// The events of a stream that has ended.
fn events(text: &str) -> Vec<(String, Value)> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
        line.unwrap_or_default().to_owned()
    };
    let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
    let event =
        |block: &str| (field(block, "id:"), serde_json::from_str(&field(block, "data:")).unwrap());
    blocks.map(event).collect()
}

#[tokio::test]
async fn a_client_follows_its_job_to_the_end_and_comes_back_to_where_it_was() {
    let bench = Bench::new().await;
    bench.post(JOBS, &named("a")).await;
    let path = format!("{JOBS}/a/events");
    let following = get(&bench, &path, &[]);
    let going_on = async {
        bench.asks_for_changes().await;
        bench.is_recorded("a", "a cat").await;
        until("it is seen as pending", async || {
            bench.get("/api/v1/jobs/a").await.body["state"] == "pending"
        })
        .await;
        bench.asks_for_changes().await;
        bench.ends("a", Outcome::succeeded(Vec::new())).await;
    };
    let (followed, ()) = tokio::join!(following, going_on);
    assert_eq!(followed.header("content-type"), Some("text/event-stream"));
    let seen = events(followed.body.as_str().unwrap());
    let states: Vec<_> = seen.iter().map(|(_, job)| job["state"].as_str().unwrap()).collect();
    assert_eq!((states.first(), states.last()), (Some(&"queued"), Some(&"succeeded")));
    let (last, _) = seen.last().unwrap();
    let (first, _) = seen.first().unwrap();
    let resumed = get(&bench, &path, &[("last-event-id", first)]).await;
    let resumed = events(resumed.body.as_str().unwrap());
    assert_eq!(resumed.iter().map(|(id, _)| id).collect::<Vec<_>>(), [last]);
    let over = get(&bench, &path, &[("last-event-id", last)]).await;
    assert_eq!((over.status, over.body), (204, json!("")), "it need not come back");
}

#[tokio::test]
async fn a_client_that_waits_is_answered_when_the_gateway_drains() {
    let bench = Bench::new().await;
    bench.is_recorded("a", "a cat").await;
    let request = bench.http.get(bench.url("/api/v1/jobs/a?wait=60")).send();
    let waiting = tokio::spawn(request);
    bench.asks_for_changes().await;
    let begun = Instant::now();
    assert!(bench.drain(Duration::from_secs(30)).await, "no client keeps it");
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn an_accepted_job_stays_accepted_if_it_cannot_be_read_later() {
    let bench = Bench::new().await;
    let body = job();
    let creating = with(&bench, &body, &[("prefer", "wait=60")]);
    let failing = async {
        bench.asks_for_changes().await;
        let id = bench.published().await[0]["id"].as_str().unwrap().to_owned();
        bench.is_away.store(true, Ordering::SeqCst);
        bench.is_recorded(&id, "a cat").await;
        id
    };
    let (created, id) = tokio::join!(creating, failing);
    assert_eq!((created.status, &created.body["id"]), (202, &json!(id)), "{}", created.body);
}

/// Its record is a cancellation ahead, which is no job.
#[tokio::test]
async fn a_client_that_waits_for_a_hidden_record_asks_seldom() {
    let bench = Bench::new().await;
    bench.post(JOBS, &named("a")).await;
    assert_eq!(bench.post(&format!("{JOBS}/a/cancel"), &json!({})).await.status, 202);
    bench.loads.store(0, Ordering::SeqCst);
    let waited = bench.get("/api/v1/jobs/a?wait=1").await;
    assert_eq!((waited.status, &waited.body["state"]), (200, &json!("queued")));
    let loads = bench.loads.load(Ordering::SeqCst);
    assert!(loads < 5, "{loads} loads in a second");
}
