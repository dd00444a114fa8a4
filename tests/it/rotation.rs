//! The provider's key is replaced in its file while jobs are submitted and polled.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    Backend, Consumer, Environment, Process, Program, Provider, Wish, lines, say, until,
};

const OLD: &str = "key-of-yesterday";
const NEW: &str = "key-of-today-and-tomorrow";
const JOBS: usize = 120;

fn provider(keys: &[&str]) -> Value {
    let life = json!({"median_s": 1.0, "sigma": 0.3});
    json!({"api_keys": keys, "lives": {"videos/text2video": life}})
}

struct Installation {
    provider: Provider,
    consumer: Consumer,
    program: Program,
    key_file: PathBuf,
    roles: Vec<Process>,
}

impl Installation {
    /// Two workers and a poller.
    async fn start(environment: &Environment) -> Self {
        let provider = Provider::here(provider(&[OLD])).await;
        let key_file = PathBuf::from(environment.file("key", &format!("{OLD}\n")));
        let mut program = environment.program_for(&provider);
        program.unset("kling.api_key");
        program.env("REELWORK_KLING__API_KEY_FILE", &key_file.display().to_string());
        program.set("limits.videos", "10");
        program.run(&["topology", "apply"]).await.exits(0);
        let consumer = Consumer::subscribed(environment).await;
        let mut roles = Vec::new();
        for (name, role) in [("worker-1", "worker"), ("worker-2", "worker"), ("poller", "poller")] {
            roles.push(program.start_role(name, role).await);
        }
        Self { provider, consumer, program, key_file, roles }
    }

    async fn submit(&self, environment: &Environment) -> Vec<Wish> {
        let jobs: Vec<Wish> = (0..JOBS).map(|n| Wish::video(&format!("key-{n:03}"))).collect();
        let file = environment.file("jobs.jsonl", &lines(&jobs));
        self.program.run(&["submit", "--file", &file]).await.exits(0);
        jobs
    }

    async fn accepts(&self, tasks: u64) {
        until(&format!("{tasks} tasks are accepted"), async || {
            self.provider.figures().await.accepted >= tasks
        })
        .await;
    }

    /// Each job has one outcome and was paid once, by the processes that began.
    async fn completes(&mut self, jobs: &[Wish]) {
        let received = self.consumer.receives_outcomes(jobs.len()).await;
        received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()));
        let accounts = self.provider.accounts().await;
        assert_eq!((accounts.accepted as usize, accounts.double_paid), (jobs.len(), 0));
        assert!(self.roles.iter_mut().all(Process::is_running));
    }
}

/// As one change, like the secrets that a cluster mounts.
fn replace(file: &Path, key: &str) {
    let aside = file.with_extension("new");
    std::fs::write(&aside, key).expect("a key");
    std::fs::rename(aside, file).expect("the key in its place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replaced_under_load() {
    let environment = Environment::on(Backend::Rabbitmq);
    let mut installation = Installation::start(&environment).await;
    let jobs = installation.submit(&environment).await;
    installation.accepts(20).await;
    installation.provider.change(provider(&[OLD, NEW])).await;
    replace(&installation.key_file, NEW);
    for role in &installation.roles {
        until("the role uses the new key", async || {
            role.stderr().contains("the provider's key was replaced")
        })
        .await;
    }
    installation.provider.change(provider(&[NEW])).await;
    assert!(installation.provider.figures().await.accepted < JOBS as u64, "too few jobs");
    installation.completes(&jobs).await;
    let unauthorized = installation.provider.figures().await.unauthorized;
    // A request that was under way has the old key.
    say(format!("{JOBS} jobs, {unauthorized} requests refused because of the key"));
    for role in &installation.roles {
        let log = role.stderr();
        assert!(!log.contains(OLD) && !log.contains(NEW), "a key is in a log");
    }
}

/// The operator forgot to replace it first: nothing is lost, and work goes on soon after.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_revoked_before_is_replaced() {
    let environment = Environment::on(Backend::Rabbitmq);
    let mut installation = Installation::start(&environment).await;
    let jobs = installation.submit(&environment).await;
    installation.accepts(20).await;
    installation.provider.change(provider(&[NEW])).await;
    until("a request is refused", async || installation.provider.figures().await.unauthorized > 0)
        .await;
    // A file that is half written changes nothing.
    replace(&installation.key_file, "");
    let role = &installation.roles[0];
    until("the empty file is noticed", async || {
        role.stderr().contains("the provider's key stays as it was")
    })
    .await;
    replace(&installation.key_file, NEW);
    let begun = std::time::Instant::now();
    let before = installation.provider.figures().await.accepted;
    installation.accepts(before + 1).await;
    let resumed = begun.elapsed();
    say(format!("work goes on {resumed:.1?} after the key was replaced"));
    assert!(resumed < Duration::from_secs(10), "{resumed:?}");
    installation.completes(&jobs).await;
}
