//! One installation whose processes are killed and restarted many times.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::verdict::Verdict;
use crate::harness::{Backend, Consumer, Environment, Process, Program, Provider, Wish, free_port};

/// Jobs that must be in progress at a kill.
pub(crate) const UNDER_WAY: u64 = 50;

/// Slots of the resource that almost all jobs use.
pub(crate) const SLOTS: usize = 200;

/// Maximum number of jobs in progress in a worker.
pub(crate) const IN_HAND: usize = 40;

/// The operation of almost all jobs.
pub(crate) const VIDEO: &str = "videos/text2video";

/// An operation of another lane.
pub(crate) const IMAGE: &str = "images/generations";

/// Long enough that even a busy machine submits faster than tasks end, so that many run at a kill;
/// varied enough that they do not end at the same time.
const LIFE_S: f64 = 8.0;
const SPREAD: f64 = 0.4;

/// If no outcome arrives for this long, the missing jobs are lost.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

pub(crate) struct Deployment {
    pub(crate) program: Program,
    pub(crate) provider: Provider,
    roles: Vec<Role>,
    consumer: Consumer,
    /// Jobs with a receipt.
    promised: BTreeSet<String>,
    batches: usize,
    // Deleted after all processes have ended.
    pub(crate) environment: Environment,
}

struct Role {
    name: &'static str,
    program: Program,
    process: Process,
}

/// The provider creates another task for a repeat and charges for it, so a double POST is always
/// found. Some responses are so late that jobs are always between POST and record.
pub(crate) fn provider_settings(faults: Value) -> Value {
    provider_settings_living(faults, LIFE_S)
}

/// The same, with this duration for future tasks.
pub(crate) fn provider_settings_living(faults: Value, seconds: f64) -> Value {
    let mut all = json!([{"kind": "delay_ms", "rate": 0.3, "value": 700}]);
    all.as_array_mut()
        .expect("a list")
        .splice(0..0, faults.as_array().into_iter().flatten().cloned());
    let life = json!({"median_s": seconds, "sigma": SPREAD});
    json!({
        "lives": {VIDEO: life, IMAGE: life}, "external_ids": "ignored", "faults": all,
        "concurrency": {"videos": SLOTS},
    })
}

/// The same, with a callback for every future task, also before the response to its POST.
pub(crate) fn provider_settings_calling_back() -> Value {
    let mut settings = provider_settings(json!([]));
    settings["callbacks"] = json!({"enabled": true});
    settings
}

impl Deployment {
    pub(crate) async fn started(
        environment: Environment,
        adjust: impl FnOnce(&mut Program),
    ) -> Self {
        let file = environment.file("simulator.json", &provider_settings(json!([])).to_string());
        let provider = Provider::apart(&environment.program(), &file).await;
        let mut program = environment.program_for(&provider);
        program.set("limits.videos", &SLOTS.to_string());
        program.set("limits.images", "1000");
        // As few as possible: twice the slots.
        program.set("tenants.waiting", "1");
        program.set("limits.max_in_progress", &IN_HAND.to_string());
        // Some looks at each task, not dozens.
        program.set("poll.pace", "0.04");
        program.set("poll.sweep", "100ms");
        program.set("money.enabled", "true");
        program.set("kling.look_up", "path");
        program.set("kling.trust_denials", "true");
        let address = format!("127.0.0.1:{}", free_port());
        program.set("gateway.listen", &address);
        program.set("gateway.callback_url", &format!("http://{address}"));
        program.set("gateway.callback_secrets", "secret-of-tests");
        adjust(&mut program);
        let names: &[&'static str] = match environment.backend {
            Backend::Rabbitmq => &["worker", "poller", "gateway"],
            Backend::Embedded => &["up"],
        };
        if environment.backend == Backend::Rabbitmq {
            program.run(&["topology", "apply"]).await.exits(0);
        }
        let consumer = match environment.backend {
            Backend::Rabbitmq => Consumer::plain(&environment).await,
            Backend::Embedded => Consumer::subscribed(&environment).await,
        };
        let mut roles = Vec::new();
        for name in names {
            let program = mined(&program, &environment, name);
            let process = program.start_role(name, name).await;
            roles.push(Role { name, program, process });
        }
        let promised = BTreeSet::new();
        Self { program, provider, roles, consumer, promised, batches: 0, environment }
    }

