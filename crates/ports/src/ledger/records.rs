//! One record for each job, written by its version.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, Timestamp};

use super::{Cursor, Fence, LedgerError, ListFilter, OutboxEntry, Page};

/// A record as it is in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub record: Record,
    /// Raised by every write. Each generation counts anew, so it is valid only under the fence
    /// under which it was read.
    pub version: u64,
    /// The lease of the record's `submitting` owner is alive; `false` in every other state.
    pub owner_alive: bool,
}

/// A record to be written, with its index changes, in one atomic step.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub record: Record,
    /// When a poller must look at it; `None` takes it out of the due set.
    pub due: Option<Timestamp>,
    /// Added to the outbox.
    pub outbox: Vec<OutboxEntry>,
    /// How long new outbox entries are kept from others because the writer publishes them; zero if
    /// a poller does.
    pub outbox_lease: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// It was absent and is now at version 1.
    New,
    Exists(Box<Stored>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Swapped {
    /// Written, at this version.
    Done(u64),
    /// The version has changed: nothing was written, and this is the present record.
    Stale(Option<Box<Stored>>),
}

/// A request is stored beside its record. All methods leave it [apart](job::Kept::Apart), except
/// [`load_whole`](Self::load_whole). Writing such a record keeps the stored request, and is refused
/// if there is none. A loaded request is written if it differs; a record without one removes it. It
/// is deleted with its record.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// The revision of each record; `None` where there is none.
    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError>;

    /// Writes it if there is no record of this key, else returns the present one.
    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError>;

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError>;

    /// The same with its request, if it has one.
    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError>;

    /// Replaces exactly this version, which was read under this fence's generation.
    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError>;

    /// The next page of a list, after the record at `after`: from an index, however many records
    /// there are. A record that changes its state meanwhile may be missing.
    async fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Result<Page, LedgerError>;

    /// Calls `visit` with every record that passes the filter, without its limit and in any order.
    /// Looks at every key. Memory stays bounded. A record may come twice.
    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError>;

    /// Calls `found` with each record after this place, newest first, in pages of the filter's limit,
    /// until it returns `false`.
    async fn each(
        &self,
        filter: &ListFilter,
        mut after: Option<Cursor>,
        found: &mut (dyn FnMut(Record) -> bool + Send),
    ) -> Result<(), LedgerError> {
        loop {
            let page = self.page(filter, after.as_ref()).await?;
            for record in page.records {
                if !found(record) {
                    return Ok(());
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The newest records, at most as many as the filter's limit.
    async fn list(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError> {
        let mut records = Vec::new();
        self.each(filter, None, &mut |record| {
            records.push(record);
            records.len() < filter.limit
        })
        .await?;
        Ok(records)
    }

    /// The same as [`list`](Self::list), but looks at every key: it does not miss a record that a
    /// version without the index has written.
    async fn scan(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError> {
        let mut newest = BTreeMap::new();
        self.visit(filter, &mut |record| {
            newest.insert(Cursor::of(record).order(), record.clone());
            if newest.len() > filter.limit {
                newest.pop_first();
            }
        })
        .await?;
        Ok(newest.into_values().rev().collect())
    }
}
