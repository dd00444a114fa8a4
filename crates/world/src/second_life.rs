//! Ids that are used again, long after the record of the job that had them has expired.

use job::JobKey;
use ports::{Broker, Destination};

use crate::script::{Kind, Line};
use crate::stage::Stage;

/// How many there are.
pub(crate) async fn begin(stage: &Stage) -> usize {
    let mut lines = candidates(stage);
    let mut begun = 0;
    while begun < stage.plan.second_lives as usize && !lines.is_empty() {
        let at = stage.chance.below(lines.len() as u64);
        let line = lines.swap_remove(usize::try_from(at).unwrap_or(0));
        if stage.ledger.contents().expire(&line.key) {
            publish(stage, line).await;
            begun += 1;
        }
    }
    begun
}

/// Good jobs whose id was never used for anything else.
fn candidates(stage: &Stage) -> Vec<&Line> {
    let lines = &stage.script;
    let is_plain = |key: &JobKey| {
        lines.iter().filter(|line| line.key == *key).all(|line| line.kind == Kind::Good)
    };
    let mut plain: Vec<&Line> = lines.iter().filter(|line| is_plain(&line.key)).collect();
    plain.sort_by(|one, other| one.key.cmp(&other.key));
    plain.dedup_by(|one, other| one.key == other.key);
    plain
}

async fn publish(stage: &Stage, line: &Line) {
    stage.trace.line("world", format_args!("SECOND LIFE {}", line.key));
    stage.trace.fault("id used again");
    stage.judge.begin_life(&line.key);
    stage.provider.books().begin_life(&Line::marker(&line.key));
    stage.reborn().insert(line.key.clone());
    let to = Destination::Jobs { routing_key: line.routing_key() };
    let done = stage.broker.connect().publish(&to, line.message(&stage.time)).await;
    if let Err(error) = done {
        stage.judge.accuse(format!("{} could not be published again: {error}", line.key));
    }
}
