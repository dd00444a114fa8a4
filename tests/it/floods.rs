//! Two tenants send very many jobs at once, while nine others send a job a second each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use job::{EventKind, OverflowQueue};
use ports::{Broker, Clock, Source};
use producer::Producer;
use serde_json::{Value, json};

use crate::harness::{
    Consumer, Environment, Process, Program, Provider, Received, Wish, say, until,
};

/// Fewer than even the quiet tenants need: tasks take four to eight seconds.
const SLOTS: u32 = 20;
const WORKERS: usize = 4;

const LOUD: [&str; 2] = ["A", "K"];
const QUIET: [&str; 9] = ["B", "C", "D", "E", "F", "G", "H", "I", "J"];

/// So long the quiet tenants send jobs, first alone and then beside the others.
const PHASE: Duration = Duration::from_secs(10);

/// Jobs of each loud tenant. With more than [`ALL_DONE`], their ends are not awaited.
fn flood() -> usize {
    let wanted = std::env::var("REELWORK_TEST_FLOOD").ok();
    wanted.map_or(200, |text| text.parse().expect("REELWORK_TEST_FLOOD is a number"))
}

const ALL_DONE: usize = 5_000;

fn message(tenant: &str, id: &str) -> Value {
    let mut message = Wish::video(id).message();
    message["tenant"] = tenant.into();
    message
}

fn line(tenant: &str, n: usize) -> String {
    format!("{}\n", message(tenant, &format!("{tenant}-{n}")))
}

/// Each quiet tenant sends a job a second, one after the other. Returns their ids.
async fn quiet(producer: &Producer, phase: &str) -> Vec<String> {
    let (began, step) = (Instant::now(), Duration::from_secs(1) / QUIET.len() as u32);
    let mut ids = Vec::new();
    for n in 0.. {
        let at = began + step * n;
        if at > began + PHASE {
            return ids;
        }
        tokio::time::sleep_until(at.into()).await;
        let tenant = QUIET[n as usize % QUIET.len()];
        let id = format!("{phase}-{n}");
        let body = message(tenant, &id).to_string();
        producer.publish_json(body.as_bytes()).await.expect("published");
        ids.push(id);
    }
    ids
}

/// How long these jobs waited before they were submitted, in milliseconds, the shortest first.
fn waits(received: &Received, ids: &[String]) -> Vec<i64> {
    let mut waits: BTreeMap<&str, i64> = BTreeMap::new();
    for event in &received.0 {
        let times = &event.data.timings;
        if let (Some(queued), Some(submitted)) = (times.queued_ms, times.submitted_ms) {
            waits.insert(&event.subject, submitted.as_millis() - queued.as_millis());
        }
    }
    let wait = |id: &String| *waits.get(id.as_str()).expect("it was submitted");
    let mut waits: Vec<i64> = ids.iter().map(wait).collect();
    waits.sort_unstable();
    waits
}

fn percentile(sorted: &[i64], percent: usize) -> i64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// Jobs of this tenant that were submitted within these moments (Unix ms).
fn served(received: &Received, tenant: &str, from: i64, until: i64) -> usize {
    let times = received.0.iter().filter(|event| event.data.tenant == tenant);
    let submitted = times.filter_map(|event| event.data.timings.submitted_ms);
    submitted.filter(|at| (from..until).contains(&at.as_millis())).count()
}

fn now() -> i64 {
    ports::SystemClock.now().as_millis()
}

struct Studio {
    program: Program,
    provider: Provider,
    consumer: Consumer,
    producer: Producer,
    broker: Arc<dyn Broker>,
    _roles: Vec<Process>,
}

impl Studio {
    async fn start(environment: &Environment) -> Self {
        let provider = Provider::here(json!({
            "speed": 20.0, "lives": {"videos/text2video": {"median_s": 120.0, "sigma": 0.15}},
            "seed": 7, "concurrency": {"videos": SLOTS, "images": 0, "audio": 0},
        }))
        .await;
        let mut program = environment.program_for(&provider);
        program.set("limits.videos", &SLOTS.to_string());
        if flood() <= ALL_DONE {
            program.set("tenants.waiting", "40");
        }
        program.run(&["topology", "apply"]).await.exits(0);
        let consumer = Consumer::subscribed(environment).await;
        let mut roles = vec![program.start_role("poller", "poller").await];
        for n in 0..WORKERS {
            roles.push(program.start_role(&format!("worker-{n}"), "worker").await);
        }
        let broker = environment.broker().await;
        let producer = Producer::new(broker.clone());
        Self { program, provider, consumer, producer, broker, _roles: roles }
    }

