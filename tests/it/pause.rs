//! Pauses by hand in mid-run, with two workers: what is paused is not submitted, the rest is, and no
//! job is lost or paid twice.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use simulator::TaskEntry;

use crate::harness::{Backend, Consumer, Environment, Process, Program, Provider, Scraped, Wish};
use crate::harness::{say, until};

/// Jobs of each group.
const JOBS: usize = 30;
/// Jobs of each group that are submitted before the pause.
const BEGUN: usize = 3;
/// From the end of the command until its pause holds everywhere.
const EFFECTIVE_MS: u64 = 1_000;

/// Jobs that differ in what can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    name: &'static str,
    tenant: &'static str,
    operation: &'static str,
}

const GROUPS: [Group; 4] = [
    Group { name: "acme-text", tenant: "acme", operation: "videos/text2video" },
    Group { name: "acme-image", tenant: "acme", operation: "videos/image2video" },
    Group { name: "other-text", tenant: "other", operation: "videos/text2video" },
    Group { name: "other-audio", tenant: "other", operation: "audio/text-to-audio" },
];

impl Group {
    fn has(&self, task: &TaskEntry) -> bool {
        task.marker.starts_with(self.name)
    }

    fn ids(&self) -> impl Iterator<Item = String> + '_ {
        (0..JOBS).map(|n| self.id(n))
    }

    fn id(&self, n: usize) -> String {
        format!("{}-{n:02}", self.name)
    }

    fn message(&self, n: usize) -> Value {
        let mut message = Wish::of(self.operation, &self.id(n), "").message();
        message["tenant"] = self.tenant.into();
        message
    }
}

/// Jobs of all groups in turn.
fn jobs() -> String {
    let of_turn = |n: usize| GROUPS.map(|of| format!("{}\n", of.message(n)));
    (0..JOBS).flat_map(of_turn).collect()
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("fits")
}

struct Installation {
    provider: Provider,
    program: Program,
    consumer: Consumer,
    workers: Vec<(Scraped, Process)>,
    _poller: Process,
}

impl Installation {
    /// With so few slots that most jobs of each group wait.
    async fn start(environment: &Environment) -> Self {
        let provider = Provider::here(json!({"life_ms": 150})).await;
        let program = || {
            let mut program = environment.program_for(&provider);
            program.set("limits.videos", "4");
            program.set("limits.audio", "1");
            program
        };
        program().run(&["topology", "apply"]).await.exits(0);
        let consumer = Consumer::subscribed(environment).await;
        let _poller = program().start_role("poller", "poller").await;
        let mut workers = Vec::new();
        for n in 1..=2 {
            let worker = Scraped::of(program());
            let process = worker.program.start_role(&format!("worker-{n}"), "worker").await;
            workers.push((worker, process));
        }
        let program = program();
        Self { provider, program, consumer, workers, _poller }
    }

    async fn tasks(&self) -> Vec<TaskEntry> {
        self.provider.accounts().await.tasks.expect("tasks")
    }

    async fn submitted(&self, group: Group) -> usize {
        self.tasks().await.iter().filter(|task| group.has(task)).count()
    }

    /// The sum over both workers.
    async fn sum(&self, family: &str, label: &str) -> f64 {
        let mut sum = 0.0;
        for (worker, _) in &self.workers {
            sum += worker.page().await.sum(family, &[label]).unwrap_or_default();
        }
        sum
    }

    /// Both workers have read the pauses for several seconds.
    async fn reads_on(&self) {
        let reads =
            async || self.sum("reelwork_ledger_calls_total", "call=\"paused_by_hand\"").await;
        let before = reads().await;
        until("the pauses are read again and again", async || reads().await >= before + 12.0).await;
    }
}

