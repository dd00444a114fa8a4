//! More jobs than slots at the provider, and workers that start while no slot is free.

use std::collections::BTreeMap;

use job::Priority;
use ports::{Clock, Destination, Message, SystemClock, header};
use serde_json::{Value, json};

use crate::harness::{
    Backend, Consumer, Environment, Process, Provider, Received, Scraped, Wish, lines, say, until,
};

const SLOTS: usize = 3;
const JOBS: usize = 400;
const WAITING: usize = 50;
/// Deliveries of its three lanes that a worker has in hand when it first finds the room full.
const IN_HAND: usize = 3 * 64;

#[tokio::test(flavor = "multi_thread")]
async fn no_more_jobs_wait_in_the_ledger_than_may() {
    let environment = Environment::on(Backend::Rabbitmq);
    // Tasks last longer than the observation.
    let provider = Provider::here(json!({"speed": 1.0})).await;
    let limited = || {
        let mut program = environment.program_for(&provider);
        program.set("limits.videos", &SLOTS.to_string());
        program.set("limits.waiting", &WAITING.to_string());
        program
    };
    let program = limited();
    program.run(&["topology", "apply"]).await.exits(0);
    let consumer = Consumer::subscribed(&environment).await;
    let worker = Scraped::of(limited());
    let _worker: Process = worker.program.start_role("worker", "worker").await;
    let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("full-{n:03}"))).collect();
    let file = environment.file("jobs.jsonl", &lines(&jobs));
    program.run(&["submit", "--file", &file]).await.exits(0);
    until("no slot is free", async || provider.figures().await.accepted as usize >= SLOTS).await;

    let counted = async |family: &str, labels: &[&str]| {
        worker.page().await.sum(family, labels).unwrap_or_default() as usize
    };
    let waiting = async || counted("reelwork_jobs_waiting", &["pool=\"default:videos\""]).await;
    let apart = async || counted("reelwork_overflow_depth", &["resource=\"videos\""]).await;
    // One of each priority is in the hand of the worker.
    until("every other job waits somewhere", async || {
        waiting().await + apart().await + Priority::ALL.len() == JOBS - SLOTS
    })
    .await;
    let (waiting, apart) = (waiting().await, apart().await);
    say(format!("{SLOTS} jobs run, {waiting} wait in the ledger, {apart} in overflow queues"));
    assert!(waiting <= WAITING / 2 + IN_HAND, "{waiting} wait");
    let rows = program.run(&["list", "--state", "waiting", "--limit", "1000", "--json"]).await;
    assert_eq!(rows.exits(0).lines().len(), waiting);
    let in_lane = worker.page().await.sum("reelwork_lane_depth", &["lane=\"videos.normal\""]);
    assert_eq!(in_lane, Some(0.0), "the lane is left to others");

    provider.change(json!({"speed": 400.0})).await;
    let _poller = program.start_role("poller", "poller").await;
    let received = consumer.receives_outcomes(JOBS).await;
    received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()));
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (JOBS, 0));
}

/// Four workers and a poller, with a provider whose tasks are short: but long beside the time for which
/// a busy machine may stop one of the workers.
struct Busy {
    environment: Environment,
    provider: Provider,
    workers: Vec<(Scraped, Process)>,
    consumer: Consumer,
    _poller: Process,
}

impl Busy {
    async fn with(limits: &[(&str, u32)]) -> Self {
        let environment = Environment::on(Backend::Rabbitmq);
        let provider = Provider::here(json!({"life_ms": 100})).await;
        let program = || {
            let mut program = environment.program_for(&provider);
            for (limit, slots) in limits {
                program.set(limit, &slots.to_string());
            }
            program
        };
        program().run(&["topology", "apply"]).await.exits(0);
        let consumer = Consumer::subscribed(&environment).await;
        let _poller = program().start_role("poller", "poller").await;
        let mut workers = Vec::new();
        for n in 1..=4 {
            let worker = Scraped::of(program());
            let process = worker.program.start_role(&format!("worker-{n}"), "worker").await;
            workers.push((worker, process));
        }
        Self { environment, provider, workers, consumer, _poller }
    }

    /// Publishes one after the other, because parallel publishes have no order.
    async fn submits(&self, jobs: &[Value]) {
        let broker = self.environment.broker().await;
        for job in jobs {
            let word = |name: &str| job[name].as_str().expect("a word").to_owned();
            let (operation, priority) = (word("operation").replace('/', "."), word("priority"));
            let to = Destination::Jobs { routing_key: format!("{operation}.{priority}") };
            let now = SystemClock.now().as_millis().to_string();
            let message = Message::json(word("id"), job.to_string());
            let message = message.header(header::ENQUEUED_AT, now);
            broker.publish(&to, message).await.expect("published");
        }
    }

