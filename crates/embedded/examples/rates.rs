//! Measures what one file can do on this machine: rates by kind of work, with 256 callers.
//!
//! `cargo run -p embedded --release --example rates [DIRECTORY]`
// A panic is how a measurement fails.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use embedded::{Embedded, Settings};
use job::{JobKey, Lane, MessageFacts, Outcome, Priority, Record, Resource, State, Timestamp};
use ports::{
    Broker, Destination, Fence, GrantTerms, Ledger, Message, OutboxEntry, Permit, PermitReturn,
    Source, Subscription, Swapped, Write,
};

const CALLERS: u32 = 256;
const EACH: u32 = 40;

#[derive(Clone)]
struct Stores {
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
    fence: Arc<Fence>,
}

#[tokio::main]
async fn main() {
    let base = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let dir = tempfile::tempdir_in(base).unwrap();
    let embedded = Embedded::open(Settings::new(dir.path().join("rates.db"), "rates")).unwrap();
    let ledger = embedded.ledger();
    let fence = ledger.join(now(), Duration::from_secs(600)).await.unwrap();
    let stores = Stores { broker: embedded.broker(), ledger, fence: Arc::new(fence) };
    rate("publish, 1 KiB", &stores, |stores, n| async move { publish_one(&stores, n).await }).await;
    consume_all(&stores).await;
    rate("create and swap", &stores, |stores, n| async move { remember(&stores, n).await }).await;
    let subscription = Subscription { name: Some("rates".to_owned()), binding: "#".to_owned() };
    drop(stores.broker.consume(&Source::Results(subscription), 1).await.unwrap());
    // All calls of a job except its delivery.
    rate("a job's calls", &stores, |stores, n| async move { whole_job(&stores, n).await }).await;
    embedded.close().await;
}

async fn rate<F, Fut>(what: &str, stores: &Stores, work: F)
where
    F: Fn(Stores, u32) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let stores = stores.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                work(stores.clone(), caller * EACH + n).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    tell(what, begun);
}

fn now() -> Timestamp {
    ports::Clock::now(&ports::SystemClock)
}

fn lane() -> Source {
    Source::Lane(Lane { resource: Resource::Videos, priority: Priority::Normal })
}

async fn publish_one(stores: &Stores, n: u32) {
    let to = Destination::Jobs { routing_key: "videos.text2video.normal".to_owned() };
    let message = Message::json(n.to_string(), vec![b'x'; 1024]);
    stores.broker.publish(&to, message).await.unwrap();
}

async fn consume_all(stores: &Stores) {
    let begun = Instant::now();
    let mut deliveries = stores.broker.consume(&lane(), 256).await.unwrap();
    let mut acks = tokio::task::JoinSet::new();
    for _ in 0..CALLERS * EACH {
        let delivery = deliveries.next().await.unwrap();
        acks.spawn(async move { delivery.ack().await.unwrap() });
    }
    acks.join_all().await;
    tell("consume and acknowledge", begun);
}

fn tell(what: &str, begun: Instant) {
    let per_second = f64::from(CALLERS * EACH) / begun.elapsed().as_secs_f64();
    println!("{what}: {per_second:.0}/s");
}

fn record(n: u32) -> Record {
    let body = format!(
        r#"{{"id":"rate-{n}","operation":"videos/text2video","request":{{"prompt":"{}"}}}}"#,
        "a cat ".repeat(40)
    );
    let job = job::decode(body.as_bytes(), MessageFacts::default()).unwrap();
    Record::new(&job, "default", "rates", now())
}

fn plain(record: &Record) -> Write {
    Write { record: record.clone(), due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO }
}

async fn remember(stores: &Stores, n: u32) {
    let write = plain(&record(n + 1_000_000));
    stores.ledger.create(&stores.fence, write.clone()).await.unwrap();
    stores.ledger.swap(&stores.fence, 1, write).await.unwrap();
}

/// The calls of one job from its publish to its announced event.
async fn whole_job(stores: &Stores, n: u32) {
    let Stores { broker, ledger, fence } = stores;
    publish_one(stores, n).await;
    let permit = permit(&record(n).key);
    ledger.take_permit(fence, &permit, &GrantTerms::default()).await.unwrap();
    let mut record = record(n);
    let owner = fence.owner.clone();
    record.state = State::Submitting { owner, intent: String::new(), post_deadline: now() };
    ledger.create(fence, plain(&record)).await.unwrap();
    record.state = State::Pending { status: "submitted".into(), looks: 0, next_look: now() };
    let due = Write { due: Some(now()), ..plain(&record) };
    ledger.swap(fence, 1, due).await.unwrap();
    broker.publish(&Destination::Journal, Message::json("j", vec![b'x'; 800])).await.unwrap();
    ledger.claim_due(fence, 1, Duration::from_secs(60)).await.unwrap();
    finish(stores, record, permit).await;
}

fn permit(key: &JobKey) -> Permit {
    let pool = "default:videos".to_owned();
    Permit { pool, key: key.clone(), round: 1, weight: 1, revision: 0 }
}

async fn finish(stores: &Stores, mut record: Record, permit: Permit) {
    let Stores { broker, ledger, fence } = stores;
    record.state = State::Settled { outcome: Outcome::Cancelled, at: now() };
    let to = Destination::Results { routing_key: "videos.text2video.succeeded".to_owned() };
    let entry = OutboxEntry {
        id: "event".to_owned(),
        key: record.key.clone(),
        to: to.clone(),
        message: Message::json("event", vec![b'x'; 800]),
        closes: true,
        tries: 0,
    };
    let outbox = vec![entry.clone()];
    let write = Write { outbox, outbox_lease: Duration::from_secs(9), ..plain(&record) };
    let swapped = ledger.swap(fence, 2, write).await.unwrap();
    assert_eq!(swapped, Swapped::Done(3));
    broker.publish(&to, entry.message.clone()).await.unwrap();
    ledger.announced(fence, &[entry.outbox_id()]).await.unwrap();
    let Permit { pool, key, round, .. } = permit;
    let returned = PermitReturn { pool, key, round, revision: 1, since: None, unspent: false };
    ledger.give_permits(fence, &[returned]).await.unwrap();
}
