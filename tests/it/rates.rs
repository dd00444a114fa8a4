//! Submissions a minute, over several workers.

use serde_json::json;

use crate::harness::{Backend, Consumer, Environment, Provider, Scraped, Wish, lines, say};

const JOBS: usize = 30;
/// Three a second.
const PER_MINUTE: u64 = 180;

#[tokio::test(flavor = "multi_thread")]
async fn submissions_are_spread_evenly_over_the_minute() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({"life_ms": 100})).await;
    let program = || {
        let mut program = environment.program_for(&provider);
        program.set("limits.videos", "100");
        program.set("limits.rate", &PER_MINUTE.to_string());
        program
    };
    program().run(&["topology", "apply"]).await.exits(0);
    let consumer = Consumer::subscribed(&environment).await;
    let _poller = program().start_role("poller", "poller").await;
    let mut workers = Vec::new();
    for n in 1..=2 {
        let worker = Scraped::of(program());
        let process = worker.program.start_role(&format!("worker-{n}"), "worker").await;
        workers.push((worker, process));
    }
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("rate-{n:02}"))).collect();
    let file = environment.file("jobs.jsonl", &lines(&jobs));
    program().run(&["submit", "--file", &file]).await.exits(0);
    let received = consumer.receives_outcomes(JOBS).await;
    received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()));

    let accounts = provider.accounts().await;
    let times: Vec<u64> = accounts.tasks.iter().flatten().map(|task| task.accepted_at_ms).collect();
    let took = times[times.len() - 1] - times[0];
    let in_a_second =
        |from: &u64| times.iter().filter(|at| (*from..from + 1_000).contains(at)).count();
    let most = times.iter().map(in_a_second).max().unwrap_or_default();
    say(format!("{JOBS} jobs, {PER_MINUTE} a minute: {took} ms, at most {most} in a second"));
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (JOBS, 0));
    // Those of the first second may be made at once.
    let at_once = PER_MINUTE / 60;
    let least = (JOBS as u64 - at_once) * 60_000 / PER_MINUTE;
    assert!(took + 500 >= least, "{took} and {least}");
    assert!(most as u64 <= 2 * at_once + 1, "{most}");
    for (worker, _) in &workers {
        let page = worker.page().await;
        let put_back = page.sum("reelwork_publishes_total", &["to=\"later\""]);
        assert_eq!(put_back.unwrap_or_default(), 0.0);
    }
}
