use async_trait::async_trait;
use job::{JobKey, Record};
use ports::{
    Created, Cursor, Fence, LedgerError, ListFilter, Page, Records, Stored, Swapped, Write,
};

use crate::ledger::MemoryLedger;

#[async_trait]
impl Records for MemoryLedger {
    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        Ok(self.contents().revisions(keys))
    }

    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError> {
        self.writing(fence)?.create(write)
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        Ok(self.contents().load(key))
    }

    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        Ok(self.contents().load_whole(key))
    }

    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError> {
        self.writing(fence)?.swap(expected, write)
    }

    async fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Result<Page, LedgerError> {
        Ok(self.contents().page(filter, after))
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        let all = self.contents().all(filter);
        all.iter().for_each(visit);
        Ok(())
    }
}