    /// Returns when jobs of both are done.
    async fn begin_floods(&self, environment: &Environment, jobs: usize) -> Vec<Process> {
        let files = LOUD.map(|tenant| {
            let lines: String = (0..jobs).map(|n| line(tenant, n)).collect();
            environment.file(&format!("{tenant}.jsonl"), &lines)
        });
        let submit = |file| self.program.start("flood", &["submit", "--json", "--file", file]);
        let floods = files.iter().map(|file| submit(file)).collect();
        until("both have begun", async || {
            let received = self.consumer.received();
            LOUD.iter().all(|tenant| served(&received, tenant, 0, i64::MAX) > SLOTS as usize)
        })
        .await;
        floods
    }

    async fn ends_well(&self, jobs: usize) {
        self.provider.change(json!({"life_ms": 20, "concurrency": {"videos": SLOTS}})).await;
        let received = self.consumer.receives_outcomes(jobs).await;
        assert_eq!(received.count(EventKind::Succeeded), jobs);
        let accounts = self.provider.accounts().await;
        assert_eq!((accounts.accepted as usize, accounts.double_paid), (jobs, 0));
    }

    /// Messages in overflow queues.
    async fn apart(&self) -> u64 {
        let mut apart = 0;
        for queue in OverflowQueue::all() {
            apart += self.broker.depth(&Source::Overflow(queue)).await.expect("a depth");
        }
        apart
    }

    async fn quiet(&self, phase: &str) -> Vec<String> {
        let ids = quiet(&self.producer, phase).await;
        until("all of them have ended", async || {
            let received = self.consumer.received();
            ids.iter().all(|id| received.outcome(id).is_some())
        })
        .await;
        ids
    }
}

/// 50 %, 99 % and the longest, in milliseconds.
fn figures(waits: &[i64]) -> String {
    let longest = waits[waits.len() - 1];
    format!("{} / {} / {longest} ms", percentile(waits, 50), percentile(waits, 99))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_two_tenants_does_not_keep_the_others_waiting() {
    let flood = flood();
    let mut environment = Environment::with_own_redis().await;
    let studio = Studio::start(&environment).await;
    let alone = studio.quiet("alone").await;
    let empty = environment.redis().memory() as f64 / 1e6;

    let _floods = studio.begin_floods(&environment, flood).await;
    let (apart, from) = (studio.apart().await, now());
    let beside = studio.quiet("beside").await;
    let (then, memory) = (now(), environment.redis().memory() as f64 / 1e6);

    let received = studio.consumer.received();
    let (alone, beside) = (waits(&received, &alone), waits(&received, &beside));
    let [a, k] = LOUD.map(|tenant| served(&received, tenant, from, then));
    let accounts = studio.provider.accounts().await;
    let over = accounts.limit_violations.concurrency;
    say(format!(
        "{WORKERS} workers, {SLOTS} slots, two floods of {flood}, {apart} jobs of them in overflow \
         queues: others wait {} alone and {} beside them (50 %, 99 %, longest); {a} and {k} jobs of \
         the floods submitted meanwhile; Redis {memory:.1} MB, before {empty:.1} MB; {over} over the \
         limit",
        figures(&alone),
        figures(&beside)
    ));
    assert_eq!((over, accounts.double_paid), (0, 0));
    assert!(apart > 0, "the floods are larger than the waiting room");
    let (p99, of_alone) = (percentile(&beside, 99), percentile(&alone, 99));
    assert!(p99 <= 2 * of_alone, "{p99} ms, alone {of_alone} ms");
    assert!(a.abs_diff(k) <= 2 + (a + k) / 20, "{a} and {k}");
    if flood <= ALL_DONE {
        studio.ends_well(alone.len() + beside.len() + LOUD.len() * flood).await;
    }
}
