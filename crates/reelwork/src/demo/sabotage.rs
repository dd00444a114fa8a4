//! Faults on purpose: they show that the counts notice a lost or twice paid job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use job::Lane;
use kling::{HttpRequest, HttpResponse, HttpTransport, Method, Transport, TransportError};
use ports::{
    Broker, BrokerError, Deliveries, Delivery, Destination, Message, PublishError, Source,
};

use crate::cli::Sabotage;

/// Pays for one job twice, under another external id.
pub(crate) struct DoublePost {
    inner: HttpTransport,
    done: AtomicBool,
}

impl DoublePost {
    pub(crate) fn new(inner: HttpTransport) -> Self {
        Self { inner, done: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Transport for DoublePost {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if request.method == Method::Post && !self.done.swap(true, Ordering::Relaxed) {
            let mut twin = request.clone();
            twin.body = twin.body.map(|body| another_id(&body).into());
            self.inner.send(twin).await?;
        }
        self.inner.send(request).await
    }
}

fn another_id(body: &[u8]) -> Vec<u8> {
    let mut fields: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    fields["external_task_id"] = "sabotage".into();
    fields.to_string().into_bytes()
}

/// Confirms one message and drops it.
pub(crate) struct Dropping {
    inner: Arc<dyn Broker>,
    what: Sabotage,
    done: AtomicBool,
}

impl Dropping {
    pub(crate) fn new(inner: Arc<dyn Broker>, what: Sabotage) -> Self {
        Self { inner, what, done: AtomicBool::new(false) }
    }

    fn drops(&self, to: &Destination) -> bool {
        let ours = match to {
            Destination::Results { .. } => self.what == Sabotage::DropEvent,
            Destination::Jobs { .. } => self.what == Sabotage::DropJob,
            Destination::Later { .. } | Destination::Dead { .. } | Destination::Journal => false,
        };
        ours && !self.done.swap(true, Ordering::Relaxed)
    }
}

#[async_trait]
impl Broker for Dropping {
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        match self.drops(to) {
            true => Ok(()),
            false => self.inner.publish(to, message).await,
        }
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        self.inner.consume(source, prefetch).await
    }

    async fn take(&self, lane: Lane) -> Result<Option<Delivery>, BrokerError> {
        self.inner.take(lane).await
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        self.inner.depth(source).await
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        self.inner.is_read(source).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        self.inner.check().await
    }

    fn unanswered(&self) -> u64 {
        self.inner.unanswered()
    }
}
