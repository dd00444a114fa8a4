//! Calls the URLs of clients: takes calls that are due from their queue, makes one attempt, and puts what
//! failed back for later. The queue keeps a call until its attempt has ended.

mod hosts;

use std::sync::Arc;
use std::time::Duration;

use job::{WebhookAttempt, WebhookCall, WebhookDelay, WebhookNext, webhook_next};
use ports::{Broker, BrokerError, Deliveries, Delivery, Destination, PublishError, Source, header};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use webhooks::{Call, Calls};

use self::hosts::{Hosts, Slot};

/// Calls at once. Each holds a message, so the broker hands out no more.
const AT_ONCE: u16 = 256;

/// Calls at once of one host: one that hangs leaves room for the others.
const AT_ONCE_PER_HOST: usize = 8;

/// Before the queue is read again.
const REST: Duration = Duration::from_secs(1);

/// A missing permission or queue may be missing for long.
const LONG_REST: Duration = Duration::from_secs(15);

/// How often a failed call is put back if the broker does not take it, with longer and longer waits: about
/// four minutes.
const TRIES: u32 = 8;

/// The consumer of calls that are due.
pub struct Webhooks {
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Webhooks {
    /// Inside a Tokio runtime.
    pub fn start(broker: Arc<dyn Broker>, calls: Arc<dyn Calls>) -> Self {
        let stop = CancellationToken::new();
        let caller = Arc::new(Caller { broker, calls, hosts: Hosts::of(AT_ONCE_PER_HOST) });
        let running = tokio::spawn(run(caller, stop.clone()));
        Self { stop, running }
    }

    /// Takes nothing new and ends the attempts under way. Returns whether all ended within `patience`;
    /// the others are made again by another process.
    pub async fn drain(mut self, patience: Duration) -> bool {
        self.stop.cancel();
        match tokio::time::timeout(patience, &mut self.running).await {
            Ok(ended) => ended.is_ok(),
            Err(_) => {
                self.running.abort();
                false
            }
        }
    }
}

async fn run(caller: Arc<Caller>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let wait = turn(&caller, &stop).await;
        stop.run_until_cancelled(tokio::time::sleep(wait)).await.unwrap_or_default();
    }
}

/// Consumes until the broker ends it. Returns the wait before the next turn.
async fn turn(caller: &Arc<Caller>, stop: &CancellationToken) -> Duration {
    match caller.broker.consume(&Source::Webhooks, AT_ONCE).await {
        Ok(deliveries) => {
            take(caller, deliveries, stop).await;
            REST
        }
        Err(BrokerError::Unavailable(error)) => {
            tracing::debug!(error, "calls of clients' URLs cannot be read");
            REST
        }
        Err(error @ (BrokerError::Denied(_) | BrokerError::Differs(_))) => {
            tracing::warn!(%error, "calls of clients' URLs cannot be read");
            LONG_REST
        }
    }
}

/// Until the broker ends it or the process stops; then the attempts under way end.
async fn take(caller: &Arc<Caller>, mut deliveries: Box<dyn Deliveries>, stop: &CancellationToken) {
    let mut attempts = JoinSet::new();
    while let Some(Some(delivery)) = stop.run_until_cancelled(deliveries.next()).await {
        let caller = caller.clone();
        attempts.spawn(async move { caller.handle(delivery).await });
        while attempts.try_join_next().is_some() {}
    }
    // What was handed out and not begun goes back.
    drop(deliveries);
    while attempts.join_next().await.is_some() {}
}

struct Caller {
    broker: Arc<dyn Broker>,
    calls: Arc<dyn Calls>,
    hosts: Hosts,
}

impl Caller {
    /// If this fails, the broker delivers the call again.
    async fn handle(&self, delivery: Delivery) {
        let job = job_of(&delivery);
        let settled = match serde_json::from_slice::<WebhookCall>(&delivery.message.body) {
            Ok(call) => match self.hosts.slot(&call.url.host()) {
                Some(slot) => self.call(delivery, call, slot, &job).await,
                None => self.again(delivery, WebhookDelay::FiveSeconds).await,
            },
            Err(_) => {
                tracing::warn!(job, "a call of a client's URL cannot be read: it is dropped");
                delivery.ack().await
            }
        };
        if let Err(error) = settled {
            tracing::warn!(job, %error, "a call of a client's URL is made again");
        }
    }

    async fn call(
        &self,
        mut delivery: Delivery,
        call: WebhookCall,
        slot: Slot,
        job: &str,
    ) -> Result<(), PublishError> {
        let before = delivery.message.retries();
        let body = call.body.get().as_bytes().to_vec();
        let (id, url) = (delivery.message.id.clone(), &call.url);
        let attempt = self.calls.attempt(Call { url, id: &id, body }).await;
        drop(slot);
        let next = webhook_next(attempt, before);
        self.calls.decided(next);
        tell(job, &call.url.host(), attempt, next, before);
        match next {
            WebhookNext::Delivered | WebhookNext::GiveUp(_) => delivery.ack().await,
            WebhookNext::Again(delay) => {
                let failed = before.saturating_add(1).to_string();
                delivery.message = delivery.message.header(header::RETRIES, failed);
                self.again(delivery, delay).await
            }
        }
    }

    /// A crash in between leaves both copies: the receiver tells them by their id.
    async fn again(&self, delivery: Delivery, delay: WebhookDelay) -> Result<(), PublishError> {
        self.put_back(&delivery, delay).await?;
        delivery.ack().await
    }

    /// Until the broker takes it. The delivery is held meanwhile: given back, it would come again at once,
    /// and the receiver would be called in a loop.
    async fn put_back(&self, delivery: &Delivery, delay: WebhookDelay) -> Result<(), PublishError> {
        let to = Destination::Webhooks { after: Some(delay) };
        let mut wait = REST;
        for _ in 1..TRIES {
            match self.broker.publish(&to, delivery.message.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::debug!(%error, "a call of a client's URL is not put back yet")
                }
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        self.broker.publish(&to, delivery.message.clone()).await
    }
}

/// Tenant and id, as the announcing process noted them.
fn job_of(delivery: &Delivery) -> String {
    let part = |name| delivery.message.get(name).unwrap_or("?");
    format!("{}/{}", part(header::TENANT), part(header::JOB_ID))
}

/// Of the URL, the host alone.
fn tell(job: &str, host: &str, attempt: WebhookAttempt, next: WebhookNext, before: u32) {
    let number = before.saturating_add(1);
    match next {
        WebhookNext::Delivered => tracing::debug!(job, host, number, "a client's URL was called"),
        WebhookNext::Again(delay) => {
            let wait = delay.as_str();
            tracing::info!(job, host, number, ?attempt, wait, "a client's URL is called again");
        }
        WebhookNext::GiveUp(end) => {
            let why = end.word();
            tracing::warn!(job, host, number, ?attempt, why, "a client's URL is not called again");
        }
    }
}

#[cfg(test)]
mod tests;
