//! One kill: its preparation, the check that enough jobs were in progress, and the restart.

use std::fmt;
use std::time::{Duration, Instant};

use ports::{Barrier, Destination, Message, SystemClock};
use serde_json::{Value, json};

use super::deployment::{
    Deployment, IMAGE, IN_HAND, SLOTS, UNDER_WAY, VIDEO, provider_settings,
    provider_settings_calling_back, provider_settings_living,
};
use super::points::{Cell, Scenario};
use crate::harness::{FullQueue, say, until};

/// Number of jobs published so that some reach the point.
const BATCH: usize = 40;

/// Nothing is submitted during a rebuild, so the running tasks must last that long.
const LONG_S: f64 = 12.0;

/// If a point is not reached within this, it counts as not reached.
const PATIENCE: Duration = Duration::from_secs(60);
const TRIES: usize = 3;
const LOOK: Duration = Duration::from_millis(20);

#[derive(Clone, Debug)]
pub(crate) struct Strike {
    pub(crate) point: String,
    pub(crate) role: &'static str,
    /// Unfinished tasks at the provider when the death was noticed.
    pub(crate) under_way: u64,
    /// From the order to the death.
    pub(crate) after: Duration,
}

impl Strike {
    pub(crate) fn in_time(&self) -> bool {
        self.under_way >= UNDER_WAY
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { point, role, under_way, after } = self;
        write!(f, "{point} ({role}): {under_way} under way, died after {after:.1?}")
    }
}

/// A kill counts only if enough jobs are in progress; otherwise it is repeated.
pub(crate) async fn strike(deployment: &mut Deployment, cell: &Cell) -> Strike {
    for _ in 1..TRIES {
        let strike = strike_once(deployment, cell).await;
        if strike.in_time() {
            return strike;
        }
        say(format!("too late, once more: {strike}"));
    }
    strike_once(deployment, cell).await
}

async fn strike_once(deployment: &mut Deployment, cell: &Cell) -> Strike {
    if cell.scenario == Scenario::Publishing {
        return strike_producer(deployment, cell).await;
    }
    match cell.scenario {
        Scenario::Distrusting | Scenario::Leading => live_long(deployment, json!([])).await,
        // A worker that is killed now leaves many POSTs without a response.
        Scenario::Orphans => {
            live_long(deployment, json!([{"kind": "delay_ms", "value": 2_500}])).await
        }
        _ => {}
    }
    enough(deployment).await;
    let began = Instant::now();
    let full = lead_to(deployment, cell).await;
    dead(deployment, cell).await;
    let strike = seen(deployment, cell, began).await;
    if cell.scenario != Scenario::Traffic {
        deployment.provider.change(provider_settings(json!([]))).await;
        deployment.environment.ledger().await.resume("default").await.expect("a ledger");
    }
    if let Some(full) = full {
        full.gone().await;
    }
    deployment.restart_the_dead().await;
    strike
}

/// Makes tasks that still run at the kill, although nothing is submitted until then.
async fn live_long(deployment: &mut Deployment, faults: Value) {
    deployment.provider.change(provider_settings_living(faults, LONG_S)).await;
    let wanted = deployment.provider.figures().await.accepted + 2 * UNDER_WAY;
    deployment.publish(2 * UNDER_WAY as usize).await;
    until("long lives have begun", async || deployment.provider.figures().await.accepted >= wanted)
        .await;
}

