//! Real processes on private servers. Each connection goes through a proxy that can break it.

use std::net::SocketAddr;

use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use ports::{Clock, Pause, SystemClock};
use serde_json::{Value, json};
use simulator::Accounts;
use std::time::{Duration, Instant};

use crate::fault::Link;
use crate::harness::{Backend, Environment, Process, Program, Provider, Proxy, until};
use crate::listener::Listener;
use crate::load::Load;
use crate::own_servers::{Rabbit, Redis};

/// Slots of the only resource in use; more than are ever needed.
pub(crate) const SLOTS: u32 = 400;

/// The name of the provider's account in the configuration.
const ACCOUNT: &str = "default";

/// Longer than any fault.
const LONG: Duration = Duration::from_secs(3600);

/// Outcomes before the first measurement.
const WARM: usize = 100;

pub(crate) struct Installation {
    pub(crate) worker: Process,
    pub(crate) poller: Process,
    program: Program,
    pub(crate) provider: Provider,
    pub(crate) load: Load,
    pub(crate) listener: Listener,
    amqp: Proxy,
    store: Proxy,
    http: Proxy,
    environment: Environment,
    pub(crate) rabbit: Rabbit,
    pub(crate) redis: Redis,
}

/// The three independent counts at the end.
pub(crate) struct Ends {
    pub(crate) promised: Vec<String>,
    pub(crate) listener: Listener,
    pub(crate) accounts: Accounts,
}

/// A repeated external id is another paid task. Some responses are delayed, so that faults occur
/// between POST and record.
pub(crate) fn settings(mut faults: Value) -> Value {
    let usual = json!({"kind": "delay_ms", "rate": 0.2, "value": 500});
    faults.as_array_mut().expect("a list").push(usual);
    json!({
        "lives": {"videos/text2video": {"median_s": 1.0, "sigma": 0.4}},
        "external_ids": "ignored", "faults": faults,
        "concurrency": {"videos": SLOTS},
    })
}

impl Installation {
    pub(crate) async fn start() -> Self {
        let (rabbit, redis) = (Rabbit::start().await, Redis::start().await);
        let store_url = format!("redis://{}", redis.address());
        let environment = Environment::at(Backend::Rabbitmq, rabbit.url(), store_url);
        let file = environment.file("simulator.json", &settings(json!([])).to_string());
        let provider = Provider::apart(&environment.program(), &file).await;
        let (amqp, store) = (Proxy::to(rabbit.address()).await, Proxy::to(redis.address()).await);
        let http = Proxy::to(place(&provider.url)).await;
        environment.program().run(&["topology", "apply"]).await.exits(0);
        let program = program(&environment, &provider, [&amqp, &store, &http]);
        let worker = program.start_role("worker", "worker").await;
        let poller = program.start_role("poller", "poller").await;
        let listener = Listener::subscribed(&environment).await;
        let load = Load::start(environment.broker().await);
        // Warm-up: the first rate is measured after outcomes have arrived.
        until("jobs flow", async || listener.outcomes() >= WARM).await;
        Self {
            worker,
            poller,
            program,
            provider,
            load,
            listener,
            amqp,
            store,
            http,
            environment,
            rabbit,
            redis,
        }
    }

    pub(crate) fn proxy(&self, link: Link) -> &Proxy {
        match link {
            Link::Amqp => &self.amqp,
            Link::Redis => &self.store,
            Link::Http => &self.http,
        }
    }

    pub(crate) async fn provider_does(&self, faults: Value) {
        self.provider.change(settings(faults)).await;
    }

    pub(crate) async fn delete_jobs_exchange(&self) {
        let exchange = format!("{}.jobs", self.environment.namespace);
        let options = ExchangeDeleteOptions::default();
        let channel = self.channel().await;
        channel.exchange_delete(exchange.as_str().into(), options).await.expect("deleted");
    }

