use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

/// One consumer of a queue.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) connection: u64,
    pub(super) queue: String,
    /// The tags of messages that were assigned to it and not delivered yet.
    pub(super) buffer: VecDeque<u64>,
    /// Number of messages assigned and not settled, including the buffer.
    pub(super) unsettled: usize,
    prefetch: usize,
    pub(super) flow: Flow,
    pub(super) ring: Arc<Notify>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Open,
    /// Nothing is added; messages that were assigned are still delivered.
    Stopped,
    /// The connection is lost: nothing more is delivered.
    Cut,
}

impl Consumer {
    pub(super) fn new(connection: u64, queue: &str, prefetch: u16) -> Self {
        Self {
            connection,
            queue: queue.to_owned(),
            buffer: VecDeque::new(),
            unsettled: 0,
            prefetch: usize::from(prefetch.max(1)),
            flow: Flow::Open,
            ring: Arc::default(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.flow == Flow::Open && self.unsettled < self.prefetch
    }

    pub(super) fn hand(&mut self, tag: u64) {
        self.unsettled += 1;
        self.buffer.push_back(tag);
        self.ring.notify_one();
    }

    pub(super) fn end(&mut self, flow: Flow) {
        self.flow = flow;
        self.ring.notify_one();
    }
}
