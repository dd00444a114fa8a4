use std::time::Duration;

use serde_json::json;
use servers::Programs;
use servers::rabbitmq::{Cluster, Configuration};

use super::ledger::{LedgerKind, LedgerServers};
use super::round::{Harm, Node, Round};
use crate::harness::{Backend, Environment, Process, Program, Provider, say, until};
use crate::installation::{SLOTS, settings};
use crate::listener::Listener;
use crate::load::Load;

pub(super) const RABBITMQ_NODES: usize = 3;
const ROLES: [&str; 2] = ["worker", "poller"];

const WARM: usize = 100;

/// Two workers and two pollers on a cluster of each kind.
pub(super) struct Fleet {
    processes: Vec<(&'static str, Process)>,
    pub(super) program: Program,
    pub(super) provider: Provider,
    pub(super) load: Load,
    pub(super) listener: Listener,
    // Declared after what uses them: they end later.
    _environment: Environment,
    rabbitmq: Cluster,
    redis: LedgerServers,
}

impl Fleet {
    pub(super) async fn start(kind: LedgerKind) -> Self {
        let programs = Programs::selected();
        let configuration = Configuration::default();
        let rabbitmq = Cluster::start(&programs, RABBITMQ_NODES, &configuration).await;
        let rabbitmq = rabbitmq.expect("a RabbitMQ cluster");
        let redis = LedgerServers::start(&programs, kind).await.expect("servers of Redis");
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

    pub(super) fn redis_servers(&mut self) -> usize {
        self.redis.servers().len()
    }

    pub(super) async fn suffers(&mut self, round: Round) {
        match round {
            Round::One { node, harm, lasts } => self.without(&[node], harm, lasts).await,
            Round::Minority { left, harm, lasts } => {
                let others = (0..RABBITMQ_NODES).filter(|n| *n != left);
                let others: Vec<Node> = others.map(Node::Rabbitmq).collect();
                self.without(&others, harm, lasts).await;
            }
            Round::InTurn => {
                for n in 0..RABBITMQ_NODES {
                    self.without(&[Node::Rabbitmq(n)], Harm::Kill, Duration::ZERO).await;
                }
            }
        }
    }

    /// Returns once the clusters are whole again.
    async fn without(&mut self, nodes: &[Node], harm: Harm, lasts: Duration) {
        nodes.iter().for_each(|node| self.strike(*node, harm));
        tokio::time::sleep(lasts).await;
        for node in nodes {
            self.mend(*node, harm).await;
        }
        self.rabbitmq.is_complete().await.expect("a whole RabbitMQ cluster");
        self.redis.is_healthy().await.expect("healthy servers of Redis");
    }

    fn strike(&mut self, node: Node, harm: Harm) {
        match (node, harm) {
            (Node::Rabbitmq(n), Harm::Kill) => self.rabbitmq.nodes[n].kill(),
            (Node::Rabbitmq(n), Harm::Freeze) => self.rabbitmq.nodes[n].freeze(),
            (Node::Redis(n), Harm::Kill) => self.redis.servers()[n].kill(),
            (Node::Redis(n), Harm::Freeze) => self.redis.servers()[n].freeze(),
        }
    }

    async fn mend(&mut self, node: Node, harm: Harm) {
        match (node, harm) {
            (Node::Rabbitmq(n), Harm::Kill) => {
                self.rabbitmq.nodes[n].restart().await.expect("a node");
            }
            (Node::Rabbitmq(n), Harm::Freeze) => self.rabbitmq.nodes[n].thaw(),
            (Node::Redis(n), Harm::Kill) => {
                self.redis.servers()[n].restart().await.expect("a server");
            }
            (Node::Redis(n), Harm::Freeze) => self.redis.servers()[n].thaw(),
        }
    }

    /// Starts processes again that ended by themselves, as a supervisor would; their names.
    pub(super) async fn revive(&mut self) -> Vec<&'static str> {
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
