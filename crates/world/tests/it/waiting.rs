//! Two workers and a full pool: which jobs get the slots that become free, and how soon.

use std::time::Duration;

use job::{OverflowQueue, Priority, Resource, RoomBounds, Tenant};
use ports::Permit;
use tokio::time::sleep;

use crate::installation::{Installation, SLOTS};

/// Long enough to admit and to submit what can be.
const SOON: Duration = Duration::from_secs(5);

async fn crowded() -> (Installation, [worker::Worker; 2]) {
    crowded_in(Installation::new()).await
}

async fn crowded_in(installation: Installation) -> (Installation, [worker::Worker; 2]) {
    let workers = [installation.worker().await, installation.worker().await];
    sleep(SOON).await;
    installation.fill().await;
    (installation, workers)
}

#[tokio::test(start_paused = true)]
async fn a_wide_job_that_is_next_gets_all_slots_that_become_free() {
    let (installation, _workers) = crowded().await;
    installation.publish("wide", SLOTS).await;
    sleep(SOON).await;
    for id in ["narrow-1", "narrow-2", "narrow-3"] {
        installation.publish(id, 1).await;
        sleep(SOON).await;
    }
    installation.frees(1).await;
    sleep(Duration::from_secs(300)).await;
    assert_eq!(installation.provider.accepted(), [""; 0], "the slot is kept for the wide one");
    installation.frees(SLOTS as usize - 1).await;
    sleep(SOON).await;
    assert_eq!(installation.provider.accepted(), ["wide"]);
    installation.frees(1).await;
    sleep(SOON).await;
    assert_eq!(installation.provider.accepted(), ["wide", "narrow-1", "narrow-2", "narrow-3"]);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_becomes_free_is_used_at_once_and_in_order() {
    let (installation, _workers) = crowded().await;
    let ids: Vec<String> = (0..40).map(|n| format!("job-{n:02}")).collect();
    for id in &ids {
        installation.publish(id, 1).await;
        sleep(Duration::from_millis(10)).await;
    }
    sleep(SOON).await;
    for submitted in 1..=ids.len() {
        installation.frees(1).await;
        sleep(Duration::from_millis(50)).await;
        assert_eq!(installation.provider.accepted(), ids[..submitted]);
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_high_priority_get_most_slots_and_the_others_do_not_starve() {
    let (installation, _workers) = crowded().await;
    for n in 0..30 {
        installation.publish_at("low", &format!("low-{n:02}")).await;
        installation.publish_at("high", &format!("high-{n:02}")).await;
    }
    sleep(SOON).await;
    for _ in 0..20 {
        installation.frees(1).await;
        sleep(Duration::from_millis(50)).await;
    }
    let accepted = installation.provider.accepted();
    let high = accepted.iter().filter(|id| id.starts_with("high")).count();
    assert_eq!((accepted.len(), high), (20, 18), "{accepted:?}");
}

/// The jobs wait in the ledger, so a worker that stops gives nothing back to the broker.
#[tokio::test(start_paused = true)]
async fn waiting_jobs_are_acknowledged_and_outlive_their_workers() {
    let (installation, [one, other]) = crowded().await;
    for n in 0..20 {
        installation.publish(&format!("job-{n}"), 1).await;
    }
    sleep(SOON).await;
    assert!(
        installation.broker.queues().is_quiet(),
        "nothing waits, and nothing is unacknowledged"
    );
    let patience = Duration::from_secs(1);
    assert_eq!(tokio::join!(one.drain(patience), other.drain(patience)), (true, true));
    let _worker = installation.worker().await;
    installation.frees(SLOTS as usize).await;
    sleep(SOON).await;
    assert_eq!(installation.provider.accepted().len(), SLOTS as usize);
}

#[tokio::test(start_paused = true)]
async fn a_flood_waits_in_the_broker_in_its_order_and_not_before_others() {
    // A tenant may have twice as many waiting jobs as there are slots.
    let room = RoomBounds { pool: 200, tenant: 1 };
    let (installation, _workers) = crowded_in(Installation::new().with_room(room)).await;
    let flood: Vec<String> = (0..100).map(|n| format!("flood-{n:02}")).collect();
    for id in &flood {
        installation.publish_of("flood", id).await;
        sleep(Duration::from_millis(10)).await;
    }
    sleep(SOON).await;
    let queue = OverflowQueue::of(Resource::Images, &tenant("flood"), Priority::Normal);
    let (in_lane, apart) = {
        let queues = installation.broker.queues();
        (queues.ready("jobs.images.normal"), queues.ready(&format!("overflow.{queue}")))
    };
    let in_ledger = waiting(&installation, "flood").await;
    assert_eq!(in_lane, 0, "the lane is left to others");
    assert!((2 * SLOTS - 2..=2 * SLOTS).contains(&in_ledger), "{in_ledger} wait in the ledger");
    assert!(apart >= flood.len() - 2 * SLOTS as usize - 2, "{apart} wait in the broker");
    installation.publish_of("other", "single").await;
    sleep(SOON).await;
    installation.frees(2).await;
    sleep(SOON).await;
    let accepted = installation.provider.accepted();
    assert!(accepted.contains(&"single".to_owned()), "{accepted:?}");
    for _ in 0..flood.len() - 1 {
        installation.frees(1).await;
        sleep(Duration::from_millis(500)).await;
    }
    let mut accepted = installation.provider.accepted();
    accepted.retain(|id| id != "single");
    assert_eq!(accepted, flood);
    assert!(installation.broker.queues().is_quiet());
}

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

async fn waiting(installation: &Installation, name: &str) -> u32 {
    let pool = Permit::pool_of("default", Resource::Images);
    installation.ledger.count_waiting(&pool, &tenant(name)).await.unwrap().of_tenant
}
