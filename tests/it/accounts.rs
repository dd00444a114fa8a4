//! Several accounts at the provider. Each is a simulator of its own, with a key of its own.

mod lost;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use job::EventKind;
use serde_json::{Value, json};

use crate::harness::{
    Backend, Consumer, Environment, Process, Program, Provider, Received, Wish, say, until,
};

const WORKERS: usize = 4;
const SLOTS: u32 = 10;

fn account(key: &str, more: &Value) -> Value {
    let life = json!({"median_s": 1.0, "sigma": 0.3});
    let mut settings = json!({
        "api_keys": [key], "lives": {"videos/text2video": life, "videos/video-extend": life},
        "concurrency": {"videos": SLOTS, "images": 0, "audio": 0},
    });
    for (name, value) in more.as_object().expect("an object") {
        settings[name] = value.clone();
    }
    settings
}

/// Accounts `a` and `b`, four workers and a poller.
struct Installation {
    environment: Environment,
    a: Provider,
    b: Provider,
    key_file_of_b: PathBuf,
    consumer: Consumer,
    program: Program,
    workers: Vec<Process>,
    _poller: Process,
}

impl Installation {
    /// `tenants`: as in the configuration.
    async fn start(tenants: &str) -> Self {
        Self::set(Environment::on(Backend::Rabbitmq), tenants, &json!({})).await
    }

    /// `more`: settings of both accounts.
    async fn set(environment: Environment, tenants: &str, more: &Value) -> Self {
        let a = Provider::here(account("key-a", more)).await;
        let mut other_ids = account("key-b", more);
        other_ids["id_style"] = "gateway".into();
        let b = Provider::here(other_ids).await;
        let key_file_of_b = PathBuf::from(environment.file("b.key", "key-b\n"));
        let mut program = environment.program_for(&a);
        program.set("kling.account", "a");
        program.set("kling.api_key", "key-a");
        program.set("accounts.key_files", &format!("b={}", key_file_of_b.display()));
        program.set("accounts.base_urls", &format!("b={}", b.url));
        program.set("accounts.tenants", tenants);
        program.set("kling.look_up", "path");
        program.set("limits.videos", &SLOTS.to_string());
        program.run(&["topology", "apply"]).await.exits(0);
        let consumer = Consumer::subscribed(&environment).await;
        let _poller = program.start_role("poller", "poller").await;
        let mut workers = Vec::new();
        for n in 0..WORKERS {
            workers.push(program.start_role(&format!("worker-{n}"), "worker").await);
        }
        Self { environment, a, b, key_file_of_b, consumer, program, workers, _poller }
    }

    async fn submit(&self, name: &str, jobs: &[Value]) {
        let lines: String = jobs.iter().map(|job| format!("{job}\n")).collect();
        let file = self.environment.file(name, &lines);
        self.program.run(&["submit", "--file", &file]).await.exits(0);
    }

    /// The jobs that each account has accepted, each once.
    async fn paid(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        (paid(&self.a).await, paid(&self.b).await)
    }
}

async fn paid(provider: &Provider) -> BTreeSet<String> {
    let accounts = provider.accounts().await;
    assert_eq!((accounts.double_paid, accounts.unauthorized), (0, 0));
    let tasks = accounts.tasks.expect("tasks");
    tasks.into_iter().map(|task| task.marker).collect()
}

fn video(id: &str, more: &Value) -> Value {
    let mut message = Wish::video(id).message();
    for (key, value) in more.as_object().expect("an object") {
        message[key] = value.clone();
    }
    message
}

fn videos(prefix: &str, many: usize, more: &Value) -> Vec<Value> {
    (0..many).map(|n| video(&format!("{prefix}-{n:03}"), more)).collect()
}

fn ids(jobs: &[Value]) -> BTreeSet<String> {
    jobs.iter().filter_map(|job| job["id"].as_str()).map(str::to_owned).collect()
}

/// When requests were refused, first and last, until no more are for five seconds.
async fn refusals(provider: &Provider, before: u64) -> (Instant, Instant, u64) {
    let (mut first, mut last, mut known) = (None, Instant::now(), before);
    until("no more requests are refused", async || {
        let refused = provider.figures().await.refused_other;
        if refused > known {
            (known, last) = (refused, Instant::now());
            first.get_or_insert(last);
        }
        first.is_some() && last.elapsed() > Duration::from_secs(5)
    })
    .await;
    (first.expect("a refusal"), last, known - before)
}

