//! The metrics of a role, as Prometheus reads them.

use std::collections::BTreeSet;

use job::EventKind;
use serde_json::json;

use crate::examples::example;
use crate::harness::{
    Backend, Consumer, Environment, LinkState, Process, Provider, Proxy, Python, Scraped, Wish,
    lines, until,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn submit_traced(environment: &Environment, id: &str) {
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let exchange = format!("{}.jobs", environment.namespace);
    let request = json!({"prompt": format!("A cat [job:{id}]"), "model_name": "kling-v2-master"});
    let request = request.to_string();
    let job = [environment.amqp.as_str(), id, "videos/text2video", &request];
    let options = ["--exchange", &exchange, "--traceparent", &traceparent];
    let arguments = [&job[..], &options[..]].concat();
    let mut producer = Python::play(environment, &example("python/producer.py"), &arguments, "");
    assert_eq!(producer.ended(std::time::Duration::from_secs(30)).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_jobs_is_counted_once() {
    const KEY: &str = "canary-of-the-provider-0043";
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let mut up = Scraped::of(environment.program_for(&provider));
    up.program.set("kling.api_key", KEY);
    up.program.set("limits.videos", "7");
    let _up: Process = up.program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(&environment).await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("one"), Wish::video("two")]));
    up.program.run(&["submit", "--file", &file]).await.exits(0);
    submit_traced(&environment, "three").await;
    let mut tasks = Vec::new();
    for id in ["one", "two", "three"] {
        let event = consumer.receives(id).await;
        assert_eq!(event.kind(), Some(EventKind::Succeeded));
        tasks.extend(event.data.task_id);
    }
    until("all slots were given back, as the leader tells", async || {
        up.page().await.sum("reelwork_tasks_in_flight", &["pool=\"default:videos\""]) == Some(0.0)
    })
    .await;

    let page = up.page().await;
    let videos = "operation=\"videos/text2video\"";
    for (family, labels, expected) in [
        ("reelwork_jobs_taken_total", &["lane=\"videos.normal\""][..], 3.0),
        ("reelwork_jobs_submitted_total", &[videos], 3.0),
        ("reelwork_jobs_submitted_total", &["model=\"kling-v2-master\""], 1.0),
        ("reelwork_jobs_completed_total", &[videos, "outcome=\"succeeded\""], 3.0),
        ("reelwork_job_duration_seconds_count", &[videos], 3.0),
        ("reelwork_job_phase_seconds_count", &["phase=\"queue\""], 3.0),
        ("reelwork_job_phase_seconds_count", &["phase=\"generate\""], 3.0),
        ("reelwork_provider_responses_total", &["method=\"POST\"", "code=\"0\""], 3.0),
        ("reelwork_permit_requests_total", &["result=\"granted\""], 3.0),
        ("reelwork_tasks_in_flight_limit", &["pool=\"default:videos\""], 7.0),
        ("reelwork_publishes_total", &["to=\"results\"", "outcome=\"confirmed\""], 3.0),
        ("reelwork_deliveries_settled_total", &["how=\"acked\""], 3.0),
        ("reelwork_lane_depth", &["lane=\"videos.normal\""], 0.0),
        ("reelwork_overflow_depth", &["resource=\"videos\""], 0.0),
        ("reelwork_dead_depth", &[], 0.0),
        ("reelwork_account_paused", &["account=\"default\""], 0.0),
        ("reelwork_look_up", &["account=\"default\""], 1.0),
        ("reelwork_ledger_open", &[], 1.0),
        ("reelwork_leader", &[], 1.0),
        ("reelwork_up", &["check=\"broker\""], 1.0),
        ("reelwork_build_info", &["role=\"both\""], 1.0),
    ] {
        assert_eq!(page.sum(family, labels), Some(expected), "{family} {labels:?}");
    }

    let text = up.text("application/openmetrics-text;version=1.0.0").await;
    assert!(text.ends_with("# EOF\n"), "OpenMetrics has an end");
    let exemplar = format!("# {{trace_id=\"{TRACE}\"}}");
    assert!(text.contains(&exemplar), "a trace as an example:\n{text}");
    let tasks = tasks.iter().map(String::as_str);
    for word in ["one", "two", "three"].map(|id| format!("\"{id}\"")) {
        assert!(!text.contains(&word), "a job's id: {word}");
    }
    for word in tasks.chain([KEY]) {
        assert!(!text.contains(word), "an id or a secret: {word}");
    }
}

/// Dashboards and alerts are checked against the list.
#[tokio::test(flavor = "multi_thread")]
async fn all_metrics_are_listed_and_follow_the_rules_of_names() {
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({})).await;
    let up = Scraped::of(environment.program_for(&provider));
    let _up: Process = up.program.start_role("up", "up").await;
    let page = up.page().await;
    let told: BTreeSet<_> =
        page.families.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/monitoring/metrics.txt");
    let listed = std::fs::read_to_string(list).expect("the list");
    let listed: BTreeSet<_> = listed.lines().map(str::to_owned).collect();
    let unlisted: Vec<_> = told.difference(&listed).collect();
    assert!(unlisted.is_empty() && told.len() > 15, "{unlisted:?} of {told:?}");
    for (name, kind) in &page.families {
        assert!(name.starts_with("reelwork_") || name.starts_with("process_"), "{name}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} {kind}");
    }
    for (sample, _) in &page.samples {
        let name = sample.split('{').next().unwrap_or_default();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let known = |name: &str| page.families.contains_key(name);
        assert!(known(name) || family.is_some_and(known), "{sample} has no type");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_of_a_process_are_served_while_the_stores_are_away() {
    let mut environment = Environment::with_own_redis().await;
    let provider = Provider::here(json!({})).await;
    let worker = Scraped::of(environment.program_for(&provider));
    let _worker: Process = worker.program.start_role("worker", "worker").await;
    until("it is well", async || {
        worker.page().await.sum("reelwork_up", &["check=\"ledger\""]) == Some(1.0)
    })
    .await;
    environment.redis().kill();
    until("the ledger is away, and calls fail", async || {
        let page = worker.page().await;
        let failed = page.sum("reelwork_ledger_calls_total", &["result=\"unavailable\""]);
        page.sum("reelwork_up", &["check=\"ledger\""]) == Some(0.0) && failed > Some(0.0)
    })
    .await;
}

/// The previous values would show a healthy broker.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_is_reported() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let place = environment.amqp.rsplit_once('@').expect("a URL").1;
    let proxy = Proxy::to(place.parse().expect("an address")).await;
    let mut worker = Scraped::of(environment.program_for(&provider));
    worker.program.set("broker.url", &environment.amqp.replace(place, &proxy.address.to_string()));
    let _worker: Process = worker.program.start_role("worker", "worker").await;
    let checks = async || worker.page().await.sum("reelwork_up", &["check=\"checks\""]);
    until("it is well", async || checks().await == Some(1.0)).await;
    proxy.set(LinkState::Stalled);
    until("nobody answers", async || checks().await == Some(0.0)).await;
}
