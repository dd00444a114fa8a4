//! The ledger: compares and writes without decisions, one transaction for each call.

mod acceptances;
mod activity;
mod allowances;
mod day;
mod due;
mod fence;
mod following;
mod grants;
mod leases;
mod list;
mod manual_pauses;
mod outbox;
mod pauses;
mod permits;
mod places;
mod port;
mod proposals;
mod rates;
mod records;
mod requests;
mod row;
mod shares;
mod slot_limits;
mod spending;
mod sums;
mod turns;
mod waiting;
mod witnesses;

use std::sync::Arc;

use async_trait::async_trait;
use ports::{Fence, Ledger, LedgerError, Unreadable};
use rusqlite::Connection;

use self::fence::FenceCheck;
use crate::error::Error;
use crate::store::Store;
use crate::writer::Tx;

type Outcome<T> = Result<T, Error<LedgerError>>;

pub(crate) struct FileLedger {
    store: Arc<Store>,
    unreadable: Unreadable,
}

impl FileLedger {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, unreadable: Unreadable::default() }
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.store.write(work).await.map_err(LedgerError::from)
    }

    /// A write that only a living owner of the current generation may make.
    async fn fenced<T: Send + 'static>(
        &self,
        fence: &Fence,
        work: impl FnOnce(&mut Tx<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let check = FenceCheck::of(fence, self.store.ns, self.store.process);
        self.write(move |tx| {
            check.run(tx)?;
            work(tx)
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.store.read(work).await.map_err(LedgerError::from)
    }
}

#[async_trait]
impl Ledger for FileLedger {
    async fn check(&self) -> Result<(), LedgerError> {
        let checked = self.store.check().await;
        checked.map_err(|error| Error::<LedgerError>::Store(error).into())
    }
}
