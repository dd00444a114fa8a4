//! An operator at the command line: the real actions, in a process of its own.

mod letters;
mod pauses;
mod retry;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use follower::Follower;
use job::{JobKey, Record, State};
use ports::{Broker, Clock, Ledger};
use recorder::{Phase, Session};
use tokio::time::{sleep, timeout};

use crate::broken::Broken;
use crate::chance::Chance;
use crate::fault::Command;
use crate::life::Life;
use crate::process::{Backends, follower_settings};
use crate::script::Kind;
use crate::world::{RETENTION, World};

pub(crate) use self::pauses::resume_all;

/// Longer than the comparison of a large journal takes.
const PATIENCE: Duration = Duration::from_secs(60);

const DRAIN: Duration = Duration::from_secs(2);

/// How often an operator repeats a command.
const REPEATS: u32 = 10;

/// A command that takes longer is given up.
const VISIT: Duration = Duration::from_secs(120);

/// One command, with a connection of its own.
pub(crate) struct Operator {
    world: Arc<World>,
    chance: Chance,
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
    actions: operator::Operator,
}

/// `None`: a store failed; the command ends, and the rest is unknown.
type Done = Option<()>;

pub(crate) async fn visit(world: Arc<World>, command: Command) {
    match command {
        Command::Replay => replay(&world, command).await,
        Command::Pause => pauses::visit(&world).await,
        Command::Cancel | Command::Drop | Command::Fail | Command::Retry => {
            one_visit(&world, command, &[]).await;
        }
    }
}

/// Twice, since the first may have failed; and repeated until it is known to have succeeded.
async fn replay(world: &Arc<World>, command: Command) {
    let chosen = one_visit(world, command, &[]).await;
    sleep(world.chance.millis(500, 8_000)).await;
    one_visit(world, command, &chosen).await;
    for _ in 0..REPEATS {
        // Not only those of the first run: it may have failed before it returned any.
        let left = half_done(world);
        if left.is_empty() {
            return;
        }
        sleep(world.chance.millis(2_000, 5_000)).await;
        one_visit(world, command, &left).await;
    }
}

/// The dead letters that have begun a round whose message may be missing: the command has failed,
/// and an operator repeats it.
fn half_done(world: &World) -> Vec<String> {
    let contents = world.ledger.contents();
    let queued = |record: &&Record| matches!(record.state, State::Queued { .. });
    let records = contents.records.values().map(|row| &row.record);
    records.filter(queued).filter_map(|record| record.replayed.clone()).collect()
}

/// Returns which dead letters were handled.
async fn one_visit(world: &Arc<World>, command: Command, again: &[String]) -> Vec<String> {
    let life = world.life(world.census.next());
    let visit = async {
        let operator = Operator::join(world, &life).await?;
        let chosen = operator.act(command, again).await;
        operator.session.leave().await;
        Some(chosen)
    };
    let chosen = timeout(VISIT, visit).await.ok().flatten();
    life.end();
    chosen.unwrap_or_default()
}

impl Operator {
    /// A ledger that has lost its data is compared first, here or by another process.
    async fn join(world: &Arc<World>, life: &Arc<Life>) -> Option<Self> {
        let Backends { broker, ledger, clock, .. } = Backends::of(world, life)?;
        let joined = follower::join(broker.as_ref(), ledger.clone(), clock.clone()).await.ok()?;
        let session = Arc::new(joined);
        let at_once = world.broken == Some(Broken::TombstonesStay);
        let compared = at_once || compared(world, &broker, &ledger, &clock, &session).await;
        if !compared {
            session.leave().await;
            return None;
        }
        let chance = life.chance.fork();
        let (rules, joined) = (world.rules(), session.clone());
        let actions =
            operator::Operator::new(ledger.clone(), broker.clone(), joined, rules, RETENTION);
        Some(Self { world: world.clone(), chance, broker, ledger, session, actions })
    }

    async fn act(&self, command: Command, again: &[String]) -> Vec<String> {
        // What failed is done by the next command, or never.
        match command {
            Command::Cancel => self.cancel().await,
            Command::Fail => self.fail().await,
            Command::Retry => self.retry().await,
            Command::Drop => self.drop_letter().await,
            Command::Replay => return self.replay(again).await,
            // It joins no ledger.
            Command::Pause => None,
        };
        Vec::new()
    }

    fn counted(&self, kind: &'static str, key: &JobKey) {
        self.world.trace.fault(kind);
        self.world.trace.line("operator", format_args!("{kind} {key}"));
    }

    /// Not an id that two requests share: which of them is the job is not known in advance.
    fn any_key(&self) -> Option<JobKey> {
        let keys = self.world.keys();
        let at = usize::try_from(self.chance.below(keys.len() as u64)).ok()?;
        keys.get(at).copied().filter(|key| !self.is_shared(key)).cloned()
    }

    fn is_shared(&self, key: &JobKey) -> bool {
        self.world.script.iter().any(|line| line.key == *key && line.kind == Kind::Other)
    }
}

async fn compared(
    world: &World,
    broker: &Arc<dyn Broker>,
    ledger: &Arc<dyn Ledger>,
    clock: &Arc<dyn Clock>,
    session: &Arc<Session>,
) -> bool {
    if session.phase() >= Phase::Closed {
        return true;
    }
    let settings = follower::Settings { goes_on: false, ..follower_settings(world) };
    let follower =
        Follower::start(broker.clone(), ledger.clone(), session.clone(), clock.clone(), settings);
    let reached = timeout(PATIENCE, session.reached(Phase::Closed)).await;
    follower.drain(DRAIN).await;
    reached.is_ok()
}
