use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use lapin::Consumer;
use lapin::options::BasicCancelOptions;
use ports::{Deliveries, Delivery};
use spans::Spans;
use tokio::runtime::Handle;

use super::holder::Holder;
use super::ticket::give_back;
use super::{Intake, Kind};
use crate::Settings;

/// One consumer; `None` once it has ended.
pub(super) struct Stream {
    open: Option<Open>,
    timeout: Duration,
    spans: Spans,
    runtime: Handle,
}

struct Open {
    consumer: Consumer,
    intake: Arc<Intake>,
    kind: Kind,
    /// Our cancel failed: the channel is closed, and its deliveries are delivered again.
    cut: bool,
}

impl Stream {
    pub(super) fn new(
        consumer: Consumer,
        intake: Arc<Intake>,
        kind: Kind,
        settings: &Settings,
    ) -> Self {
        let open = Open { consumer, intake, kind, cut: false };
        let (timeout, spans) = (settings.publish_timeout, settings.spans);
        Self { open: Some(open), timeout, spans, runtime: Handle::current() }
    }
}

#[async_trait]
impl Deliveries for Stream {
    async fn next(&mut self) -> Option<Delivery> {
        let taken = match &mut self.open {
            Some(open) => open.next().await,
            None => None,
        };
        match (taken, &self.open) {
            (Some(taken), Some(open)) => Some(self.holder(open).delivery(&open.kind, taken)),
            _ => {
                // lapin's stream must not be polled after its end: it would wait for ever.
                self.open = None;
                None
            }
        }
    }

    async fn cancel(&mut self) {
        if let Some(open) = &mut self.open {
            open.cancel().await;
        }
    }
}

impl Stream {
    fn holder(&self, open: &Open) -> Holder {
        let (intake, runtime) = (open.intake.clone(), self.runtime.clone());
        Holder { intake, timeout: self.timeout, spans: self.spans, runtime }
    }
}

impl Drop for Stream {
    /// Messages that arrived and were not requested go back, even while an earlier delivery keeps
    /// the channel open.
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            self.runtime.spawn(open.give_up());
        }
    }
}

impl Open {
    async fn next(&mut self) -> Option<lapin::message::Delivery> {
        let next = match self.cut {
            false => self.consumer.next().await,
            true => self.consumer.next().now_or_never().flatten(),
        };
        match next? {
            // Deliveries of a closed channel cannot be settled: the broker delivers them again.
            Ok(taken) => self.intake.channel.is_open().then_some(taken),
            Err(error) => {
                tracing::debug!(%error, queue = %self.consumer.queue(), "a consumer has ended");
                None
            }
        }
    }

    async fn cancel(&mut self) {
        let options = BasicCancelOptions::default();
        let cancelling = self.intake.channel.basic_cancel(self.consumer.tag(), options);
        let cancelled = self.intake.channel.ask(cancelling).await;
        if let Err(error) = cancelled {
            tracing::debug!(%error, queue = %self.consumer.queue(), "a consumer was not cancelled");
            self.cut = true;
        }
    }

    async fn give_up(mut self) {
        self.cancel().await;
        while let Some(taken) = self.next().await {
            if give_back(&self.intake, taken.delivery_tag, self.kind == Kind::Log).await.is_err() {
                return;
            }
        }
    }
}
