//! Nodes of clusters are killed and frozen at random while jobs arrive.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use servers::rabbitmq::Configuration;
use servers::{Programs, rabbitmq, redis};

use crate::chance::Chance;
use crate::harness::{Backend, Environment, Process, Program, Provider, say, until};
use crate::installation::{SLOTS, settings};
use crate::listener::Listener;
use crate::load::Load;

const RABBITMQ_NODES: usize = 3;
const REDIS_MASTERS: usize = 3;
const ROLES: [&str; 2] = ["worker", "poller"];

/// How long a node is down: shorter and longer than heartbeats and failovers take.
const SHORTEST: u64 = 3;
const LONGEST: u64 = 25;

/// Between the recovery of one node and the trouble of the next: more than one node down at a time
/// can be the loss of a majority.
const CALM: Duration = Duration::from_secs(5);

/// After the last node is back, every confirmed job has its outcome within this time.
const STUCK: Duration = Duration::from_secs(10);
/// When no outcome has arrived for this time, the missing jobs count as lost.
const LOST: Duration = Duration::from_secs(200);

/// Lost jobs that are explained.
const SHOWN: usize = 3;

const WARM: usize = 100;
const LOOK: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug)]
enum Node {
    Rabbitmq(usize),
    Redis(usize),
}

#[derive(Clone, Copy, Debug)]
enum Harm {
    Kill,
    Freeze,
}

/// One node in trouble.
#[derive(Clone, Copy, Debug)]
struct Round {
    node: Node,
    harm: Harm,
    lasts: Duration,
}

impl Round {
    fn drawn(chance: &mut Chance) -> Self {
        let number = chance.below(RABBITMQ_NODES + 2 * REDIS_MASTERS);
        let node = match number.checked_sub(RABBITMQ_NODES) {
            None => Node::Rabbitmq(number),
            Some(number) => Node::Redis(number),
        };
        let harm = if chance.below(2) == 0 { Harm::Kill } else { Harm::Freeze };
        let seconds = SHORTEST + chance.next() % (LONGEST - SHORTEST + 1);
        Self { node, harm, lasts: Duration::from_secs(seconds) }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, harm, lasts } = self;
        write!(f, "{harm:?} {node:?} for {} s", lasts.as_secs())
    }
}

/// Two workers and two pollers on a cluster of each kind.
struct Fleet {
    processes: Vec<(&'static str, Process)>,
    program: Program,
    provider: Provider,
    load: Load,
    listener: Listener,
    // Declared after what uses them: they end later.
    _environment: Environment,
    rabbitmq: rabbitmq::Cluster,
    redis: redis::Cluster,
}

impl Fleet {
    async fn start() -> Self {
        let programs = Programs::selected();
        let configuration = Configuration::default();
        let rabbitmq = rabbitmq::Cluster::start(&programs, RABBITMQ_NODES, &configuration).await;
        let rabbitmq = rabbitmq.expect("a RabbitMQ cluster");
        let redis = redis::Cluster::start(&programs, REDIS_MASTERS, &["appendonly yes"]).await;
        let redis = redis.expect("a Redis Cluster");
        let environment = Environment::at(Backend::Rabbitmq, rabbitmq.url(), redis.url());
        let file = environment.file("simulator.json", &settings(json!([])).to_string());
        let provider = Provider::apart(&environment.program(), &file).await;
        let program = program(&environment, &provider);
        program.run(&["topology", "apply"]).await.exits(0);
        let processes = processes(&program).await;
        let listener = Listener::subscribed(&environment).await;
        let load = Load::start(environment.broker().await);
        until("jobs flow", async || listener.outcomes() >= WARM).await;
        Self {
            processes,
            program,
            provider,
            load,
            listener,
            _environment: environment,
            rabbitmq,
            redis,
        }
    }

    async fn suffers(&mut self, round: Round) {
        match (round.node, round.harm) {
            (Node::Rabbitmq(n), Harm::Kill) => self.rabbitmq.nodes[n].kill(),
            (Node::Rabbitmq(n), Harm::Freeze) => self.rabbitmq.nodes[n].freeze(),
            (Node::Redis(n), Harm::Kill) => self.redis.servers[n].kill(),
            (Node::Redis(n), Harm::Freeze) => self.redis.servers[n].freeze(),
        }
        tokio::time::sleep(round.lasts).await;
        match (round.node, round.harm) {
            (Node::Rabbitmq(n), Harm::Kill) => {
                self.rabbitmq.nodes[n].restart().await.expect("a node");
            }
            (Node::Rabbitmq(n), Harm::Freeze) => self.rabbitmq.nodes[n].thaw(),
            (Node::Redis(n), Harm::Kill) => {
                self.redis.servers[n].restart().await.expect("a server")
            }
            (Node::Redis(n), Harm::Freeze) => self.redis.servers[n].thaw(),
        }
        self.rabbitmq.is_complete().await.expect("a whole RabbitMQ cluster");
        self.redis.is_healthy().await.expect("a healthy Redis Cluster");
    }

