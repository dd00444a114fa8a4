//! Nodes of clusters are killed and frozen at random while jobs arrive.

mod fleet;
mod ledger;
mod report;
mod round;

use std::time::{Duration, Instant};

use self::fleet::{Fleet, RABBITMQ_NODES};
pub(crate) use self::ledger::LedgerKind;
use self::report::Report;
use self::round::Round;
use crate::chance::Chance;
use crate::harness::say;

/// Between the recovery of one node and the trouble of the next: more than one node down at a time
/// can be the loss of a majority.
const CALM: Duration = Duration::from_secs(5);

/// After the last node is back, every confirmed job has its outcome within this time.
const STUCK: Duration = Duration::from_secs(10);
/// When no outcome has arrived for this time, the missing jobs count as lost.
const LOST: Duration = Duration::from_secs(200);

/// Lost jobs that are explained.
const SHOWN: usize = 3;

const LOOK: Duration = Duration::from_millis(50);

pub(crate) async fn run(seed: u64, rounds: usize, ledger: LedgerKind) -> Report {
    say(format!("seed {seed}"));
    let (mut fleet, mut chance) = (Fleet::start(ledger).await, Chance(seed));
    let mut done = Vec::new();
    for number in 0..rounds {
        let round = Round::drawn(number, &mut chance, RABBITMQ_NODES, fleet.redis_servers());
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
