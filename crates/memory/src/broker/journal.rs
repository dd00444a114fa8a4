use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use job::Timestamp;
use ports::{
    Clock, Deliveries, Delivery, Handling, JournalStart, Message, PublishError, Settle, SystemClock,
};
use tokio::sync::Notify;

use super::MemoryBroker;

/// The append-only log and its readers.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) lines: Vec<Message>,
    /// When each line was appended, by the system's clock: no simulated role reads from a time.
    appended: Vec<Timestamp>,
    readers: BTreeMap<u64, Reader>,
}

#[derive(Debug)]
struct Reader {
    connection: u64,
    position: usize,
    prefetch: usize,
    unsettled: usize,
    open: bool,
    ring: Arc<Notify>,
}

impl Journal {
    pub(super) fn append(&mut self, line: Message) {
        self.lines.push(line);
        self.appended.push(SystemClock.now());
        self.readers.values().for_each(|reader| reader.ring.notify_one());
    }

    pub(super) fn read(
        &mut self,
        number: u64,
        connection: u64,
        start: JournalStart,
        prefetch: u16,
    ) {
        let position = match start {
            JournalStart::First => 0,
            JournalStart::Since(at) => self.appended.partition_point(|appended| *appended < at),
            JournalStart::Offset(offset) => usize::try_from(offset).unwrap_or(usize::MAX),
            JournalStart::End => self.lines.len(),
        };
        let prefetch = usize::from(prefetch.max(1));
        let ring = Arc::default();
        let reader = Reader { connection, position, prefetch, unsettled: 0, open: true, ring };
        self.readers.insert(number, reader);
    }

    pub(super) fn cut(&mut self, connection: u64) {
        for reader in self.readers.values_mut().filter(|r| r.connection == connection) {
            reader.open = false;
            reader.ring.notify_one();
        }
    }

    /// The next line; `None` if the reader must wait, `Err` if it has ended.
    fn next(&mut self, number: u64) -> Result<Option<(u64, Message)>, ()> {
        let reader = self.readers.get_mut(&number).filter(|reader| reader.open).ok_or(())?;
        let line = self.lines.get(reader.position);
        let Some(line) = line.filter(|_| reader.unsettled < reader.prefetch) else {
            return Ok(None);
        };
        reader.unsettled += 1;
        reader.position += 1;
        Ok(Some((reader.position as u64 - 1, line.clone())))
    }

    fn settled(&mut self, number: u64) {
        if let Some(reader) = self.readers.get_mut(&number) {
            reader.unsettled = reader.unsettled.saturating_sub(1);
            reader.ring.notify_one();
        }
    }
}

/// A stream of journal lines.
pub(super) struct Lines {
    pub(super) broker: MemoryBroker,
    pub(super) number: u64,
}

#[async_trait]
impl Deliveries for Lines {
    async fn next(&mut self) -> Option<Delivery> {
        loop {
            let (next, ring) = {
                let mut queues = self.broker.queues();
                let ring = queues.journal.readers.get(&self.number)?.ring.clone();
                (queues.journal.next(self.number), ring)
            };
            match next {
                Err(()) => return None,
                Ok(Some((offset, message))) => return Some(self.delivery(offset, message)),
                Ok(None) => ring.notified().await,
            }
        }
    }

    async fn cancel(&mut self) {
        if let Some(reader) = self.broker.queues().journal.readers.get_mut(&self.number) {
            reader.open = false;
        }
    }
}

impl Lines {
    fn delivery(&self, offset: u64, message: Message) -> Delivery {
        let settle = Box::new(Read { broker: self.broker.clone(), number: self.number });
        Delivery {
            message,
            routing_key: "journal".to_owned(),
            redelivered: false,
            delivery_count: 0,
            offset: Some(offset),
            handling: Handling::untold(),
            settle,
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.broker.queues().journal.readers.remove(&self.number);
    }
}

/// A line is not removed by reading: settling it in any way makes room for the next.
struct Read {
    broker: MemoryBroker,
    number: u64,
}

#[async_trait]
impl Settle for Read {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        Ok(())
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        Ok(())
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        self.broker.queues().journal.settled(self.number);
    }
}
