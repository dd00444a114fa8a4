//! Ids that are used for another job after the record of the first has expired.

use job::JobKey;
use ports::{Broker, Destination};

use crate::script::{Kind, Publication};
use crate::world::World;

/// Returns how many there are.
pub(crate) async fn begin(world: &World) -> usize {
    let mut lines = candidates(world);
    let mut begun = 0;
    while begun < world.plan.second_lives as usize && !lines.is_empty() {
        let at = world.chance.below(lines.len() as u64);
        let line = lines.swap_remove(usize::try_from(at).unwrap_or(0));
        if world.ledger.contents().expire(&line.key) {
            publish(world, line).await;
            begun += 1;
        }
    }
    begun
}

/// Valid jobs whose id has never been used for anything else.
fn candidates(world: &World) -> Vec<&Publication> {
    let lines = &world.script;
    let is_plain = |key: &JobKey| {
        lines.iter().filter(|line| line.key == *key).all(|line| line.kind == Kind::Good)
    };
    let mut plain: Vec<&Publication> = lines.iter().filter(|line| is_plain(&line.key)).collect();
    plain.sort_by(|one, other| one.key.cmp(&other.key));
    plain.dedup_by(|one, other| one.key == other.key);
    plain
}

async fn publish(world: &World, line: &Publication) {
    world.trace.line("world", format_args!("SECOND LIFE {}", line.key));
    world.trace.fault("id used again");
    world.judge.begin_life(&line.key);
    world.provider.books().begin_life(&Publication::marker(&line.key));
    world.reborn().insert(line.key.clone());
    let to = Destination::Jobs { routing_key: line.routing_key() };
    let done = world.broker.connect().publish(&to, line.message(&world.time)).await;
    if let Err(error) = done {
        world.judge.accuse(format!("{} could not be published again: {error}", line.key));
    }
}
