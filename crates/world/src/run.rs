//! One world from its first message to its last: trouble, then calm, then the verdict.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use job::CloudEvent;
use ports::{Broker, Deliveries, Destination, Source, Subscription};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::audit;
use crate::broken::Broken;
use crate::fault::Fault;
use crate::keeper::Keeper;
use crate::operator;
use crate::plan::Plan;
use crate::report::Report;
use crate::second_life;
use crate::stage::Stage;
use crate::weather::Far;

/// What a consumer was told.
pub(crate) type Heard = Arc<Mutex<Vec<CloudEvent>>>;

/// A world that is not at rest by then never will be. A job may wait ten minutes for its next try.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Repeats may still be under way when the last job is done.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// Runs a plan to its end. The same plan gives the same report, to the last byte.
pub fn run(plan: &Plan, broken: Option<Broken>, keep_trace: bool) -> Report {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(play(plan.clone(), broken, keep_trace)),
        Err(error) => Report::impossible(plan, &error.to_string()),
    }
}

async fn play(plan: Plan, broken: Option<Broken>, keep_trace: bool) -> Report {
    let stage = Arc::new(Stage::new(plan, broken, keep_trace));
    stage.broker.keep_for(stage.plan.lifetime);
    let heard = listen(&stage).await;
    let keepers: Vec<Arc<Keeper>> =
        (0..stage.plan.processes).map(|_| Keeper::start(stage.clone())).collect();
    let mut trouble = JoinSet::new();
    trouble.spawn(publish(stage.clone()));
    trouble.spawn(disturb(stage.clone(), keepers.clone()));
    while trouble.join_next().await.is_some() {}
    stage.weather.calm();
    stage.trace.line("world", format_args!("CALM"));
    let first = verdict(&stage, &heard, 0).await;
    if !first.is_good() || second_life::begin(&stage).await == 0 {
        return first;
    }
    let before = heard.lock().unwrap_or_else(PoisonError::into_inner).len();
    verdict(&stage, &heard, before).await
}

/// Once nothing is left to do. So much was heard before the second lives began.
async fn verdict(stage: &Arc<Stage>, heard: &Heard, before: usize) -> Report {
    let rested = rest(stage).await;
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (first, second) = heard.split_at(before);
    audit::verdict(stage, first, second, rested)
}

/// One consumer of everything, from the beginning.
async fn listen(stage: &Arc<Stage>) -> Heard {
    let heard = Heard::default();
    let subscription = Subscription { name: Some("audience".to_owned()), binding: "#".to_owned() };
    let source = Source::Results(subscription);
    let connection = stage.broker.connect();
    if let Ok(deliveries) = connection.consume(&source, 100).await {
        tokio::spawn(take_down(deliveries, heard.clone()));
    }
    heard
}

async fn take_down(mut deliveries: Box<dyn Deliveries>, heard: Heard) {
    while let Some(delivery) = deliveries.next().await {
        if let Ok(event) = serde_json::from_slice(&delivery.message.body) {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        }
        // Its connection is never cut.
        let _ = delivery.ack().await;
    }
}

async fn publish(stage: Arc<Stage>) {
    let connection = stage.broker.connect();
    for line in &stage.script {
        until(&stage, line.at).await;
        let to = Destination::Jobs { routing_key: line.routing_key() };
        let done = connection.publish(&to, line.message(&stage.time)).await;
        if let Err(error) = done {
            stage.judge.accuse(format!("{} could not be published: {error}", line.key));
        }
    }
}

async fn until(stage: &Stage, at: Duration) {
    sleep(at.saturating_sub(Duration::from_millis(stage.time.elapsed_ms()))).await;
}

async fn disturb(stage: Arc<Stage>, keepers: Vec<Arc<Keeper>>) {
    let mut visits = JoinSet::new();
    for (at, fault) in &stage.plan.faults {
        until(&stage, *at).await;
        stage.trace.line("world", format_args!("FAULT {fault:?}"));
        strike(&stage, &keepers, *fault);
        if let Fault::Command(command) = *fault {
            visits.spawn(operator::visit(stage.clone(), command));
        }
    }
    while visits.join_next().await.is_some() {}
    // What is away or frozen comes back by itself: the calm begins when trouble is over.
    if !stage.plan.faults.is_empty() {
        sleep(Duration::from_secs(10)).await;
    }
}

fn strike(stage: &Stage, keepers: &[Arc<Keeper>], fault: Fault) {
    if let Some(kind) = fault.kind() {
        stage.trace.fault(kind);
    }
    match fault {
        Fault::LedgerAway(wait) => stage.weather.send_away(Far::Ledger, wait),
        Fault::BrokerAway(wait) => stage.weather.send_away(Far::Broker, wait),
        Fault::ProviderAway(wait) => stage.weather.send_away(Far::Provider, wait),
        Fault::AccountRefused(wait) => stage.weather.send_away(Far::Account, wait),
        Fault::PostsBreak(wait) => stage.weather.send_away(Far::Posts, wait),
        Fault::PathRefuses(wait) => stage.weather.send_away(Far::Path, wait),
        Fault::TasksForgotten => stage.forget_tasks(),
        Fault::Command(_) => {}
        Fault::Blackout => {
            keepers.iter().for_each(|keeper| keeper.strike(fault));
            stage.ledger.contents().forget();
        }
        Fault::Forget => stage.ledger.contents().forget(),
        Fault::Snapshot => stage.take_snapshot(),
        Fault::SetBack => stage.set_back(),
        Fault::Crash(slot) | Fault::Stop(slot) | Fault::Freeze(slot, _) | Fault::Cut(slot) => {
            if let Some(keeper) = keepers.get(slot as usize) {
                keeper.strike(fault);
            }
        }
    }
}

/// Waits until nothing is left to do; `false` when that does not come.
async fn rest(stage: &Stage) -> bool {
    let end = stage.time.now() + PATIENCE;
    while stage.time.now() < end {
        sleep(Duration::from_secs(1)).await;
        if audit::is_at_rest(stage) {
            sleep(AFTERWARDS).await;
            // A job that is turned away may have been tried again meanwhile.
            if audit::is_at_rest(stage) {
                return true;
            }
        }
        if audit::spins(stage) {
            return false;
        }
    }
    false
}
