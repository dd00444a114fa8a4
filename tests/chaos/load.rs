//! Publishes jobs at a steady rate during all faults; each is repeated until it is confirmed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ports::{Broker, Clock, Destination, Message, PublishError, SystemClock, header};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::Wish;

/// Jobs per second.
pub(crate) const OFFERED: f64 = 40.0;
const PACE: Duration = Duration::from_millis(25);
const AGAIN: Duration = Duration::from_millis(200);
/// Most jobs without a confirm; the producer then waits.
const MOST: usize = 1_000;

pub(crate) struct Load {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    broker: Arc<dyn Broker>,
    promised: Mutex<Vec<String>>,
    phase: Mutex<String>,
    ending: AtomicBool,
    /// Publishes without a confirm.
    failed: AtomicU64,
    /// Read-locked during each publish.
    publishing: Arc<RwLock<()>>,
}

impl Load {
    pub(crate) fn start(broker: Arc<dyn Broker>) -> Self {
        let shared = Arc::new(Shared {
            broker,
            promised: Mutex::default(),
            phase: Mutex::new("start".to_owned()),
            ending: AtomicBool::new(false),
            failed: AtomicU64::new(0),
            publishing: Arc::default(),
        });
        Self { task: tokio::spawn(publish_all(shared.clone())), shared }
    }

    /// Sets the prefix of the ids of the next jobs.
    pub(crate) fn begin(&self, phase: &str) {
        phase.clone_into(&mut self.shared.phase.lock().expect("no panic"));
    }

    pub(crate) fn promised(&self) -> usize {
        self.shared.promised.lock().expect("no panic").len()
    }

    /// All confirmed jobs.
    pub(crate) fn receipts(&self) -> Vec<String> {
        self.shared.promised.lock().expect("no panic").clone()
    }

    /// How often a job had to be published again.
    pub(crate) fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// No publish is in progress while this lock is held.
    pub(crate) async fn hold(&self) -> OwnedRwLockWriteGuard<()> {
        self.shared.publishing.clone().write_owned().await
    }

    /// Stops when every job that was begun is confirmed.
    pub(crate) async fn end(self) -> Vec<String> {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.task.await.expect("no panic");
        self.shared.promised.lock().expect("no panic").clone()
    }
}

async fn publish_all(shared: Arc<Shared>) {
    let mut publishing = JoinSet::new();
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for number in 0.. {
        pace.tick().await;
        if shared.ending.load(Ordering::Relaxed) {
            break;
        }
        while publishing.len() >= MOST {
            publishing.join_next().await.expect("a job").expect("no panic");
        }
        let id = format!("{}-{number:06}", shared.phase.lock().expect("no panic"));
        publishing.spawn(publish(shared.clone(), id));
    }
    publishing.join_all().await;
}

async fn publish(shared: Arc<Shared>, id: String) {
    let wish = Wish::video(&id);
    let message = message(&wish);
    while shared.publish(&wish, message.clone()).await.is_err() {
        shared.failed.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(AGAIN).await;
    }
}

/// With its time, as producers send it: a job of a forgotten record is looked up by it. A repeated
/// message has the same time; with another one, the two would be two messages of one job.
fn message(wish: &Wish) -> Message {
    let now = SystemClock.now();
    let mut message = Message::json(&wish.id, wish.body())
        .header(header::ENQUEUED_AT, now.as_millis().to_string());
    message.timestamp = Some(now);
    message
}

impl Shared {
    /// The confirm is counted before `hold` can return.
    async fn publish(&self, wish: &Wish, message: Message) -> Result<(), PublishError> {
        let to = Destination::Jobs { routing_key: wish.routing_key() };
        let _publishing = self.publishing.read().await;
        self.broker.publish(&to, message).await?;
        self.promised.lock().expect("no panic").push(wish.id.clone());
        Ok(())
    }
}
