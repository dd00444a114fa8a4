//! A channel that leaves nothing behind: unanswered or dropped, it is closed for certain.
//!
//! lapin keeps a channel open as long as a consumer is registered on it or an answer may still
//! come, also when it is not used any more. The broker would then deliver to a consumer that is gone.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::error::{code, is_unanswered, within};
use crate::socket::Cutter;

/// How a channel is closed: in order, or by cutting its connection.
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

    /// The broker reads the close after whatever it has not answered yet.
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

    /// One request. Unanswered in time, it ends the channel.
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

    /// Without waiting for it.
    pub(crate) fn close(&self) {
        self.closer.begin(&self.channel);
    }

    /// Open, and not about to be closed by us.
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