async fn enough(deployment: &mut Deployment) {
    let deadline = Instant::now() + PATIENCE;
    while deployment.under_way().await < 2 * UNDER_WAY {
        assert!(Instant::now() < deadline, "the jobs do not get under way");
        deployment.top_up().await;
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits for the death, and keeps enough jobs in progress.
async fn dead(deployment: &mut Deployment, cell: &Cell) {
    let deadline = Instant::now() + PATIENCE;
    while !deployment.process(cell.role).was_killed() {
        assert!(Instant::now() < deadline, "{} does not die at {}", cell.role, cell.point);
        deployment.top_up().await;
        tokio::time::sleep(LOOK).await;
    }
}

async fn seen(deployment: &Deployment, cell: &Cell, began: Instant) -> Strike {
    let (after, under_way) = (began.elapsed(), deployment.under_way().await);
    Strike { point: cell.point.clone(), role: cell.role, under_way, after }
}

/// Orders the death, and does what makes the process reach the point.
async fn lead_to(deployment: &mut Deployment, cell: &Cell) -> Option<FullQueue> {
    match cell.scenario {
        Scenario::Traffic => {
            deployment.order(cell.role, &cell.point);
            // A poller has enough to do; a worker needs new jobs.
            if cell.role != "poller" {
                deployment.publish(BATCH).await;
            }
        }
        Scenario::Crowd => {
            deployment.order(cell.role, &cell.point);
            deployment.publish(SLOTS).await;
        }
        Scenario::Flood => {
            deployment.order(cell.role, &cell.point);
            deployment.publish(3 * SLOTS + BATCH).await;
        }
        Scenario::Unclear => lose_answers(deployment, cell).await,
        Scenario::Beginning => {
            deployment.process(cell.role).kill().await;
            deployment.order(cell.role, &cell.point);
            deployment.begin(cell.role);
        }
        Scenario::Leading => {
            deployment.kill_all_but(cell.role).await;
            deployment.order(cell.role, &cell.point);
            // The last leader may have compared every line, so one more is needed.
            let broker = deployment.environment.broker().await;
            Barrier::publish(broker.as_ref(), &SystemClock).await.expect("a line of the journal");
        }
        Scenario::Orphans => {
            deployment.kill_all_but(cell.role).await;
            deployment.order(cell.role, &cell.point);
            if cell.role == "up" {
                deployment.process(cell.role).kill().await;
                deployment.begin(cell.role);
            }
        }
        Scenario::Distrusting => {
            deployment.kill_all_but(cell.role).await;
            deployment.process(cell.role).kill().await;
            deployment.environment.ledger().await.distrust().await.expect("a ledger");
            deployment.order(cell.role, &cell.point);
            deployment.begin(cell.role);
        }
        Scenario::Ending => {
            deployment.order(cell.role, &cell.point);
            deployment.process(cell.role).terminate();
        }
        Scenario::EndingBusy => end_busy(deployment, cell).await,
        Scenario::Nonsense => nonsense(deployment, cell).await,
        Scenario::Blocked => {
            let faults = json!([{"kind": "account_blocked"}]);
            deployment.provider.change(provider_settings(faults)).await;
            deployment.order(cell.role, &cell.point);
            deployment.publish(BATCH).await;
        }
        Scenario::Refused => refuse(deployment, cell).await,
        Scenario::FullConsumer => {
            let full = FullQueue::on(&deployment.environment).await;
            deployment.order(cell.role, &cell.point);
            return Some(full);
        }
        Scenario::CalledBack => {
            deployment.order(cell.role, &cell.point);
            deployment.provider.change(provider_settings_calling_back()).await;
            deployment.publish(BATCH).await;
        }
        Scenario::Publishing => {}
    }
    None
}

/// In another lane, where no job waits for a slot: of several answers, the lost ones could be the last to
/// be noticed, or all that there are. So one is lost alone, and the next job tries whether the provider is
/// well.
async fn lose_answers(deployment: &mut Deployment, cell: &Cell) {
    deployment.order(cell.role, &cell.point);
    let before = deployment.answers_lost().await;
    let lost = json!([{"kind": "lost_answer", "operation": IMAGE}]);
    deployment.provider.change(provider_settings(lost)).await;
    deployment.publish_some(IMAGE, 1).await;
    until("an answer is lost, or the process died at its first request", async || {
        deployment.process(cell.role).was_killed() || deployment.answers_lost().await > before
    })
    .await;
    deployment.provider.change(provider_settings(json!([]))).await;
    deployment.publish_some(IMAGE, BATCH).await;
}

/// In another lane, whose slots no other point needs.
async fn refuse(deployment: &mut Deployment, cell: &Cell) {
    deployment.order(cell.role, &cell.point);
    let busy = json!([{"kind": "busy", "operation": IMAGE}]);
    deployment.provider.change(provider_settings(busy)).await;
    deployment.publish_some(IMAGE, 1).await;
}

/// Responses are so late that the worker holds more deliveries than it can send.
async fn end_busy(deployment: &mut Deployment, cell: &Cell) {
    let slow = json!([{"kind": "delay_ms", "value": 4_000}]);
    deployment.provider.change(provider_settings_living(slow, LONG_S)).await;
    // Another lane: the usual one may be closed, because its slots are taken.
    deployment.publish_some(IMAGE, 4 * IN_HAND).await;
    until("the hands are full", async || {
        // Each takes two slots.
        deployment.provider.figures().await.in_flight.images as usize >= IN_HAND
    })
    .await;
    deployment.order(cell.role, &cell.point);
    deployment.process(cell.role).terminate();
    deployment.provider.change(provider_settings(json!([]))).await;
}

async fn nonsense(deployment: &mut Deployment, cell: &Cell) {
    // On another lane, where no job is before it.
    let id = format!("nonsense-{}", cell.point);
    deployment.order(cell.role, &cell.point);
    let to = Destination::Jobs { routing_key: "images.generations.normal".to_owned() };
    let message = Message::json(&id, b"make me a video".to_vec());
    deployment.environment.broker().await.publish(&to, message).await.expect("published");
    deployment.promise_outcome(&id);
}

/// The command is killed, and repeated because some confirms are missing.
async fn strike_producer(deployment: &mut Deployment, cell: &Cell) -> Strike {
    enough(deployment).await;
    let began = Instant::now();
    deployment.order(cell.role, &cell.point);
    let file = deployment.batch(VIDEO, BATCH);
    let submit = ["submit", "--json", "--file", &file];
    let died = deployment.program_of(cell.role).run(&submit).await;
    assert_eq!(died.code, -1, "{} did not die: {died:?}", cell.point);
    deployment.promise(&died.lines());
    let strike = seen(deployment, cell, began).await;
    let done = deployment.program.run(&submit).await.exits(0);
    deployment.promise(&done.lines());
    strike
}