    /// Starts processes again that ended by themselves, as a supervisor would; their names.
    async fn revive(&mut self) -> Vec<&'static str> {
        let mut ended = Vec::new();
        for (n, (role, process)) in self.processes.iter_mut().enumerate() {
            if !process.is_running() {
                say(format!("{role} has ended:\n{}", process.stderr()));
                ended.push(*role);
                *process = self.program.start_role(&format!("{role}-{n}"), role).await;
            }
        }
        ended
    }
}

async fn processes(program: &Program) -> Vec<(&'static str, Process)> {
    let mut processes = Vec::new();
    for n in 1..=2 {
        for role in ROLES {
            processes.push((role, program.start_role(&format!("{role}-{n}"), role).await));
        }
    }
    processes
}

fn program(environment: &Environment, provider: &Provider) -> Program {
    let mut program = environment.program_for(provider);
    program.set("limits.videos", &SLOTS.to_string());
    program.set("kling.look_up", "path");
    program.set("kling.trust_denials", "true");
    program
}

pub(crate) struct Report {
    seed: u64,
    rounds: Vec<(Round, Vec<&'static str>)>,
    jobs: usize,
    /// After the last node was back.
    stuck: usize,
    /// When the last outcome arrived.
    last_outcome: Duration,
    lost: usize,
    contradicted: usize,
    double_paid: u64,
    beyond_limits: u64,
}

pub(crate) async fn run(seed: u64, rounds: usize) -> Report {
    say(format!("seed {seed}"));
    let (mut fleet, mut chance) = (Fleet::start().await, Chance(seed));
    let mut done = Vec::new();
    for _ in 0..rounds {
        let round = Round::drawn(&mut chance);
        let before = fleet.listener.outcomes();
        fleet.suffers(round).await;
        let ended = fleet.revive().await;
        let outcomes = fleet.listener.outcomes() - before;
        say(format!("{round}: {outcomes} outcomes; ended {ended:?}"));
        done.push((round, ended));
        if done.len() < rounds {
            tokio::time::sleep(CALM).await;
        }
    }
    end(fleet, seed, done).await
}

async fn end(fleet: Fleet, seed: u64, rounds: Vec<(Round, Vec<&'static str>)>) -> Report {
    let healed = Instant::now();
    let promised = fleet.load.end().await;
    let stuck_at = healed + STUCK;
    let (mut stuck, mut open, mut since) = (None, usize::MAX, Instant::now());
    while open > 0 && since.elapsed() < LOST {
        tokio::time::sleep(LOOK).await;
        let now = fleet.listener.missing(&promised).len();
        if now < open {
            (open, since) = (now, Instant::now());
        }
        if stuck.is_none() && Instant::now() >= stuck_at {
            stuck = Some(now);
        }
    }
    for id in fleet.listener.missing(&promised).iter().take(SHOWN) {
        let why = fleet.program.run(&["why", id]).await;
        say(format!("without an outcome: {id}\n{}{}", why.stdout, why.stderr));
    }
    let accounts = fleet.provider.accounts().await;
    let limits = accounts.limit_violations;
    Report {
        seed,
        rounds,
        jobs: promised.len(),
        stuck: stuck.unwrap_or(0),
        last_outcome: since.duration_since(healed),
        lost: open,
        contradicted: fleet.listener.contradicted(""),
        double_paid: accounts.double_paid,
        beyond_limits: limits.concurrency + limits.rate,
    }
}

impl Report {
    pub(crate) fn is_clean(&self) -> bool {
        let ended = self.rounds.iter().any(|(_, ended)| !ended.is_empty());
        let Self { stuck, lost, contradicted, double_paid, beyond_limits, .. } = self;
        let wrong = stuck + lost + contradicted;
        !ended && wrong == 0 && double_paid + beyond_limits == 0
    }

    pub(crate) fn json(&self) -> Value {
        let rounds: Vec<Value> = self
            .rounds
            .iter()
            .map(|(round, ended)| json!({"round": round.to_string(), "ended": ended}))
            .collect();
        json!({
            "clean": self.is_clean(), "seed": self.seed, "rounds": rounds, "jobs": self.jobs,
            "lost": self.lost, "double_paid": self.double_paid,
            "contradicted": self.contradicted, "beyond_limits": self.beyond_limits,
            "stuck_after_10_seconds": self.stuck,
            "last_outcome_seconds": self.last_outcome.as_secs_f64(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (round, ended)) in self.rounds.iter().enumerate() {
            writeln!(f, "{}. {round}; processes that ended: {ended:?}", n + 1)?;
        }
        write!(
            f,
            "seed {}: {} jobs, {} lost, {} paid twice, {} with two outcomes, {} beyond a limit; {} \
             without an outcome 10 s after the last round, the last outcome after {:.1} s",
            self.seed,
            self.jobs,
            self.lost,
            self.double_paid,
            self.contradicted,
            self.beyond_limits,
            self.stuck,
            self.last_outcome.as_secs_f64()
        )
    }
}
