//! Jobs that keep coming, whatever happens: each is published until a receipt says it is in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ports::{Broker, Destination, Message};
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::Wish;

/// Jobs a second.
pub(crate) const OFFERED: f64 = 40.0;
const PACE: Duration = Duration::from_millis(25);
const AGAIN: Duration = Duration::from_millis(200);

pub(crate) struct Load {
    promised: Arc<Mutex<Vec<String>>>,
    phase: Arc<Mutex<String>>,
    ending: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Load {
    pub(crate) fn start(broker: Arc<dyn Broker>) -> Self {
        let promised = Arc::new(Mutex::new(Vec::new()));
        let phase = Arc::new(Mutex::new("start".to_owned()));
        let ending = Arc::new(AtomicBool::new(false));
        let task =
            tokio::spawn(publish_all(broker, promised.clone(), phase.clone(), ending.clone()));
        Self { promised, phase, ending, task }
    }

    /// From now on the jobs' ids begin with this.
    pub(crate) fn begin(&self, phase: &str) {
        phase.clone_into(&mut self.phase.lock().expect("no panic"));
    }

    pub(crate) fn promised(&self) -> usize {
        self.promised.lock().expect("no panic").len()
    }

    /// Stops, once every job begun has its receipt.
    pub(crate) async fn end(self) -> Vec<String> {
        self.ending.store(true, Ordering::Relaxed);
        self.task.await.expect("no panic");
        self.promised.lock().expect("no panic").clone()
    }
}

async fn publish_all(
    broker: Arc<dyn Broker>,
    promised: Arc<Mutex<Vec<String>>>,
    phase: Arc<Mutex<String>>,
    ending: Arc<AtomicBool>,
) {
    let mut publishing = JoinSet::new();
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for number in 0.. {
        pace.tick().await;
        if ending.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("{}-{number:06}", phase.lock().expect("no panic"));
        let (broker, promised) = (broker.clone(), promised.clone());
        publishing.spawn(async move {
            publish(broker.as_ref(), &id).await;
            promised.lock().expect("no panic").push(id);
        });
    }
    publishing.join_all().await;
}

async fn publish(broker: &dyn Broker, id: &str) {
    let wish = Wish::video(id);
    let to = Destination::Jobs { routing_key: wish.routing_key() };
    while broker.publish(&to, Message::json(id, wish.body())).await.is_err() {
        tokio::time::sleep(AGAIN).await;
    }
}
