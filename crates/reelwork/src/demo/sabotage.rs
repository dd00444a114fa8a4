//! Deliberate faults: they show that the counts detect a lost job or one that was paid twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kling::{HttpRequest, HttpResponse, HttpTransport, Method, Transport, TransportError};
use ports::{Broker, BrokerLayer, Destination, Message, PublishError};

use crate::cli::Sabotage;

/// Pays for one job twice, with another external id.
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
            Destination::Later { .. }
            | Destination::Overflow { .. }
            | Destination::Dead { .. }
            | Destination::Webhooks { .. }
            | Destination::Journal => false,
        };
        ours && !self.done.swap(true, Ordering::Relaxed)
    }
}

impl BrokerLayer for Dropping {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        match self.drops(to) {
            true => Ok(()),
            false => self.inner.publish(to, message).await,
        }
    }
}
