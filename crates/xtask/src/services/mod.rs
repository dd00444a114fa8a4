//! RabbitMQ and Redis for the tests: found, or started and stopped here.

mod container;
mod found;
mod installed;
mod kind;
mod ports;
mod probe;

use std::time::{Duration, Instant};

use crate::debian;
use crate::failure::Failure;
use crate::guard::Guarded;
use crate::process::say;

pub(crate) use kind::Kind;

/// A server that answers, with the guards if we have started it.
#[derive(Debug)]
pub(crate) struct Service {
    kind: Kind,
    url: String,
    _guards: Vec<Guarded>,
}

impl Service {
    /// Looks in this order: named by the environment, on the standard local port, installed, a
    /// container engine, the distribution's packages.
    pub(crate) fn ready(kind: Kind) -> Result<Self, Failure> {
        if let Some(url) = found::named(kind)? {
            return Ok(Self::elsewhere(kind, url));
        }
        if let Some(url) = found::local(kind) {
            return Ok(Self::elsewhere(kind, url));
        }
        if let Some(server) = installed::server(kind) {
            return installed::start(kind, &server);
        }
        if let Some(service) = container::start(kind) {
            return Ok(service);
        }
        if debian::install(&[kind.package()])
            && let Some(server) = installed::server(kind)
        {
            return installed::start(kind, &server);
        }
        Err(Failure::Stuck(format!(
            "there is no {kind} and no way to start one: set {}, or install {} or a container \
             engine",
            kind.url_variable(),
            kind.package()
        )))
    }

    /// The variable that the tests read.
    pub(crate) fn environment(&self) -> (&'static str, &str) {
        (self.kind.url_variable(), &self.url)
    }

    fn elsewhere(kind: Kind, url: String) -> Self {
        Self { kind, url, _guards: Vec::new() }
    }

    /// A server that we have started, once it answers. The last guard is that of the server.
    fn ours(
        kind: Kind,
        port: u16,
        mut guards: Vec<Guarded>,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let deadline = Instant::now() + patience;
        let fails = |why: &str, guards: &[Guarded]| {
            let words = guards.last().map(Guarded::last_words).unwrap_or_default();
            Failure::Stuck(format!("the private {kind} {why}:\n{words}"))
        };
        while !probe::answers(kind, port) {
            if guards.last_mut().is_none_or(Guarded::has_ended) {
                return Err(fails("ended", &guards));
            }
            if Instant::now() > deadline {
                return Err(fails("does not answer", &guards));
            }
            std::thread::sleep(LOOK);
        }
        Ok(Self { kind, url: kind.local_url(port), _guards: guards })
    }
}

/// How often it is checked whether a server answers.
const LOOK: Duration = Duration::from_millis(100);

/// Some tests start and damage servers of their own: they need the programs, wherever the shared
/// services are. Returns the variables with their paths.
pub(crate) fn programs(kinds: &[Kind]) -> Vec<(&'static str, String)> {
    let missing = |kind: &&Kind| installed::server(**kind).is_none();
    let packages: Vec<_> = kinds.iter().filter(missing).map(|kind| kind.package()).collect();
    if !packages.is_empty() && !debian::install(&packages) {
        say(format!(
            "not installed: {}; tests that start their own will fail",
            packages.join(", ")
        ));
    }
    let found = |kind: Kind| Some((kind.server_variable(), installed::server(kind)?));
    let found = kinds.iter().copied().filter_map(found);
    found.map(|(variable, path)| (variable, path.display().to_string())).collect()
}
