use async_trait::async_trait;
use job::{JobKey, Record};
use ports::{
    Created, Cursor, Fence, LedgerError, ListFilter, Page, Records, Stored, Swapped, Walk, Write,
};
use rusqlite::Connection;

use crate::ledger::row::Row;
use crate::ledger::{FileLedger, following, list, records, row};

#[async_trait]
impl Records for FileLedger {
    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        let (ns, keys) = (self.store.ns, keys.iter().map(ToString::to_string).collect::<Vec<_>>());
        self.read(move |sql| Ok(following::revisions(sql, ns, &keys, row::now())?)).await
    }

    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError> {
        let (ns, process, key) = (self.store.ns, self.store.process, write.record.key.clone());
        let row = Row::of(write, self.store.retention)?;
        let found = self.fenced(fence, move |tx| records::create(tx, ns, process, &row)).await?;
        Ok(match found {
            None => Created::New,
            Some(found) => Created::Exists(Box::new(found.decode(&key)?)),
        })
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        let (ns, text) = (self.store.ns, key.to_string());
        let found = self.read(move |sql| Ok(records::load(sql, ns, &text, row::now())?)).await?;
        found.map(|found| found.decode(key)).transpose()
    }

    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        let (ns, text) = (self.store.ns, key.to_string());
        let found =
            self.read(move |sql| Ok(records::load_whole(sql, ns, &text, row::now())?)).await?;
        found.map(|(found, request)| found.decode_whole(key, request)).transpose()
    }

    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError> {
        let (ns, process, key) = (self.store.ns, self.store.process, write.record.key.clone());
        let row = Row::of(write, self.store.retention)?;
        let swap =
            self.fenced(fence, move |tx| records::swap(tx, ns, process, expected, &row)).await?;
        Ok(match swap {
            Ok(version) => Swapped::Done(version),
            Err(found) => {
                Swapped::Stale(found.map(|found| found.decode(&key).map(Box::new)).transpose()?)
            }
        })
    }

    async fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Result<Page, LedgerError> {
        let mut walk = Walk::new(filter, after);
        while let Some(count) = walk.wants() {
            let (ns, asked, after) = (self.store.ns, filter.clone(), walk.after().cloned());
            let read = move |sql: &Connection| {
                Ok(list::next(sql, (ns, row::now()), &asked, after.as_ref(), count)?)
            };
            let next = self.read(read).await?;
            let places = next.records.iter().filter_map(|(place, body)| {
                let record = body.as_ref().map(|body| row::from_json(&place.key, body));
                let record = record.and_then(|record| self.unreadable.skip(record));
                Some((place.cursor()?, record))
            });
            walk.look_at(places, next.is_last);
        }
        Ok(walk.page())
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let (ns, asked) = (self.store.ns, filter.clone());
            let portion = self
                .read(move |sql| Ok(list::portion(sql, ns, &asked, row::now(), after)?))
                .await?;
            let Some(last) = portion.last() else { return Ok(()) };
            after = last.id;
            let read = portion.iter().map(|row| row::from_json(&row.key, &row.body));
            read.filter_map(|record| self.unreadable.skip(record))
                .filter(|record| filter.takes(record))
                .for_each(|record| visit(&record));
        }
    }
}