    /// Number of messages published to the delay queues.
    async fn trips(&self) -> f64 {
        let mut trips = 0.0;
        for (worker, _) in &self.workers {
            let page = worker.page().await;
            trips += page.sum("reelwork_publishes_total", &["to=\"later\""]).unwrap_or_default();
        }
        trips
    }
}

fn job(id: &str, priority: &str) -> Value {
    of_priority(&Wish::video(id), priority)
}

fn of_priority(wish: &Wish, priority: &str) -> Value {
    let mut message = wish.message();
    message["priority"] = priority.into();
    message
}

/// The jobs in the order in which they were submitted.
pub(crate) fn submitted(received: &Received) -> Vec<String> {
    let mut at = BTreeMap::new();
    for event in &received.0 {
        if let Some(submitted) = event.data.timings.submitted_ms {
            at.entry(event.subject.clone()).or_insert(submitted);
        }
    }
    let mut order: Vec<(String, job::Timestamp)> = at.into_iter().collect();
    order.sort_by_key(|(_, at)| *at);
    order.into_iter().map(|(id, _)| id).collect()
}

/// The largest number of positions by which a job was submitted later than published.
pub(crate) fn latest(order: &[String], published: impl Iterator<Item = String>) -> usize {
    let delay = |(place, id): (usize, String)| {
        let at = order.iter().position(|submitted| *submitted == id).expect("submitted");
        at.saturating_sub(place)
    };
    published.enumerate().map(delay).max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_lane_keeps_its_order() {
    const MANY: usize = 400;
    let busy = Busy::with(&[("limits.videos", 5)]).await;
    let id = |n: usize| format!("job-{n:03}");
    let jobs: Vec<Value> = (0..MANY).map(|n| job(&id(n), "normal")).collect();
    busy.submits(&jobs).await;
    let order = submitted(&busy.consumer.receives_outcomes(MANY).await);
    let (latest, trips) = (latest(&order, (0..MANY).map(id)), busy.trips().await);
    say(order.join(" "));
    say(format!("{MANY} jobs, 4 workers, 5 slots: at most {latest} places late, {trips} trips"));
    let accounts = busy.provider.accounts().await;
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (MANY, 0));
    assert_eq!(accounts.limit_violations.concurrency, 0);
    assert!(latest <= 20, "a job was overtaken by {latest} others");
    assert_eq!(trips, 0.0, "no job waits in a delay queue for a slot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_lane_serves_high_before_normal_before_low() {
    const EACH: usize = 40;
    let busy = Busy::with(&[("limits.videos", 5)]).await;
    let jobs = ["low", "normal", "high"]
        .iter()
        .flat_map(|priority| (0..EACH).map(move |n| job(&format!("{priority}-{n:02}"), priority)));
    busy.submits(&jobs.collect::<Vec<_>>()).await;
    let order = submitted(&busy.consumer.receives_outcomes(3 * EACH).await);
    let last = |priority: &str| {
        order.iter().rposition(|id| id.starts_with(priority)).expect("all were submitted")
    };
    say(format!("last high {}, normal {}", last("high"), last("normal")));
    // Some jobs were submitted before the first of a higher priority was published. While all three
    // wait, high ones get nine of thirteen slots, and then normal ones three of four.
    assert!(last("high") < EACH * 13 / 9 + EACH / 2, "at {}: {order:?}", last("high"));
    assert!(last("normal") < last("high") + EACH + EACH / 2, "at {}: {order:?}", last("normal"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wide_job_is_not_starved_by_narrow_ones() {
    const EACH: usize = 100;
    let busy = Busy::with(&[("limits.images", 9)]).await;
    let image = |id: &str, n: usize| {
        let mut wish = Wish::of("images/generations", id, "");
        wish.request["n"] = n.into();
        of_priority(&wish, "normal")
    };
    let mut jobs: Vec<Value> = (0..2 * EACH).map(|n| image(&format!("narrow-{n:03}"), 1)).collect();
    jobs.insert(EACH, image("wide", 9));
    busy.submits(&jobs).await;
    let received = busy.consumer.receives_outcomes(jobs.len()).await;
    let order = submitted(&received);
    let wide = order.iter().position(|id| id == "wide").expect("submitted");
    say(format!("the wide one was published as number {EACH} and submitted as {wide}"));
    assert!(wide <= EACH + 20, "{} overtook it", wide - EACH);
    assert_eq!(busy.provider.accounts().await.limit_violations.concurrency, 0);
}
