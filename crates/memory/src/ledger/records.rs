use std::cmp::Reverse;

use job::{JobKey, Kept, Record, State, Timestamp};
use ports::{Created, Cursor, Ended, LedgerError, ListFilter, Page, Stored, Swapped, Write};

use super::Contents;
use super::contents::Row;

impl Contents {
    pub(super) fn create(&mut self, write: Write) -> Result<Created, LedgerError> {
        if let Some(stored) = self.load(&write.record.key) {
            return Ok(Created::Exists(Box::new(stored)));
        }
        self.put(1, write)?;
        Ok(Created::New)
    }

    pub(super) fn swap(&mut self, expected: u64, write: Write) -> Result<Swapped, LedgerError> {
        let there = self.load(&write.record.key);
        match there.as_ref().map(|stored| stored.version) {
            Some(version) if version == expected || self.trusts_anybody => {
                self.put(version + 1, write)?;
                Ok(Swapped::Done(version + 1))
            }
            _ => Ok(Swapped::Stale(there.map(Box::new))),
        }
    }

    pub(super) fn load(&self, key: &JobKey) -> Option<Stored> {
        let stored = self.load_whole(key)?;
        Some(Stored { record: without_request(stored.record), ..stored })
    }

    pub(super) fn load_whole(&self, key: &JobKey) -> Option<Stored> {
        let row = self.records.get(key)?;
        let owner_alive = self.lease_of_owner(key).is_some();
        Some(Stored { record: row.record.clone(), version: row.version, owner_alive })
    }

    /// When the lease of its owner ends; `None` if it has ended.
    pub(super) fn lease_of_owner(&self, key: &JobKey) -> Option<Timestamp> {
        match &self.records.get(key)?.record.state {
            State::Submitting { owner, .. } => self.lease_end(owner),
            _ => None,
        }
    }

    fn put(&mut self, version: u64, mut write: Write) -> Result<(), LedgerError> {
        let key = write.record.key.clone();
        if write.record.request.is_apart() {
            write.record.request = self.kept(&key)?;
        }
        self.count_ended(&write.record);
        self.remove_from_indexes(&key);
        if let Some(due) = write.due {
            self.due.insert((due, key.clone()));
        }
        for entry in write.outbox {
            self.add_entry(entry, write.outbox_lease);
        }
        let expires = write.record.fades().then(|| self.now + self.retention);
        if let Some(at) = expires {
            self.expiring.insert((at, key.clone()));
        }
        self.records.insert(key, Row { record: write.record, version, due: write.due, expires });
        Ok(())
    }

    /// Once for each round.
    fn count_ended(&mut self, record: &Record) {
        let was_settled = self.records.get(&record.key).is_some_and(|row| is_settled(&row.record));
        if let Some(Ended { slot, pool, state, count }) = Ended::of(record).filter(|_| !was_settled)
        {
            *self.ended.entry((slot, pool, state)).or_default() += count;
        }
    }

    /// The stored request of a record that is written without it.
    fn kept(&self, key: &JobKey) -> Result<Kept, LedgerError> {
        let kept = self.records.get(key).map(|row| row.record.request.clone());
        kept.filter(|kept| !kept.is_nothing())
            .ok_or_else(|| LedgerError::LeftApart { key: key.to_string() })
    }

    fn remove_from_indexes(&mut self, key: &JobKey) {
        let Some(row) = self.records.get(key) else { return };
        if let Some(due) = row.due {
            self.due.remove(&(due, key.clone()));
        }
        if let Some(expires) = row.expires {
            self.expiring.remove(&(expires, key.clone()));
        }
    }

    pub(super) fn all(&self, filter: &ListFilter) -> Vec<Record> {
        let records = self.records.values().map(|row| &row.record);
        let wanted = records.filter(|record| filter.takes(record));
        wanted.cloned().map(without_request).collect()
    }

    pub(super) fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Page {
        let mut found = self.all(filter);
        found.sort_by_cached_key(|record| Reverse(Cursor::of(record).order()));
        let after = after.map(Cursor::order);
        found.retain(|record| after.as_ref().is_none_or(|at| Cursor::of(record).order() < *at));
        let more = found.len() > filter.limit;
        found.truncate(filter.limit);
        let next = found.last().filter(|_| more).map(Cursor::of);
        Page { records: found, next }
    }
}

fn without_request(mut record: Record) -> Record {
    if !record.request.is_nothing() {
        record.request = Kept::Apart;
    }
    record
}

fn is_settled(record: &Record) -> bool {
    matches!(record.state, State::Settled { .. })
}
