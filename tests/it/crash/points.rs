//! The crash points, the roles that reach each, and what the test must do so that they reach it.

use crate::harness::{Backend, Program};

/// A point, and the process that is to die there.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) point: String,
    pub(crate) role: &'static str,
    pub(crate) scenario: Scenario,
}

/// What the test does so that a process reaches a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Jobs are published and done.
    Traffic,
    /// The producer's own command.
    Publishing,
    /// The process has been killed and starts again.
    Beginning,
    /// Some answers are lost, so one worker at a time tries whether the provider is well.
    Unclear,
    /// No other process runs, so this one is the leader.
    Leading,
    /// A worker has died during POSTs: their tasks are found and attached.
    Orphans,
    /// It starts alone, with a ledger that an operator has marked as not reliable.
    Distrusting,
    /// It gets SIGTERM.
    Ending,
    /// It gets SIGTERM while it holds many deliveries.
    EndingBusy,
    /// More jobs than slots.
    Crowd,
    /// More jobs than may wait in the ledger.
    Flood,
    /// A message that is not a job.
    Nonsense,
    /// The provider refuses the account.
    Blocked,
    /// The provider refuses a task, as one too many.
    Refused,
    /// A consumer whose queue is full.
    FullConsumer,
    /// The provider calls back.
    CalledBack,
}

/// Every point of the program, with each role that reaches it.
pub(crate) async fn cells(program: &Program, backend: Backend) -> Vec<Cell> {
    let rows = program.run(&["crash-points", "--json"]).await.exits(0).lines();
    let points = rows.iter().map(|row| row["point"].as_str().expect("a name").to_owned());
    points.flat_map(|point| cells_of(&point, backend)).collect()
}

fn cells_of(point: &str, backend: Backend) -> Vec<Cell> {
    let (effect, _moment) = point.rsplit_once('.').expect("an effect and a moment");
    let (scenario, roles) = reached(effect);
    // Queues in the SQLite file have no limit, and no follower compares that file with itself.
    let missing = matches!(scenario, Scenario::FullConsumer | Scenario::Leading);
    if backend == Backend::Embedded && missing {
        return Vec::new();
    }
    let mut roles: Vec<&'static str> = match backend {
        Backend::Rabbitmq => roles.to_vec(),
        Backend::Embedded => roles.iter().copied().map(together).collect(),
    };
    roles.dedup();
    roles.into_iter().map(|role| Cell { point: point.to_owned(), role, scenario }).collect()
}

/// On one file, one process has all roles.
fn together(role: &'static str) -> &'static str {
    if role == "submit" { role } else { "up" }
}

const EVERYBODY: &[&str] = &["worker", "poller", "gateway"];

/// Each new effect needs an entry here; without one, the tests fail.
fn reached(effect: &str) -> (Scenario, &'static [&'static str]) {
    match effect {
        "publish.jobs" => (Scenario::Publishing, &["submit"]),
        "ledger.join" | "ledger.follow" => (Scenario::Beginning, EVERYBODY),
        "ledger.followed" => (Scenario::Leading, EVERYBODY),
        "ledger.open" | "ledger.lost" => (Scenario::Distrusting, EVERYBODY),
        "ledger.renew" => (Scenario::Traffic, EVERYBODY),
        "ledger.swap" | "publish.journal" => (Scenario::Traffic, &["worker", "poller"]),
        "ledger.take_permit" | "ledger.reserve" | "ledger.create" | "post" | "ack" => {
            (Scenario::Traffic, &["worker"])
        }
        "ledger.give_permits"
        | "ledger.settle_reservations"
        | "ledger.claim_due"
        | "query"
        | "ledger.claim_outbox"
        | "publish.results"
        | "ledger.announced" => (Scenario::Traffic, &["poller"]),
        "ledger.claim_task" => (Scenario::Orphans, &["poller"]),
        "ledger.take_turn" | "ledger.end_turn" => (Scenario::Unclear, &["worker"]),
        "ledger.enter" | "ledger.grant" | "ledger.confirm" => (Scenario::Crowd, &["worker"]),
        "publish.overflow" => (Scenario::Flood, &["worker"]),
        "publish.dead" => (Scenario::Nonsense, &["worker"]),
        "publish.later" => (Scenario::EndingBusy, &["worker"]),
        "ledger.pause" => (Scenario::Blocked, &["worker"]),
        "ledger.change_slot_limit" => (Scenario::Refused, &["worker"]),
        "ledger.propose" | "ledger.look_now" => (Scenario::CalledBack, &["gateway"]),
        "ledger.postpone" => (Scenario::FullConsumer, &["poller"]),
        "ledger.leave" => (Scenario::Ending, EVERYBODY),
        unknown => panic!("nobody knows how the point {unknown} is reached"),
    }
}