/// Pauses this scope in mid-run, and resumes it. `held`: the groups that it holds.
async fn holds(scope: &[&str], held: &[Group]) {
    let environment = Environment::on(Backend::Rabbitmq);
    let installation = Installation::start(&environment).await;
    let program = &installation.program;
    let file = environment.file("jobs.jsonl", &jobs());
    program.run(&["submit", "--file", &file]).await.exits(0);
    for group in GROUPS {
        until("jobs of each group are submitted", async || {
            installation.submitted(group).await >= BEGUN
        })
        .await;
    }

    let paused = program.run(&[&["pause"], scope, &["--reason", "too costly"]].concat()).await;
    let since = unix_ms();
    paused.exits(0);
    let others = GROUPS.into_iter().filter(|group| !held.contains(group));
    for group in others {
        until(&format!("{} goes on", group.name), async || {
            installation.submitted(group).await == JOBS
        })
        .await;
    }
    installation.reads_on().await;
    let tasks = installation.tasks().await;
    until("tasks in flight end and are announced", async || {
        installation.consumer.received().outcomes().len() == tasks.len()
    })
    .await;
    let late = latest(&installation.tasks().await, held, since);
    assert!(late <= EFFECTIVE_MS, "submitted {late} ms after the pause");
    let left = held.len() * JOBS - count(&tasks, held);
    assert!(left > 0, "all jobs were submitted before the pause");
    let kind = scope[0].trim_start_matches("--");
    let label = format!("scope=\"{kind}\"");
    assert_eq!(installation.sum("reelwork_manual_pauses", &label).await, 2.0);

    program.run(&[&["resume"], scope].concat()).await.exits(0);
    let resumed = unix_ms();
    program.run(&[&["resume"], scope].concat()).await.exits(4);
    let received = installation.consumer.receives_outcomes(GROUPS.len() * JOBS).await;
    let ids: Vec<String> =
        GROUPS.iter().flat_map(|group| group.ids().collect::<Vec<_>>()).collect();
    received.has_one_outcome_each(ids.iter().map(String::as_str));
    let accounts = installation.provider.accounts().await;
    let first = first_after(accounts.tasks.as_deref().expect("tasks"), held, resumed);
    say(format!(
        "{scope:?}: the last POST {late} ms after the pause, {left} jobs held, the first POST {first} \
         ms after the resume; {} accepted, {} paid twice",
        accounts.accepted, accounts.double_paid
    ));
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (GROUPS.len() * JOBS, 0));
    let soon = Duration::from_secs(10);
    assert!(u128::from(first) < soon.as_millis(), "work went on {first} ms after the resume");
}

fn of<'a>(tasks: &'a [TaskEntry], groups: &'a [Group]) -> impl Iterator<Item = &'a TaskEntry> + 'a {
    tasks.iter().filter(|task| groups.iter().any(|group| group.has(task)))
}

fn count(tasks: &[TaskEntry], groups: &[Group]) -> usize {
    of(tasks, groups).count()
}

/// How long after this moment the last of these was submitted.
fn latest(tasks: &[TaskEntry], groups: &[Group], since: u64) -> u64 {
    let late = of(tasks, groups).map(|task| task.accepted_at_ms.saturating_sub(since));
    late.max().unwrap_or_default()
}

/// How long after this moment the next of these was submitted.
fn first_after(tasks: &[TaskEntry], groups: &[Group], since: u64) -> u64 {
    let after = of(tasks, groups).filter_map(|task| task.accepted_at_ms.checked_sub(since));
    after.min().expect("one of them is submitted")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_account_submits_nothing() {
    holds(&["--account"], &GROUPS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_pool_submits_nothing_and_the_others_go_on() {
    holds(&["--pool", "videos"], &GROUPS[..3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_tenant_submits_nothing_and_the_others_go_on() {
    holds(&["--tenant", "acme"], &GROUPS[..2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_operation_submits_nothing_and_the_others_go_on() {
    holds(&["--operation", "videos/text2video"], &[GROUPS[0], GROUPS[2]]).await;
}
