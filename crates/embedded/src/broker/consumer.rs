use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rusqlite::Row;
use tokio::sync::{Notify, oneshot};

use super::queues;
use super::returns::Return;
use crate::column;
use crate::error::Error;
use crate::packed::Packed;
use crate::store::Store;
use crate::writer::{Call, Tx};

/// A message that this process has taken from a queue.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) message: i64,
    pub(crate) rank: i64,
    pub(crate) deliveries: i64,
    pub(crate) routing_key: String,
    pub(crate) packed: Packed,
}

/// One consumer: the writer adds messages, the user takes them. It lives until its last delivery is
/// settled.
pub(crate) struct Consumer {
    pub(crate) queue: i64,
    prefetch: usize,
    /// The queue is removed with its consumer.
    private: bool,
    state: Mutex<State>,
    ready: Notify,
    pub(crate) store: Arc<Store>,
}

struct State {
    buffer: VecDeque<Taken>,
    /// Messages taken and not settled, including the buffer.
    unsettled: usize,
    flow: Flow,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    /// Nothing is added; messages already taken are still delivered.
    Stopped,
    /// The store is closed: messages that were taken do not belong to this process any more.
    Cut,
}

/// One unsettled delivery of a consumer; when dropped, there is room for another.
pub(crate) struct Credit(Arc<Consumer>);

impl Consumer {
    pub(crate) fn new(store: Arc<Store>, queue: i64, prefetch: u16, private: bool) -> Self {
        Self {
            queue,
            prefetch: usize::from(prefetch.max(1)),
            private,
            state: Mutex::new(State { buffer: VecDeque::new(), unsettled: 0, flow: Flow::Open }),
            ready: Notify::new(),
            store,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of messages that it may still take.
    pub(crate) fn credit(&self) -> usize {
        let state = self.state();
        match state.flow {
            Flow::Open => self.prefetch.saturating_sub(state.unsettled),
            Flow::Stopped | Flow::Cut => 0,
        }
    }

    /// Adds messages that were taken for it; returns them if it has stopped.
    pub(crate) fn push(&self, taken: Vec<Taken>) -> Vec<Return> {
        let mut state = self.state();
        if state.flow != Flow::Open {
            return taken.iter().map(Taken::unseen).collect();
        }
        state.unsettled += taken.len();
        state.buffer.extend(taken);
        drop(state);
        self.ready.notify_one();
        Vec::new()
    }

    /// The next message, or `None` once no more follow.
    pub(crate) async fn next(self: &Arc<Self>) -> Option<(Taken, Credit)> {
        loop {
            {
                let mut state = self.state();
                if let Some(taken) = state.buffer.pop_front() {
                    return Some((taken, Credit(self.clone())));
                }
                if state.flow != Flow::Open {
                    return None;
                }
            }
            self.ready.notified().await;
        }
    }

    pub(crate) fn stop(&self) {
        let mut state = self.state();
        if state.flow == Flow::Open {
            state.flow = Flow::Stopped;
        }
        drop(state);
        self.ready.notify_one();
    }

    pub(crate) fn cut(&self) {
        let mut state = self.state();
        state.flow = Flow::Cut;
        state.buffer.clear();
        drop(state);
        self.ready.notify_one();
    }

    /// Stops, and returns messages that were not delivered to its user.
    pub(crate) fn abandon(&self) {
        self.stop();
        let mut state = self.state();
        let unseen: Vec<Return> = state.buffer.drain(..).map(|taken| taken.unseen()).collect();
        state.unsettled -= unseen.len();
        drop(state);
        if !unseen.is_empty() {
            self.store.returns.add(unseen);
            self.store.wake();
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if !self.private {
            return;
        }
        let queue = self.queue;
        let remove = move |tx: &mut Tx<'_>| Ok::<_, Error<()>>(queues::remove(tx, queue)?);
        let (reply, _) = oneshot::channel();
        // A closed store has already removed the queue.
        let _ = self.store.submit::<()>(Box::new(Call::new(remove, reply)));
    }
}

impl Credit {
    pub(crate) fn consumer(&self) -> &Consumer {
        &self.0
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.unsettled = state.unsettled.saturating_sub(1);
    }
}

impl Taken {
    /// From columns rank, message, deliveries, routing_key, props, body.
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            rank: row.get(0)?,
            message: row.get(1)?,
            deliveries: row.get(2)?,
            routing_key: column::lossy(row, 3)?,
            packed: Packed {
                props: column::lossy(row, 4)?,
                body: Bytes::from(row.get::<_, Vec<u8>>(5)?),
            },
        })
    }

    /// Returns it to the queue; its user has not received it.
    pub(crate) fn unseen(&self) -> Return {
        Return { message: self.message, deliveries: self.deliveries, seen: false }
    }
}
