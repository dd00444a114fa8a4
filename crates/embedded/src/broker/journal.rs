use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use job::Timestamp;
use ports::{BrokerError, Deliveries, Delivery, Handling, JournalStart, PublishError, Settle};
use rusqlite::{Connection, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::column;
use crate::error::Error;
use crate::packed::Packed;
use crate::store::Store;
use crate::writer::{Progress, Tx};

/// Limits of one read: lines, and about how many bytes.
const PAGE: i64 = 128;
const PAGE_BYTES: usize = 4 * 1024 * 1024;

struct Line {
    offset: i64,
    packed: Packed,
}

pub(crate) fn append(tx: &mut Tx<'_>, ns: i64, packed: &Packed) -> rusqlite::Result<()> {
    let offset: i64 = tx
        .sql
        .prepare_cached(
            "UPDATE namespace SET journal_next = journal_next + 1 WHERE id = ?1
             RETURNING journal_next - 1",
        )?
        .query_row([ns], |row| row.get(0))?;
    tx.sql
        .prepare_cached(
            "INSERT INTO journal (ns, offset, at, props, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![ns, offset, tx.now.as_millis(), packed.props, &packed.body[..]])?;
    tx.touched.journal = true;
    Ok(())
}

/// The offset of the next line.
fn end(sql: &Connection, ns: i64) -> rusqlite::Result<i64> {
    sql.prepare_cached("SELECT journal_next FROM namespace WHERE id = ?1")?
        .query_row([ns], |row| row.get(0))
}

fn since(sql: &Connection, ns: i64, at: Timestamp) -> rusqlite::Result<i64> {
    let first: Option<i64> = sql
        .prepare_cached("SELECT min(offset) FROM journal WHERE ns = ?1 AND at >= ?2")?
        .query_row([ns, at.as_millis()], |row| row.get(0))?;
    first.map_or_else(|| end(sql, ns), Ok)
}

fn start(sql: &Connection, ns: i64, from: JournalStart) -> rusqlite::Result<i64> {
    match from {
        JournalStart::First => Ok(0),
        JournalStart::Offset(offset) => Ok(i64::try_from(offset).unwrap_or(i64::MAX)),
        JournalStart::Since(at) => since(sql, ns, at),
        JournalStart::End => end(sql, ns),
    }
}

pub(crate) fn count_from(sql: &Connection, ns: i64, from: JournalStart) -> rusqlite::Result<i64> {
    let from = start(sql, ns, from)?;
    sql.prepare_cached("SELECT count(*) FROM journal WHERE ns = ?1 AND offset >= ?2")?
        .query_row([ns, from], |row| row.get(0))
}

/// The next lines; at least one, if there is one.
fn page(sql: &Connection, ns: i64, from: i64) -> rusqlite::Result<Vec<Line>> {
    let mut query = sql.prepare_cached(
        "SELECT offset, props, body FROM journal WHERE ns = ?1 AND offset >= ?2
         ORDER BY offset LIMIT ?3",
    )?;
    let mut rows = query.query([ns, from, PAGE])?;
    let (mut lines, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let body = Bytes::from(row.get::<_, Vec<u8>>(2)?);
        bytes += body.len();
        lines.push(Line {
            offset: row.get(0)?,
            packed: Packed { props: column::lossy(row, 1)?, body },
        });
    }
    Ok(lines)
}

/// Removes the oldest lines that are older than `before`, at most `most`. Returns how many.
pub(crate) fn trim(tx: &mut Tx<'_>, ns: i64, before: i64, most: i64) -> rusqlite::Result<i64> {
    let mut oldest: Vec<(i64, i64)> = tx
        .sql
        .prepare_cached("SELECT id, at FROM journal WHERE ns = ?1 ORDER BY offset LIMIT ?2")?
        .query_map([ns, most], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let kept = oldest.iter().position(|(_, at)| *at >= before);
    oldest.truncate(kept.unwrap_or(oldest.len()));
    for (id, _) in &oldest {
        tx.sql.prepare_cached("DELETE FROM journal WHERE id = ?1")?.execute([id])?;
    }
    Ok(oldest.len() as i64)
}

/// A reader of the journal. It only stores its position, because lines are not removed.
pub(crate) struct JournalDeliveries {
    store: Arc<Store>,
    position: i64,
    ahead: VecDeque<Line>,
    credit: Arc<Semaphore>,
    progress: watch::Receiver<Progress>,
    cancelled: bool,
}

impl JournalDeliveries {
    pub(crate) async fn open(
        store: Arc<Store>,
        from: JournalStart,
        prefetch: u16,
    ) -> Result<Self, BrokerError> {
        let ns = store.ns;
        let position =
            store.read(move |sql| Ok::<_, Error<BrokerError>>(start(sql, ns, from)?)).await?;
        Ok(Self {
            position,
            ahead: VecDeque::new(),
            credit: Arc::new(Semaphore::new(usize::from(prefetch.max(1)))),
            progress: store.progress(),
            store,
            cancelled: false,
        })
    }

    /// Waits until a line was read ahead; `false` if none will come.
    async fn has_line(&mut self) -> bool {
        while self.ahead.is_empty() {
            if self.cancelled || self.progress.borrow_and_update().closed {
                return false;
            }
            match self.read_on().await {
                Ok(true) => {}
                Ok(false) if self.progress.changed().await.is_ok() => {}
                Ok(false) => return false,
                Err(error) => {
                    tracing::warn!(%error, "the journal cannot be read on");
                    return false;
                }
            }
        }
        true
    }

    async fn read_on(&mut self) -> Result<bool, BrokerError> {
        let (ns, from) = (self.store.ns, self.position);
        let lines =
            self.store.read(move |sql| Ok::<_, Error<BrokerError>>(page(sql, ns, from)?)).await?;
        if let Some(last) = lines.last() {
            self.position = last.offset + 1;
        }
        self.ahead.extend(lines);
        Ok(!self.ahead.is_empty())
    }

    async fn credit(&self) -> Option<OwnedSemaphorePermit> {
        let mut progress = self.progress.clone();
        tokio::select! {
            credit = self.credit.clone().acquire_owned() => credit.ok(),
            _ = progress.wait_for(|progress| progress.closed) => None,
        }
    }
}

#[async_trait]
impl Deliveries for JournalDeliveries {
    async fn next(&mut self) -> Option<Delivery> {
        // Credit first: a line leaves the buffer only when it can be delivered at once.
        let credit = self.credit().await?;
        if !self.has_line().await {
            return None;
        }
        let line = self.ahead.pop_front()?;
        Some(Delivery {
            message: line.packed.open(),
            routing_key: String::new(),
            redelivered: false,
            delivery_count: 0,
            offset: u64::try_from(line.offset).ok(),
            handling: Handling::untold(),
            settle: Box::new(Read { _credit: credit }),
        })
    }

    async fn cancel(&mut self) {
        self.cancelled = true;
    }
}

/// Settling a line only makes room for the next: the journal keeps it.
struct Read {
    _credit: OwnedSemaphorePermit,
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
