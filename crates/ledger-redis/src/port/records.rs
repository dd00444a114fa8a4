use async_trait::async_trait;
use job::{JobKey, Record};
use ports::{
    Created, Cursor, Fence, LedgerError, ListFilter, Page, Records, Stored, Swapped, Write,
};

use crate::{RedisLedger, following, index, listing, records};

#[async_trait]
impl Records for RedisLedger {
    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        following::revisions(self, keys).await
    }

    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError> {
        records::create(self, fence, write).await
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        records::load(self, key).await
    }

    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        records::load_whole(self, key).await
    }

    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError> {
        records::swap(self, fence, expected, write).await
    }

    async fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Result<Page, LedgerError> {
        index::page(self, filter, after).await
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        listing::visit(self, filter, visit).await
    }
}
