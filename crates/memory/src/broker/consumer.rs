use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

/// One consumer of a queue.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) connection: u64,
    pub(super) queue: String,
    /// Taken for it and not shown yet, by tag.
    pub(super) buffer: VecDeque<u64>,
    /// Taken and not settled, the buffer included.
    pub(super) unsettled: usize,
    prefetch: usize,
    pub(super) flow: Flow,
    pub(super) ring: Arc<Notify>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Open,
    /// Nothing is added; what was taken still comes.
    Stopped,
    /// The connection is lost: nothing more comes.
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
