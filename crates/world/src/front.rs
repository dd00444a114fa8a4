//! Where the provider calls back: any process that runs, as behind a load balancer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gateway::Mailbox;
use job::CALLBACK_PATH;
use serde_json::Value;
use tokio::time::sleep;

use crate::chance::Chance;
use crate::life::Life;
use crate::outages::Outages;
use crate::trace::Trace;

/// The address in the callback URLs.
pub(crate) const URL: &str = "https://front.test";

/// How often the provider tries to deliver a callback.
const TRIES: u32 = 3;

/// The longest delay of a callback.
const LATE_MS: u64 = 3_000;

pub(crate) struct Front {
    chance: Chance,
    outages: Arc<Outages>,
    trace: Arc<Trace>,
    open: Mutex<Vec<(Arc<Life>, Arc<Mailbox>)>>,
}

impl Front {
    pub(crate) fn new(chance: Chance, outages: Arc<Outages>, trace: Arc<Trace>) -> Self {
        Self { chance, outages, trace, open: Mutex::default() }
    }

    /// From now on this process receives callbacks, as long as it lives.
    pub(crate) fn enter(&self, life: Arc<Life>, mailbox: Mailbox) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(life, _)| !life.is_dead());
        open.push((life, Arc::new(mailbox)));
    }

    /// This process receives no more callbacks.
    pub(crate) fn leave(&self, life: &Life) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(other, _)| other.number != life.number);
    }

    fn any_process(&self) -> Option<(Arc<Life>, Arc<Mailbox>)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(life, _)| !life.is_dead());
        let at = self.chance.below(open.len() as u64);
        open.get(usize::try_from(at).unwrap_or(0)).cloned()
    }

    /// Sends a callback to `url`: late, perhaps twice, perhaps never.
    pub(crate) async fn call(self: Arc<Self>, url: String, body: Value) {
        let rates = self.outages.rates();
        if self.chance.happens(rates.callback_lost) {
            return self.trace.fault("callback lost");
        }
        sleep(self.chance.millis(0, LATE_MS)).await;
        self.insist(&url, &body).await;
        if self.chance.happens(rates.callback_twice) {
            self.trace.fault("callback doubled");
            sleep(self.chance.millis(0, LATE_MS)).await;
            self.insist(&url, &body).await;
        }
    }

    async fn insist(&self, url: &str, body: &Value) {
        let address = url.strip_prefix(URL).and_then(|path| path.strip_prefix(CALLBACK_PATH));
        for attempt in 1..=TRIES {
            let kept = self.deliver(address.unwrap_or_default(), body).await;
            self.trace.line("provider", format_args!("CALLS BACK {body} -> {kept}"));
            if kept {
                return;
            }
            sleep(Duration::from_secs(u64::from(attempt))).await;
        }
    }

    /// Whether the response was that the callback is stored.
    async fn deliver(&self, address: &str, body: &Value) -> bool {
        let Some((life, mailbox)) = self.any_process() else { return false };
        let Some(to) = mailbox.whose(address) else { return false };
        let body = body.to_string();
        tokio::select! {
            biased;
            () = life.ended() => false,
            kept = mailbox.put(&to, body.as_bytes()) => kept.is_ok(),
        }
    }
}
