//! Thousands of jobs wait for few slots, and the ledger loses its data.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use job::{DEFAULT_ACCOUNT, EventKind, Record, Resource, StateKind, Tenant};
use ports::{Ledger, ListFilter, Permit};
use serde_json::json;

use crate::five_processes::{Company, provider_settings};
use crate::full_lane::{latest, submitted};
use crate::harness::{Consumer, Environment, Program, Wish, say, until_within};

const SLOTS: u32 = 20;
const TENANTS: usize = 5;
const JOBS: usize = 5_000;

/// A job can be sent later than one of its tenant that came later only while both are in hand.
const IN_HAND: usize = 2 * 32;

const PATIENCE: Duration = Duration::from_secs(150);

fn message(n: usize) -> String {
    let mut message = Wish::video(&format!("crowd-{n:04}")).message();
    message["tenant"] = format!("tenant-{}", n % TENANTS).into();
    format!("{message}\n")
}

async fn for_each_tenant(program: &Program, command: &[&str]) {
    for n in 0..TENANTS {
        let tenant = format!("tenant-{n}");
        program.run(&[command, &["--tenant", &tenant]].concat()).await.exits(0);
    }
}

/// Counted by the waiting room: reading thousands of records again and again would slow down what is
/// awaited.
async fn until_waiting(ledger: &dyn Ledger, jobs: usize) -> Vec<Record> {
    let all = ListFilter::of_states(&[StateKind::Waiting], JOBS);
    let mut found = Vec::new();
    until_within(PATIENCE, &format!("{jobs} jobs wait"), async || {
        if waiting(ledger).await < jobs {
            return false;
        }
        ledger.list(&all).await.is_ok_and(|now| {
            found = now;
            found.len() >= jobs
        })
    })
    .await;
    found
}

/// Before that, a job may be restored as of an earlier line of the journal.
async fn until_compared(ledger: &dyn Ledger) {
    let is_compared = async || ledger.opens_at().await.is_ok_and(|at| at.is_some());
    until_within(PATIENCE, "the journal is compared", is_compared).await;
}

async fn waiting(ledger: &dyn Ledger) -> usize {
    let pool = Permit::pool_of(DEFAULT_ACCOUNT, Resource::Videos);
    let counted = ledger.count_waiting(&pool, &Tenant::default()).await;
    counted.map_or(0, |count| usize::try_from(count.of_pool).unwrap_or(usize::MAX))
}

/// The ids of each tenant's jobs, in the order in which they began to wait.
fn in_order(mut records: Vec<Record>) -> BTreeMap<Tenant, Vec<String>> {
    records.sort_by_key(|record| (record.waits_since(), record.key.clone()));
    let mut order: BTreeMap<Tenant, Vec<String>> = BTreeMap::new();
    for record in records {
        order.entry(record.key.tenant).or_default().push(record.key.id.to_string());
    }
    order
}

/// By how many places a job of this tenant was submitted later than in this order, at most.
fn late(order: &[String], submitted: &[String]) -> usize {
    let mine: BTreeSet<&String> = order.iter().collect();
    let submitted: Vec<String> = submitted.iter().filter(|id| mine.contains(id)).cloned().collect();
    latest(&submitted, order.iter().cloned())
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_that_wait_come_back_in_the_order_of_their_tenants() {
    let mut environment = Environment::with_own_redis().await;
    let mut settings = provider_settings();
    // No task ends until the ledger is rebuilt, and none takes so long that its slot is given up.
    settings["life_ms"] = json!(60_000);
    settings["external_ids"] = "enforced".into();
    settings["concurrency"] = json!({"videos": SLOTS, "images": SLOTS, "audio": SLOTS});
    let few = |program: &mut Program| {
        program.set("limits.videos", &SLOTS.to_string());
        program.set("tenants.waiting", "2000");
        program.set("kling.timeout", "3s");
    };
    // However long it takes until all wait, the first task begins just before the loss. Workers that
    // are running would hold to a pause only after a second.
    let pause = ["pause", "--reason", "the crowd gathers"];
    for_each_tenant(&environment.program(), &pause).await;
    let company = Company::start(&environment, &settings, few).await;
    let consumer = Consumer::plain(&environment).await;
    let file = environment.file("crowd.jsonl", &(0..JOBS).map(message).collect::<String>());
    company.program.run(&["submit", "--file", &file]).await.exits(0);
    let ledger = environment.ledger().await;
    until_waiting(ledger.as_ref(), JOBS).await;
    for_each_tenant(&company.program, &["resume"]).await;
    until_within(PATIENCE, "all slots are used", async || {
        company.provider.figures().await.unfinished >= u64::from(SLOTS)
    })
    .await;
    let least = JOBS - SLOTS as usize;
    let before = in_order(until_waiting(ledger.as_ref(), least).await);

    environment.redis().flush();
    let since = Instant::now();
    until_compared(ledger.as_ref()).await;
    let after = in_order(until_waiting(ledger.as_ref(), least).await);
    let rebuilt = since.elapsed();
    assert_eq!(before, after, "who waits, and in which order");

    settings["life_ms"] = json!(20);
    company.provider.change(settings).await;
    until_within(PATIENCE, "the first task ends", async || !consumer.received().0.is_empty()).await;
    let received = consumer.receives_outcomes(JOBS).await;
    let submitted = submitted(&received);
    let late = before.values().map(|order| late(order, &submitted)).max().unwrap_or_default();
    let accounts = company.provider.accounts().await;
    say(format!(
        "{least} of {JOBS} jobs wait; after a loss all wait again within {:.1} s; {} succeeded, {} \
         paid twice, {} over the limit; at most {late} places late within a tenant; ended {:.1} s \
         after the loss",
        rebuilt.as_secs_f64(),
        received.count(EventKind::Succeeded),
        accounts.double_paid,
        accounts.limit_violations.concurrency,
        since.elapsed().as_secs_f64()
    ));
    assert_eq!(received.count(EventKind::Succeeded), JOBS);
    assert_eq!((accounts.accepted as usize, accounts.double_paid), (JOBS, 0));
    assert_eq!(accounts.limit_violations.concurrency, 0);
    assert!(late <= IN_HAND, "a job was overtaken by {late} of its tenant");
}
