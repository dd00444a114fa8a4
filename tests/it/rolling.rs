//! All workers and pollers are replaced under load, as in an upgrade: each new process starts
//! before the old one stops.

use std::time::{Duration, Instant};

use job::EventKind;
use serde_json::json;
use tokio::time::MissedTickBehavior;

use crate::five_processes::{Company, provider_settings};
use crate::harness::{
    Backend, Consumer, Environment, Process, Program, Provider, Wish, lines, say, until,
};

const JOBS: usize = 400;
/// Processes are replaced in turn, repeatedly, until this many jobs have ended.
const ENOUGH: usize = JOBS * 2 / 3;
/// In each window of this length, a job is submitted and a job ends.
const WINDOW: Duration = Duration::from_secs(1);

/// The counts at one moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    accepted: usize,
    received: usize,
}

async fn sample(provider: &Provider, consumer: &Consumer) -> Sample {
    let accepted = provider.figures().await.accepted;
    let received = consumer.received().outcomes().len();
    Sample { at: Instant::now(), accepted: accepted as usize, received }
}

/// Samples the counts until all processes have been replaced.
async fn watch(
    provider: &Provider,
    consumer: &Consumer,
    mut replaced: tokio::sync::oneshot::Receiver<()>,
) -> Vec<Sample> {
    let mut samples = vec![sample(provider, consumer).await];
    let mut clock = tokio::time::interval_at(tokio::time::Instant::now() + WINDOW, WINDOW);
    // A slow sample must not shorten the next window.
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut replaced => return samples,
            _ = clock.tick() => samples.push(sample(provider, consumer).await),
        }
    }
}

/// Returns the longest time that a process took to end.
async fn replace(program: &Program, role: &str, olds: &mut [Process], turn: usize) -> Duration {
    let mut longest = Duration::ZERO;
    for (n, old) in olds.iter_mut().enumerate() {
        let new = program.start_role(&format!("{role}-{n}-of-turn-{turn}"), role).await;
        let mut old = std::mem::replace(old, new);
        let told = Instant::now();
        old.terminate();
        assert_eq!(old.ended(Duration::from_secs(30)).await, Some(0), "{}", old.stderr());
        longest = longest.max(told.elapsed());
    }
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_under_load_loses_pays_twice_and_burns_nothing() {
    let environment = Environment::on(Backend::Rabbitmq);
    // Tasks outlive the process that submitted them.
    let mut settings = provider_settings();
    settings["speed"] = json!(30.0);
    let Company { program, provider, mut workers, mut pollers } =
        Company::start(&environment, &settings, |_| ()).await;
    let consumer = Consumer::subscribed(&environment).await;
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("rolling-{n:04}"))).collect();
    let file = environment.file("jobs.jsonl", &lines(&jobs));
    program.run(&["submit", "--file", &file]).await.exits(0);
    until("the work is under way", async || consumer.received().outcomes().len() > 20).await;

    let (tell, replaced) = tokio::sync::oneshot::channel();
    let replacing = async {
        let (mut turns, mut longest) = (0, Duration::ZERO);
        while consumer.received().outcomes().len() < ENOUGH {
            turns += 1;
            longest = longest.max(replace(&program, "worker", &mut workers, turns).await);
            longest = longest.max(replace(&program, "poller", &mut pollers, turns).await);
        }
        tell.send(()).expect("somebody watches");
        (turns, longest)
    };
    let ((turns, longest), samples) =
        tokio::join!(replacing, watch(&provider, &consumer, replaced));
    let last = samples.last().expect("a sample");
    assert!(last.received < JOBS && turns >= 2, "all were replaced under load: {turns}, {last:?}");
    let windows: Vec<_> = samples
        .windows(2)
        .map(|two| (two[1].accepted - two[0].accepted, two[1].received - two[0].received))
        .collect();
    assert!(windows.len() >= 3, "{windows:?}");
    // At the end there are no more jobs to submit.
    let full = windows.iter().zip(&samples[1..]).filter(|(_, sample)| sample.accepted < JOBS);
    assert!(full.map(|(window, _)| window).all(|(paid, _)| *paid > 0), "{windows:?}");
    assert!(windows.iter().all(|(_, received)| *received > 0), "{windows:?}");

    let received = consumer.receives_outcomes(JOBS).await;
    received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()));
    assert_eq!(received.count(EventKind::Succeeded), JOBS);
    let limit = JOBS.to_string();
    let records = program.run(&["list", "--json", "--limit", &limit]).await.exits(0).lines();
    assert_eq!(records.len(), JOBS);
    let burned = records.iter().filter(|job| job["attempt"] != 1 || job["round"] != 1).count();
    assert_eq!(burned, 0, "attempts were burned");
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted, accounts.double_paid), (JOBS as u64, 0));
    let violations = accounts.limit_violations;
    assert_eq!((violations.concurrency, violations.rate), (0, 0));
    let seconds = last.at.duration_since(samples[0].at).as_secs_f64();
    say(format!(
        "{JOBS} jobs, {} processes replaced in {seconds:.1} s, the slowest ended in {longest:.1?}; \
         paid and announced in each {WINDOW:?}: {windows:?}; {} events received twice",
        4 * turns,
        received.repeats()
    ));
}