    /// The queue is empty, and no publish is in progress: every confirmed job has its outcome.
    pub(crate) async fn delete_lane(&self) {
        let held = self.load.hold().await;
        let receipts = self.load.receipts();
        until("no job is open", async || self.listener.missing(&receipts).is_empty()).await;
        let options = QueueDeleteOptions::default();
        let channel = self.channel().await;
        channel.queue_delete(self.lane().as_str().into(), options).await.expect("deleted");
        drop(held);
        self.refused().await;
    }

    /// The account is paused as if it had no balance, so that no worker empties the lane.
    pub(crate) async fn fill_lane(&self) {
        let since = SystemClock.now();
        let pause = Pause { reason: "a trial".to_owned(), since, until: since + LONG };
        self.environment.ledger().await.pause(ACCOUNT, &pause).await.expect("a pause");
        self.rabbit.narrow(&self.lane()).await;
        self.refused().await;
    }

    pub(crate) async fn make_room(&self) {
        self.rabbit.widen().await;
        self.environment.ledger().await.resume(ACCOUNT).await.expect("no pause");
    }

    /// Waits until a publish has failed.
    async fn refused(&self) {
        let before = self.load.failed();
        until("a job is refused", async || self.load.failed() > before).await;
    }

    /// The queue of all jobs of this test.
    fn lane(&self) -> String {
        format!("{}.jobs.videos.normal", self.environment.namespace)
    }

    async fn channel(&self) -> lapin::Channel {
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(&self.rabbit.url(), properties).await;
        connection.expect("RabbitMQ").create_channel().await.expect("a channel")
    }

    pub(crate) async fn apply_topology(&self) {
        self.environment.program().run(&["topology", "apply"]).await.exits(0);
    }

    pub(crate) async fn restart_worker(&mut self) {
        self.worker = self.program.start_role("worker", "worker").await;
    }

    pub(crate) async fn restart_poller(&mut self) {
        self.poller = self.program.start_role("poller", "poller").await;
    }

    /// Restarts processes that ended without a signal of the test; returns their names.
    pub(crate) async fn revive(&mut self) -> Vec<&'static str> {
        let mut ended = Vec::new();
        if !self.worker.is_running() {
            ended.push("worker");
            self.restart_worker().await;
        }
        if !self.poller.is_running() {
            ended.push("poller");
            self.restart_poller().await;
        }
        ended
    }

    /// Seconds of CPU that the roles have used.
    pub(crate) fn cpu(&self) -> f64 {
        [&self.worker, &self.poller].into_iter().filter_map(Process::id).map(cpu_of).sum()
    }

    /// Stops publishing and waits until all jobs have ended.
    pub(crate) async fn end(self, patience: Duration) -> Ends {
        let promised = self.load.end().await;
        let (mut open, mut since) = (usize::MAX, Instant::now());
        while open > 0 && since.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.listener.missing(&promised).len();
            if now < open {
                (open, since) = (now, Instant::now());
            }
        }
        let accounts = self.provider.accounts().await;
        Ends { promised, listener: self.listener, accounts }
    }
}

fn program(
    environment: &Environment,
    provider: &Provider,
    [amqp, store, http]: [&Proxy; 3],
) -> Program {
    let mut program = environment.program_for(provider);
    program.set("broker.url", &format!("amqp://guest:guest@{}", amqp.address));
    program.set("ledger.url", &format!("redis://{}", store.address));
    program.set("kling.base_url", &format!("http://{}", http.address));
    program.set("limits.videos", &SLOTS.to_string());
    program.set("kling.look_up", "path");
    program.set("kling.trust_denials", "true");
    program.set("poll.sweep", "100ms");
    program
}

fn place(url: &str) -> SocketAddr {
    url.strip_prefix("http://").expect("a URL").parse().expect("an address")
}

/// From the kernel, in hundredths: user and system time are the 14th and 15th field.
fn cpu_of(id: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
