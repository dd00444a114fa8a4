//! One world from its first message to its last: faults, then none, then the checks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use job::CloudEvent;
use ports::{Broker, Deliveries, Destination, Source, Subscription};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::audit;
use crate::broken::Broken;
use crate::fault::{Command, Fault};
use crate::operator;
use crate::outages::Remote;
use crate::plan::Plan;
use crate::report::Report;
use crate::second_life;
use crate::supervisor::Supervisor;
use crate::unbound;
use crate::world::World;

/// The events that a consumer received.
pub(crate) type Heard = Arc<Mutex<Vec<CloudEvent>>>;

/// A world that is still busy by then always will be. A retry may take ten minutes.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Repeats may still be on the way when the last job has ended.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// Runs a plan to its end. The same plan gives the same report, byte for byte.
pub fn run(plan: &Plan, broken: Option<Broken>, keep_trace: bool) -> Report {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(play(plan.clone(), broken, keep_trace)),
        Err(error) => Report::impossible(plan, &error.to_string()),
    }
}

async fn play(plan: Plan, broken: Option<Broken>, keep_trace: bool) -> Report {
    let world = Arc::new(World::new(plan, broken, keep_trace));
    world.broker.keep_for(world.plan.lifetime);
    let heard = listen(&world).await;
    let supervisors: Vec<Arc<Supervisor>> =
        (0..world.plan.processes).map(|_| Supervisor::start(world.clone())).collect();
    let mut trouble = JoinSet::new();
    trouble.spawn(publish(world.clone()));
    trouble.spawn(disturb(world.clone(), supervisors.clone()));
    while trouble.join_next().await.is_some() {}
    world.outages.end_all();
    world.trace.line("world", format_args!("CALM"));
    let first = verdict(&world, &heard, 0).await;
    if !first.is_good() || second_life::begin(&world).await == 0 {
        return first;
    }
    let before = heard.lock().unwrap_or_else(PoisonError::into_inner).len();
    verdict(&world, &heard, before).await
}

/// Checks once nothing is left to do. `before`: events received before ids were used again.
async fn verdict(world: &Arc<World>, heard: &Heard, before: usize) -> Report {
    let rested = rest(world).await;
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (first, second) = heard.split_at(before);
    audit::verdict(world, first, second, rested)
}

/// One consumer of all events, from the beginning.
async fn listen(world: &Arc<World>) -> Heard {
    let heard = Heard::default();
    let subscription = Subscription { name: Some("audience".to_owned()), binding: "#".to_owned() };
    let source = Source::Results(subscription);
    let connection = world.broker.connect();
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

async fn publish(world: Arc<World>) {
    let connection = world.broker.connect();
    for line in &world.script {
        until(&world, line.at).await;
        let to = Destination::Jobs { routing_key: line.routing_key() };
        let done = connection.publish(&to, line.message(&world.time)).await;
        if let Err(error) = done {
            world.judge.accuse(format!("{} could not be published: {error}", line.key));
        }
    }
}

async fn until(world: &World, at: Duration) {
    sleep(at.saturating_sub(Duration::from_millis(world.time.elapsed_ms()))).await;
}

async fn disturb(world: Arc<World>, supervisors: Vec<Arc<Supervisor>>) {
    let mut visits = JoinSet::new();
    for (at, fault) in &world.plan.faults {
        until(&world, *at).await;
        world.trace.line("world", format_args!("FAULT {fault:?}"));
        strike(&world, &supervisors, *fault);
        if let Fault::Command(command) = *fault {
            visits.spawn(operator::visit(world.clone(), command));
        }
    }
    while visits.join_next().await.is_some() {}
    if world.plan.faults.iter().any(|(_, fault)| *fault == Fault::Command(Command::Pause)) {
        operator::resume_all(&world).await;
    }
    // Outages and freezes end by themselves: the calm phase begins after them.
    if !world.plan.faults.is_empty() {
        sleep(Duration::from_secs(10)).await;
    }
}

fn strike(world: &World, supervisors: &[Arc<Supervisor>], fault: Fault) {
    if fault.loses() {
        world.pauses.lost();
    }
    if let Some(kind) = fault.kind() {
        world.trace.fault(kind);
    }
    match fault {
        Fault::LedgerAway(wait) => world.outages.begin(Remote::Ledger, wait),
        Fault::BrokerAway(wait) => world.outages.begin(Remote::Broker, wait),
        Fault::ProviderAway(wait) => world.outages.begin(Remote::Provider, wait),
        Fault::AccountRefused(wait) => world.outages.begin(Remote::Account, wait),
        Fault::Arrears(account, wait) => world.outages.begin_arrears(account, wait),
        Fault::PaidUp(account) => {
            unbound::must_have_ended(world, account);
            world.outages.begin_arrears(account, Duration::ZERO);
        }
        Fault::PostsBreak(wait) => world.outages.begin(Remote::Posts, wait),
        Fault::PathRefuses(wait) => world.outages.begin(Remote::Path, wait),
        Fault::TasksForgotten => world.forget_tasks(),
        Fault::Command(_) => {}
        Fault::Blackout => {
            supervisors.iter().for_each(|supervisor| supervisor.strike(fault));
            world.ledger.contents().forget();
        }
        Fault::Forget => world.ledger.contents().forget(),
        Fault::Snapshot => world.take_snapshot(),
        Fault::SetBack => world.set_back(),
        Fault::Crash(slot) | Fault::Stop(slot) | Fault::Freeze(slot, _) | Fault::Cut(slot) => {
            if let Some(supervisor) = supervisors.get(slot as usize) {
                supervisor.strike(fault);
            }
        }
    }
}

/// Waits until nothing is left to do; `false` if that does not happen.
async fn rest(world: &World) -> bool {
    let end = world.time.now() + PATIENCE;
    while world.time.now() < end {
        sleep(Duration::from_secs(1)).await;
        if audit::is_at_rest(world) {
            sleep(AFTERWARDS).await;
            // A refused job may have been tried again meanwhile.
            if audit::is_at_rest(world) {
                return true;
            }
        }
        if audit::spins(world) {
            return false;
        }
    }
    false
}
