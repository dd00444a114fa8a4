//! One simulator, two workers, two pollers and a producer, each in its own process, and a client in
//! another language that counts.

use std::time::{Duration, Instant};

use job::EventKind;
use serde_json::json;

use crate::harness::{
    Backend, Consumer, Environment, Process, Program, Provider, lines, mixed, say,
};

const JOBS: usize = 1_000;

/// Slots at the provider, and the same limits in the configuration.
const SLOTS: [(&str, u32); 3] = [("videos", 150), ("images", 80), ("audio", 60)];

/// Tasks take one to five seconds.
pub(crate) fn provider_settings() -> serde_json::Value {
    let images_and_sounds = ["images/generations", "images/kolors-virtual-try-on"]
        .into_iter()
        .chain(["audio/text-to-audio", "audio/video-to-audio"]);
    let lives: serde_json::Map<_, _> = images_and_sounds
        .map(|operation| (operation.to_owned(), json!({"median_s": 160.0, "sigma": 0.2})))
        .collect();
    let concurrency: serde_json::Map<_, _> =
        SLOTS.iter().map(|(pool, slots)| ((*pool).to_owned(), json!(slots))).collect();
    json!({"speed": 90.0, "lives": lives, "concurrency": concurrency, "seed": 7})
}

/// The roles on real RabbitMQ and Redis.
pub(crate) struct Company {
    pub(crate) program: Program,
    pub(crate) provider: Provider,
    pub(crate) workers: Vec<Process>,
    pub(crate) pollers: Vec<Process>,
}

impl Company {
    pub(crate) async fn start(
        environment: &Environment,
        settings: &serde_json::Value,
        adjust: impl FnOnce(&mut Program),
    ) -> Self {
        let file = environment.file("simulator.json", &settings.to_string());
        let provider = Provider::apart(&environment.program(), &file).await;
        let mut program = environment.program_for(&provider);
        for (pool, slots) in SLOTS {
            program.set(&format!("limits.{pool}"), &slots.to_string());
        }
        adjust(&mut program);
        program.run(&["topology", "apply"]).await.exits(0);
        let (mut workers, mut pollers) = (Vec::new(), Vec::new());
        for n in 1..=2 {
            workers.push(program.start_role(&format!("worker-{n}"), "worker").await);
            pollers.push(program.start_role(&format!("poller-{n}"), "poller").await);
        }
        Self { program, provider, workers, pollers }
    }

    /// Publishes all jobs with one command, and requires that each is confirmed.
    pub(crate) async fn submit(&self, environment: &Environment, jobs: &[crate::harness::Wish]) {
        let file = environment.file(&format!("{}.jsonl", jobs[0].id), &lines(jobs));
        let done = self.program.run(&["submit", "--json", "--file", &file]).await.exits(0);
        let receipts = done.lines();
        assert_eq!(receipts.len(), jobs.len());
        assert!(receipts.iter().all(|receipt| receipt["status"] == "queued"), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_mixed_jobs_are_each_announced_once_to_a_plain_client() {
    let environment = Environment::on(Backend::Rabbitmq);
    let company = Company::start(&environment, &provider_settings(), |_| ()).await;
    let consumer = Consumer::plain(&environment).await;
    let session = company.provider.selection_session().await;
    let jobs = mixed("five", JOBS, &session);

    let started = Instant::now();
    company.submit(&environment, &jobs).await;
    let published = started.elapsed();
    let received = consumer.receives_outcomes(JOBS).await;
    let seconds = started.elapsed().as_secs_f64();

    received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()));
    assert_eq!(received.count(EventKind::Succeeded), JOBS);
    let accounts = company.provider.accounts().await;
    assert_eq!(accounts.accepted, JOBS as u64);
    assert_eq!(accounts.jobs, JOBS as u64);
    assert_eq!((accounts.unmarked, accounts.double_paid), (0, 0));
    let violations = accounts.limit_violations;
    assert_eq!((violations.concurrency, violations.rate), (0, 0));
    let most = accounts.in_flight_max;
    for ((pool, slots), most) in SLOTS.into_iter().zip([most.videos, most.images, most.audio]) {
        assert!(most > 0 && most <= slots, "{pool}: {most} of {slots}");
    }
    let operations: std::collections::BTreeSet<_> =
        accounts.tasks.iter().flatten().map(|task| task.operation.as_str()).collect();
    assert_eq!(operations.len(), 10);
    say(format!(
        "{JOBS} jobs of 10 operations: published in {:.1} s, all announced after {seconds:.1} s; \
         {} events, {} repeats; {} submissions, {} paid, {} queries; in flight at most {}/{}/{}",
        published.as_secs_f64(),
        received.distinct(),
        received.repeats(),
        accounts.submissions,
        accounts.accepted,
        accounts.queries,
        most.videos,
        most.images,
        most.audio
    ));
    end(company).await;
}

/// Sends SIGTERM to every role and waits for a clean end.
async fn end(mut company: Company) {
    for process in company.workers.iter_mut().chain(&mut company.pollers) {
        process.terminate();
    }
    for process in company.workers.iter_mut().chain(&mut company.pollers) {
        assert_eq!(process.ended(Duration::from_secs(20)).await, Some(0));
    }
}
