//! Which points there are, who reaches each, and what must happen for it to be reached.

use crate::harness::{Backend, Program};

/// A point, and the process that shall die there.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) point: String,
    pub(crate) role: &'static str,
    pub(crate) scene: Scene,
}

/// What is played for a point to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// Jobs pass by.
    Traffic,
    /// The producer's own command.
    Publishing,
    /// The process has been killed and starts again.
    Beginning,
    /// Nobody else runs, so it leads.
    Leading,
    /// A worker has died with requests on their way: their tasks are found and get an owner.
    Orphans,
    /// It begins alone, with a ledger that an operator does not trust.
    Distrusting,
    /// It is told to end.
    Ending,
    /// It is told to end while its hands are full.
    EndingBusy,
    /// More jobs than slots.
    Crowd,
    /// A message that is no job.
    Nonsense,
    /// The provider refuses the account.
    Blocked,
    /// A consumer whose queue is full.
    FullConsumer,
    /// The provider calls back.
    CalledBack,
}

/// Every point of the program, each with everybody who reaches it.
pub(crate) async fn cells(program: &Program, backend: Backend) -> Vec<Cell> {
    let rows = program.run(&["crash-points", "--json"]).await.exits(0).lines();
    let points = rows.iter().map(|row| row["point"].as_str().expect("a name").to_owned());
    points.flat_map(|point| cells_of(&point, backend)).collect()
}

fn cells_of(point: &str, backend: Backend) -> Vec<Cell> {
    let (effect, _moment) = point.rsplit_once('.').expect("an effect and a moment");
    let (scene, roles) = reached(effect);
    // A queue of the file has no limit, and nobody goes on comparing a file with itself.
    let missing = matches!(scene, Scene::FullConsumer | Scene::Leading);
    if backend == Backend::Embedded && missing {
        return Vec::new();
    }
    let mut roles: Vec<&'static str> = match backend {
        Backend::Rabbitmq => roles.to_vec(),
        Backend::Embedded => roles.iter().copied().map(together).collect(),
    };
    roles.dedup();
    roles.into_iter().map(|role| Cell { point: point.to_owned(), role, scene }).collect()
}

/// On one file, one process has all roles.
fn together(role: &'static str) -> &'static str {
    if role == "submit" { role } else { "up" }
}

const EVERYBODY: &[&str] = &["worker", "poller", "gateway"];

/// A new effect needs a scene of its own: without one the tests fail.
fn reached(effect: &str) -> (Scene, &'static [&'static str]) {
    match effect {
        "publish.jobs" => (Scene::Publishing, &["submit"]),
        "ledger.join" | "ledger.follow" => (Scene::Beginning, EVERYBODY),
        "ledger.followed" => (Scene::Leading, EVERYBODY),
        "ledger.open" | "ledger.lost" => (Scene::Distrusting, EVERYBODY),
        "ledger.renew" => (Scene::Traffic, EVERYBODY),
        "ledger.swap" | "publish.journal" => (Scene::Traffic, &["worker", "poller"]),
        "ledger.take_permit" | "ledger.create" | "post" | "ack" => (Scene::Traffic, &["worker"]),
        "ledger.give_permits"
        | "ledger.claim_due"
        | "query"
        | "ledger.claim_outbox"
        | "publish.results"
        | "ledger.announced" => (Scene::Traffic, &["poller"]),
        "ledger.claim_task" => (Scene::Orphans, &["poller"]),
        "ledger.take_turn" | "ledger.end_turn" => (Scene::Crowd, &["worker"]),
        "publish.dead" => (Scene::Nonsense, &["worker"]),
        "publish.later" => (Scene::EndingBusy, &["worker"]),
        "ledger.pause" => (Scene::Blocked, &["worker"]),
        "ledger.propose" | "ledger.look_now" => (Scene::CalledBack, &["gateway"]),
        "ledger.postpone" => (Scene::FullConsumer, &["poller"]),
        "ledger.leave" => (Scene::Ending, EVERYBODY),
        unknown => panic!("nobody knows how the point {unknown} is reached"),
    }
}
