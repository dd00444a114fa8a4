//! RabbitMQ and Redis for the tests: found, or started and stopped here.

mod container;
mod found;
mod installed;
mod kind;

use std::path::PathBuf;

use servers::{Programs, probe, rabbitmq, redis};

use crate::debian;
use crate::failure::Failure;
use crate::process::say;
use crate::versions::Pair;
use crate::workspace::Workspace;
use container::Container;

pub(crate) use kind::Kind;

/// A server that answers.
#[derive(Debug)]
pub(crate) struct Service {
    kind: Kind,
    url: String,
    running: Running,
}

/// What ends with this process.
#[derive(Debug)]
enum Running {
    /// It was not started here.
    Elsewhere,
    Rabbitmq(Box<rabbitmq::Node>),
    Redis(redis::Server),
    Contained {
        _container: Container,
    },
}

impl Service {
    /// Looks in this order: named by the environment, on the standard local port, installed, a
    /// container engine, the distribution's packages.
    pub(crate) async fn ready(kind: Kind) -> Result<Self, Failure> {
        if let Some(url) = found::named(kind)? {
            return Ok(Self { kind, url, running: Running::Elsewhere });
        }
        if let Some(url) = found::local(kind) {
            return Ok(Self { kind, url, running: Running::Elsewhere });
        }
        if let Some(server) = installed::server(kind) {
            return installed::start(kind, &server).await;
        }
        if let Some(service) = container::start(kind).await {
            return Ok(service);
        }
        if debian::install(&[kind.package()])
            && let Some(server) = installed::server(kind)
        {
            return installed::start(kind, &server).await;
        }
        Err(Failure::Stuck(format!(
            "there is no {kind} and no way to start one: set {}, or install {} or a container \
             engine",
            kind.url_variable(),
            kind.package()
        )))
    }

    /// What a server that was started here says of itself.
    fn version(&self) -> Option<String> {
        match &self.running {
            Running::Rabbitmq(node) => probe::rabbitmq(node.address().port()),
            Running::Redis(server) => server.version().ok(),
            Running::Elsewhere | Running::Contained { .. } => None,
        }
    }

    /// The variable that the tests read.
    pub(crate) fn environment(&self) -> (&'static str, &str) {
        (self.kind.url_variable(), &self.url)
    }
}

/// Servers of other versions, which were started here.
pub(crate) struct Servers {
    pub(crate) name: &'static str,
    /// What they say of themselves.
    pub(crate) rabbitmq: String,
    pub(crate) redis: String,
    pub(crate) redis_has_tls: bool,
    pub(crate) started: Vec<Service>,
    programs: Programs,
}

impl Servers {
    /// The variables with the programs, for tests that start servers of their own.
    pub(crate) fn programs(&self) -> Vec<(&'static str, PathBuf)> {
        let Programs { rabbitmq, redis } = self.programs.clone();
        vec![(Kind::Rabbitmq.server_variable(), rabbitmq), (Kind::Redis.server_variable(), redis)]
    }
}

/// Starts these versions.
pub(crate) async fn of(pair: &Pair) -> Result<Servers, Failure> {
    let programs = pair.programs(&Workspace::here()?)?;
    let mut started = Vec::new();
    for (kind, program) in [(Kind::Rabbitmq, &programs.rabbitmq), (Kind::Redis, &programs.redis)] {
        started.push(installed::start(kind, program).await?);
    }
    let version = |service: &Service| service.version().unwrap_or_else(|| "unknown".to_owned());
    let (rabbitmq, redis) = (version(&started[0]), version(&started[1]));
    say(format!("RabbitMQ {rabbitmq} and {redis}"));
    let (name, redis_has_tls) = (pair.name, pair.redis_has_tls());
    Ok(Servers { name, rabbitmq, redis, redis_has_tls, started, programs })
}

/// Some tests start and damage servers of their own: they need the programs, wherever the shared
/// services are. Returns the variables with their paths.
pub(crate) fn programs(kinds: &[Kind]) -> Vec<(&'static str, PathBuf)> {
    let missing = |kind: &&Kind| installed::server(**kind).is_none();
    let packages: Vec<_> = kinds.iter().filter(missing).map(|kind| kind.package()).collect();
    if !packages.is_empty() && !debian::install(&packages) {
        say(format!(
            "not installed: {}; tests that start their own will fail",
            packages.join(", ")
        ));
    }
    let found = |kind: Kind| Some((kind.server_variable(), installed::server(kind)?));
    kinds.iter().copied().filter_map(found).collect()
}