    /// Writes new jobs to a file, for the producer's command.
    pub(crate) fn batch(&mut self, operation: &'static str, jobs: usize) -> String {
        self.batches += 1;
        let id = |n| format!("b{:03}-{n:03}", self.batches);
        let wish = |n| Wish::of(operation, &id(n), "").message();
        let lines: String = (0..jobs).map(|n| format!("{}\n", wish(n))).collect();
        self.environment.file("jobs.jsonl", &lines)
    }

    pub(crate) async fn publish(&mut self, jobs: usize) {
        self.publish_some(VIDEO, jobs).await;
    }

    pub(crate) async fn answers_lost(&self) -> u64 {
        let faults = self.provider.accounts().await.faults;
        faults.get(&simulator::FaultKind::LostAnswer).copied().unwrap_or(0)
    }

    pub(crate) async fn publish_some(&mut self, operation: &'static str, jobs: usize) {
        let file = self.batch(operation, jobs);
        let done = self.program.run(&["submit", "--json", "--file", &file]).await.exits(0);
        self.promise(&done.lines());
    }

    /// Notes the jobs of these receipts: each must have an outcome.
    pub(crate) fn promise(&mut self, receipts: &[Value]) {
        let queued = receipts.iter().filter(|receipt| receipt["status"] == "queued");
        self.promised.extend(queued.filter_map(|receipt| Some(receipt["id"].as_str()?.to_owned())));
    }

    pub(crate) fn promise_outcome(&mut self, id: &str) {
        self.promised.insert(id.to_owned());
    }

    pub(crate) async fn under_way(&self) -> u64 {
        self.provider.figures().await.unfinished
    }

    /// Publishes more jobs if too few are in progress, unless too many are waiting.
    pub(crate) async fn top_up(&mut self) {
        let figures = self.provider.figures().await;
        let waiting =
            self.promised.len() as u64 - figures.succeeded.min(self.promised.len() as u64);
        if figures.unfinished < 2 * UNDER_WAY && waiting < 3 * UNDER_WAY {
            self.publish(UNDER_WAY as usize).await;
        }
    }

    /// From now on this role dies at this point.
    pub(crate) fn order(&self, role: &str, point: &str) {
        let (order, aside) =
            (orders(&self.environment, role), self.environment.directory().join("aside"));
        std::fs::write(&aside, format!("{point}=return\n")).expect("an order");
        std::fs::rename(aside, order).expect("an order in place");
    }

    pub(crate) fn program_of(&self, role: &str) -> Program {
        mined(&self.program, &self.environment, role)
    }

    pub(crate) fn process(&mut self, role: &str) -> &mut Process {
        &mut self.role(role).process
    }

    /// Starts it, and does not wait until it works.
    pub(crate) fn begin(&mut self, role: &str) {
        let role = self.role(role);
        role.process = role.program.start(role.name, &[role.name]);
    }

    pub(crate) async fn restart(&mut self, role: &str) {
        self.role(role).restart().await;
    }

    pub(crate) async fn restart_the_dead(&mut self) {
        for role in &mut self.roles {
            if !role.process.is_running() {
                role.restart().await;
            }
        }
    }

    pub(crate) async fn kill_all_but(&mut self, name: &str) {
        for role in self.roles.iter_mut().filter(|role| role.name != name) {
            role.process.kill().await;
        }
    }

    fn role(&mut self, name: &str) -> &mut Role {
        self.roles.iter_mut().find(|role| role.name == name).expect("a role")
    }

    /// The output of `why` for a job.
    pub(crate) async fn why(&self, id: &str) -> String {
        self.program.run(&["why", id]).await.stdout
    }

    /// Waits until every promised job has an outcome, then compares the three counts.
    pub(crate) async fn verdict(&self) -> Verdict {
        let (mut fewest, mut since) = (usize::MAX, Instant::now());
        loop {
            let (received, accounts) = (self.consumer.received(), self.provider.figures().await);
            let verdict = Verdict::of(&self.promised, &received, &accounts);
            if verdict.lost.len() < fewest {
                (fewest, since) = (verdict.lost.len(), Instant::now());
            }
            if fewest == 0 || since.elapsed() > PATIENCE {
                return verdict;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Role {
    async fn restart(&mut self) {
        self.process = self.program.start_role(self.name, self.name).await;
    }
}

/// A program that dies at a point when it is ordered to.
fn mined(program: &Program, environment: &Environment, role: &str) -> Program {
    let mut program = program.clone();
    program.env("CRASH_POINTS_FILE", &orders(environment, role).display().to_string());
    program
}

fn orders(environment: &Environment, role: &str) -> PathBuf {
    environment.directory().join(format!("{role}.orders"))
}
