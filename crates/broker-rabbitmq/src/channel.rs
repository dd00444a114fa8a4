//! A channel that is certainly closed when it is dropped, or when a request got no answer.
//!
//! lapin keeps a channel open while a consumer is registered on it or an answer may still come,
//! even if it is no longer used. The broker would then deliver to a consumer that is gone.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::error::{code, is_unanswered, within};
use crate::socket::Cutter;

/// Closes a channel: in order, or by cutting its connection.
#[derive(Clone)]
pub(crate) struct Closer {
    cutter: Cutter,
    most: Duration,
    runtime: Handle,
    begun: Arc<AtomicBool>,
    unanswered: Unanswered,
}

/// Counts requests that were not answered in time.
#[derive(Clone, Default)]
pub(crate) struct Unanswered(Arc<AtomicU64>);

impl Unanswered {
    pub(crate) fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Closer {
    pub(crate) fn new(
        cutter: Cutter,
        most: Duration,
        runtime: Handle,
        unanswered: Unanswered,
    ) -> Self {
        Self { cutter, most, runtime, begun: Arc::default(), unanswered }
    }

    /// The broker reads the close after all requests that it has not answered yet.
    fn begin(&self, channel: &lapin::Channel) {
        if self.begun.swap(true, Ordering::SeqCst) || !channel.status().connected() {
            return;
        }
        self.runtime.spawn(self.clone().close(channel.clone()));
    }

    async fn close(self, channel: lapin::Channel) {
        let closing = channel.close(code::CLOSE_NORMALLY, "closed".into());
        if let Err(error) = within(self.most, closing).await
            && is_unanswered(&error)
        {
            self.unanswered.one();
            let channel = channel.id();
            tracing::warn!(channel, "a channel was not closed: its connection is cut");
            self.cutter.cut();
        }
    }
}

/// A channel of a connection.
pub(crate) struct Channel {
    channel: lapin::Channel,
    closer: Closer,
    answer: Duration,
}

impl Channel {
    pub(crate) fn new(channel: lapin::Channel, closer: Closer, answer: Duration) -> Self {
        Self { channel, closer, answer }
    }

    /// Sends one request. If it gets no answer in time, the channel is closed.
    pub(crate) async fn ask<T>(
        &self,
        request: impl Future<Output = lapin::Result<T>>,
    ) -> lapin::Result<T> {
        self.ask_within(self.answer, request).await
    }

    pub(crate) async fn ask_within<T>(
        &self,
        most: Duration,
        request: impl Future<Output = lapin::Result<T>>,
    ) -> lapin::Result<T> {
        let answered = within(most, request).await;
        if answered.as_ref().is_err_and(is_unanswered) {
            self.closer.unanswered.one();
            tracing::warn!(channel = self.channel.id(), "no answer within {most:?}: it is closed");
            self.close();
        }
        answered
    }

    /// Does not wait until it is closed.
    pub(crate) fn close(&self) {
        self.closer.begin(&self.channel);
    }

    /// Open, and not being closed by us.
    pub(crate) fn is_open(&self) -> bool {
        !self.closer.begun.load(Ordering::SeqCst) && self.channel.status().connected()
    }
}

impl Deref for Channel {
    type Target = lapin::Channel;

    fn deref(&self) -> &lapin::Channel {
        &self.channel
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.close();
    }
}
