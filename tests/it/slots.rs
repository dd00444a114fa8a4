//! A pool with a backlog: its slots are in use all the time, and never more of them than allowed.

mod found;

use serde_json::{Value, json};

use crate::harness::{
    Backend, Consumer, Environment, Process, Provider, Received, Scraped, Wish, lines, say,
};

const SLOTS: u32 = 20;
const WORKERS: usize = 4;

fn backlog(usual: usize) -> usize {
    let wanted = std::env::var("REELWORK_TEST_BACKLOG").ok();
    wanted.map_or(usual, |text| text.parse().expect("REELWORK_TEST_BACKLOG is a number"))
}

/// The provider, of so many slots; its tasks take four to eight seconds at speed 20.
fn provider(speed: f64, slots: u32, faults: Value) -> Value {
    let life = json!({"median_s": 120.0, "sigma": 0.15});
    json!({
        "speed": speed, "lives": {"videos/text2video": life}, "seed": 5, "faults": faults,
        "concurrency": {"videos": slots, "images": 0, "audio": 0},
    })
}

struct Installation {
    environment: Environment,
    provider: Provider,
    consumer: Consumer,
    workers: Vec<(Scraped, Process)>,
    _poller: Process,
}

impl Installation {
    /// `slots`: as in the configuration.
    async fn start(provider: Value, slots: &str) -> Self {
        let environment = Environment::on(Backend::Rabbitmq);
        let provider = Provider::here(provider).await;
        let program = || {
            let mut program = environment.program_for(&provider);
            program.set("limits.videos", slots);
            program
        };
        program().run(&["topology", "apply"]).await.exits(0);
        let consumer = Consumer::subscribed(&environment).await;
        let _poller = program().start_role("poller", "poller").await;
        let mut workers: Vec<(Scraped, Process)> = Vec::new();
        for n in 0..WORKERS {
            let worker = Scraped::of(program());
            let process = worker.program.start_role(&format!("worker-{n}"), "worker").await;
            workers.push((worker, process));
        }
        Self { environment, provider, consumer, workers, _poller }
    }

    async fn submit(&self, many: usize) -> Vec<Wish> {
        let jobs: Vec<Wish> = (0..many).map(|n| Wish::video(&format!("slot-{n:04}"))).collect();
        let file = self.environment.file("jobs.jsonl", &lines(&jobs));
        self.environment.program().run(&["submit", "--file", &file]).await.exits(0);
        jobs
    }

    /// Each job has one outcome and was paid once.
    async fn completes(&self, jobs: &[Wish]) -> Received {
        let received = self.consumer.receives_outcomes(jobs.len()).await;
        received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()));
        let accounts = self.provider.accounts().await;
        assert_eq!((accounts.accepted as usize, accounts.double_paid), (jobs.len(), 0));
        received
    }

    /// Messages that went to the delay queues.
    async fn put_back(&self) -> f64 {
        let mut sum = 0.0;
        for (worker, _) in &self.workers {
            let page = worker.page().await;
            sum += page.sum("reelwork_publishes_total", &["to=\"later\""]).unwrap_or_default();
        }
        sum
    }
}

/// The part of the slots' time that is used, from when all were taken first until no job waits: from
/// the answer to a POST until a poller has seen that its task has ended.
fn utilisation(received: &Received) -> f64 {
    let millis = |at: job::Timestamp| at.as_millis() as f64;
    let times = received.0.iter().filter_map(|event| {
        let times = &event.data.timings;
        Some((millis(times.submitted_ms?), millis(times.finished_ms?)))
    });
    let times: Vec<(f64, f64)> = times.collect();
    let mut submitted: Vec<f64> = times.iter().map(|(submitted, _)| *submitted).collect();
    submitted.sort_by(f64::total_cmp);
    let (from, until) = (submitted[SLOTS as usize], submitted[submitted.len() - 1]);
    let used = times.iter().map(|(begin, end)| (end.min(until) - begin.max(from)).max(0.0));
    used.sum::<f64>() / (f64::from(SLOTS) * (until - from))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_becomes_free_is_used_at_once() {
    let installation = Installation::start(provider(20.0, SLOTS, json!([])), "20").await;
    let many = backlog(200);
    let jobs = installation.submit(many).await;
    let received = installation.completes(&jobs).await;
    let (used, put_back) = (utilisation(&received), installation.put_back().await);
    let accounts = installation.provider.accounts().await;
    let over = accounts.limit_violations.concurrency;
    say(format!(
        "{many} jobs, {WORKERS} workers, {SLOTS} slots: {:.1} % of the slots' time used; at most {} \
         in flight, {over} refused as too many; {put_back} messages put back",
        100.0 * used,
        accounts.in_flight_max.videos
    ));
    assert_eq!(over, 0);
    assert_eq!(put_back, 0.0, "no job waits in a delay queue");
    assert!(used >= 0.97, "{used}");
}