#[tokio::test(flavor = "multi_thread")]
async fn arrears_on_one_account_stop_it_alone() {
    let installation = Installation::start("").await;
    let Installation { a, b, consumer, .. } = &installation;
    let free = videos("free", 260, &json!({}));
    installation.submit("free.jsonl", &free).await;
    until("both accounts are full", async || {
        a.figures().await.accepted >= 40 && b.figures().await.accepted >= 40
    })
    .await;
    b.change(account("key-b", &json!({"credit_usd": 0.0}))).await;
    let (before, accepted) = (b.figures().await.refused_other, a.figures().await.accepted);
    let bound = videos("bound", 20, &json!({"account": "b"}));
    installation.submit("bound.jsonl", &bound).await;
    let (first, last, refused) = refusals(b, before).await;
    let stopped = last - first;
    let meanwhile = a.figures().await.accepted - accepted;
    say(format!(
        "arrears on b: {refused} requests refused within {stopped:.1?}; a accepted {meanwhile} meanwhile"
    ));
    assert!(stopped <= Duration::from_secs(1), "{stopped:?}");
    assert!(meanwhile >= 30, "{meanwhile}");

    // Also those that waited for b.
    let received = consumer.receives_outcomes(free.len()).await;
    assert!(received.outcomes().keys().all(|id| id.starts_with("free")), "b is paused");
    let stats = installation.program.run(&["stats", "--json"]).await.exits(0).json();
    assert!(stats.to_string().contains("refused"), "the pause is shown: {stats}");
    b.change(account("key-of-today", &json!({}))).await;
    std::fs::write(&installation.key_file_of_b, "key-of-today").expect("a key");

    let received = consumer.receives_outcomes(free.len() + bound.len()).await;
    let all = ids(&free).union(&ids(&bound)).cloned().collect::<BTreeSet<_>>();
    received.has_one_outcome_each(all.iter().map(String::as_str));
    let (by_a, by_b) = (tasks(a).await, tasks(b).await);
    assert!(by_a.is_disjoint(&by_b), "a job was paid with both accounts");
    assert!(ids(&bound).is_subset(&by_b));
    assert_eq!(by_a.len() + by_b.len(), all.len());
}

async fn tasks(provider: &Provider) -> BTreeSet<String> {
    let accounts = provider.accounts().await;
    assert_eq!(accounts.double_paid, 0);
    accounts.tasks.expect("tasks").into_iter().map(|task| task.marker).collect()
}

fn of_kind(received: &Received, kind: EventKind) -> BTreeSet<String> {
    let events = received.0.iter().filter(|event| event.kind() == Some(kind));
    events.map(|event| event.subject.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_an_account_of_its_own_uses_no_other() {
    let installation = Installation::start("acme=b").await;
    let acme = videos("acme", 30, &json!({"tenant": "acme"}));
    let others = videos("other", 30, &json!({"tenant": "globex"}));
    let refused = vec![
        video("refused-1", &json!({"tenant": "acme", "account": "a"})),
        video("refused-2", &json!({"tenant": "globex", "account": "b"})),
        video("refused-3", &json!({"account": "c"})),
    ];
    let jobs = [acme.clone(), others.clone(), refused.clone()].concat();
    installation.submit("jobs.jsonl", &jobs[1..]).await;
    let words = "A lighthouse [job:acme-000]";
    let first = ["submit", "videos/text2video", "--prompt", words, "--key", "acme-000"];
    let with = [&first[..], &["--tenant", "acme", "--account", "b"]].concat();
    installation.program.run(&with).await.exits(0);
    let received = installation.consumer.receives_outcomes(jobs.len()).await;
    assert_eq!(of_kind(&received, EventKind::Rejected), ids(&refused));
    assert_eq!(installation.paid().await, (ids(&others), ids(&acme)));
    let reason = received.outcome("refused-2").and_then(|event| event.data.error.clone());
    let reason = reason.expect("a reason").message;
    assert!(reason.contains("\"b\"") && !reason.contains("acme"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_builds_on_a_task_uses_its_account() {
    const EACH: usize = 12;
    let installation = Installation::start("").await;
    let parents = videos("parent", EACH, &json!({}));
    installation.submit("parents.jsonl", &parents).await;
    let received = installation.consumer.receives_outcomes(EACH).await;
    let child = |event: &job::CloudEvent| {
        let parent = event.subject.trim_start_matches("parent-").to_owned();
        let id = format!("child-{parent}");
        let video = event.data.outputs[0].id.clone().expect("an id");
        let request = json!({"video_id": video, "prompt": format!("it goes on [job:{id}]")});
        json!({"id": id, "operation": "videos/video-extend", "request": request})
    };
    let children: Vec<Value> = received.0.iter().map(child).collect();
    installation.submit("children.jsonl", &children).await;
    installation.consumer.receives_outcomes(2 * EACH).await;
    let (a, b) = installation.paid().await;
    let split = |jobs: &BTreeSet<String>, kind: &str| {
        let of_kind = jobs.iter().filter_map(|id| id.strip_prefix(kind));
        of_kind.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    for jobs in [&a, &b] {
        assert!(!jobs.is_empty(), "one account got nothing");
        assert_eq!(split(jobs, "parent-"), split(jobs, "child-"));
    }
}
