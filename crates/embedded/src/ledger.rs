//! What we remember: compared and written, never decided, in one transaction a call.

mod day;
mod due;
mod fence;
mod following;
mod list;
mod outbox;
mod pauses;
mod permits;
mod proposals;
mod records;
mod requests;
mod row;
mod turns;
mod witnesses;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, Timestamp};
use ports::{
    AccountTask, Accounts, Claimed, Created, Due, Fence, Following, Generation, HeldPermit, Ledger,
    LedgerError, Limits, ListFilter, Members, OutboxEntry, OutboxId, Pause, Permit, PermitReturn,
    Permits, Permitted, Records, Standing, Stored, Swapped, TASK_SLACK, Unreadable, Witness, Write,
};
use rusqlite::Connection;

use self::fence::{Pass, check};
use self::row::Row;
use crate::failure::Failure;
use crate::store::Store;
use crate::writer::Tx;

type Outcome<T> = Result<T, Failure<LedgerError>>;

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

    /// A write that only a living owner of the present generation may make.
    async fn fenced<T: Send + 'static>(
        &self,
        fence: &Fence,
        work: impl FnOnce(&mut Tx<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let pass = Pass::of(fence, self.store.ns, self.store.process);
        self.write(move |tx| {
            check(tx, &pass)?;
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
impl Members for FileLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        let (ns, process) = (self.store.ns, self.store.process);
        self.write(move |tx| Ok(fence::join(tx, ns, process, began_at, lease)?)).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        let pass = Pass::of(fence, self.store.ns, self.store.process);
        self.fenced(fence, move |tx| Ok(fence::renew(tx, &pass, lease)?)).await
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        let pass = Pass::of(fence, self.store.ns, self.store.process);
        self.write(move |tx| Ok(fence::leave(tx, &pass)?)).await
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        let ns = self.store.ns;
        self.read(move |sql| Ok(fence::generation(sql, ns)?)).await
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        let ns = self.store.ns;
        self.read(move |sql| Ok(fence::opens_at(sql, ns)?)).await
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.write(move |tx| Ok(following::distrust(tx, ns)?)).await
    }

    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError> {
        let (ns, owner) = (self.store.ns, fence.owner.clone());
        self.fenced(fence, move |tx| Ok(following::follow(tx, ns, &owner)?)).await
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.fenced(fence, move |tx| Ok(following::followed(tx, ns, next)?)).await
    }

    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.fenced(fence, move |tx| Ok(following::lost(tx, ns)?)).await
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.fenced(fence, move |tx| Ok(following::open(tx, ns, at)?)).await
    }
}

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

    async fn list(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError> {
        let (ns, filter) = (self.store.ns, filter.clone());
        let found = self.read(move |sql| Ok(list::newest(sql, ns, &filter, row::now())?)).await?;
        let records = found.iter().map(|(key, body)| row::from_json(key, body));
        Ok(records.filter_map(|record| self.unreadable.skip(record)).collect())
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let (ns, filter) = (self.store.ns, filter.clone());
            let page =
                self.read(move |sql| Ok(list::page(sql, ns, &filter, row::now(), after)?)).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            let read = page.iter().map(|row| row::from_json(&row.key, &row.body));
            read.filter_map(|record| self.unreadable.skip(record))
                .for_each(|record| visit(&record));
        }
    }
}

#[async_trait]
impl Due for FileLedger {
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        let (ns, process) = (self.store.ns, self.store.process);
        let claimed =
            self.fenced(fence, move |tx| Ok(due::claim(tx, ns, process, limit, lease)?)).await?;
        let items = claimed.items.into_iter().map(row::Keyed::decode);
        Ok(Claimed {
            items: items.filter_map(|item| self.unreadable.skip(item)).collect(),
            now: claimed.now,
            next: claimed.next,
        })
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        let (ns, key) = (self.store.ns, key.to_string());
        self.write(move |tx| Ok(due::look_now(tx, ns, &key)?)).await
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        let (ns, process) = (self.store.ns, self.store.process);
        let claimed =
            self.fenced(fence, move |tx| Ok(outbox::claim(tx, ns, process, limit, lease)?)).await?;
        let items = claimed.items.into_iter().map(outbox::RawEntry::decode);
        Ok(Claimed {
            items: items.filter_map(|item| self.unreadable.skip(item)).collect(),
            now: claimed.now,
            next: claimed.next,
        })
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        let (ns, retention, ids) = (self.store.ns, self.store.retention, ids.to_vec());
        self.fenced(fence, move |tx| {
            for id in &ids {
                outbox::announced(tx, ns, id, retention)?;
            }
            Ok(())
        })
        .await
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        let (ns, id) = (self.store.ns, id.clone());
        self.fenced(fence, move |tx| Ok(outbox::postpone(tx, ns, &id, wait)?)).await
    }
}

#[async_trait]
impl Permits for FileLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError> {
        let (ns, permit, limits) = (self.store.ns, permit.clone(), *limits);
        self.fenced(fence, move |tx| Ok(permits::take(tx, ns, &permit, &limits)?)).await
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        let (ns, returns) = (self.store.ns, returns.to_vec());
        self.fenced(fence, move |tx| {
            for returned in &returns {
                permits::give(tx, ns, returned)?;
            }
            Ok(())
        })
        .await
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        let (ns, owner, pool) = (self.store.ns, fence.owner.clone(), pool.to_owned());
        self.fenced(fence, move |tx| Ok(turns::take(tx, ns, &pool, &owner, lasts)?)).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        let (ns, owner, pool) = (self.store.ns, fence.owner.clone(), pool.to_owned());
        self.fenced(fence, move |tx| Ok(turns::end(tx, ns, &pool, &owner)?)).await
    }

    async fn used(&self, pool: &str) -> Result<u32, LedgerError> {
        let (ns, pool) = (self.store.ns, pool.to_owned());
        self.read(move |sql| Ok(permits::used(sql, ns, &pool)?)).await
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        let (ns, pool) = (self.store.ns, pool.to_owned());
        let held = self.read(move |sql| Ok(permits::held(sql, ns, &pool)?)).await?;
        Ok(held.into_iter().filter_map(|held| self.unreadable.skip(held)).collect())
    }
}

#[async_trait]
impl Accounts for FileLedger {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        let (ns, account) = (self.store.ns, account.to_owned());
        let body = row::to_json(&account, pause)?;
        self.write(move |tx| Ok(pauses::set(tx, ns, &account, &body)?)).await
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        let (ns, asked) = (self.store.ns, account.to_owned());
        let body = self.read(move |sql| Ok(pauses::get(sql, ns, &asked)?)).await?;
        body.map(|body| row::from_json(account, body.as_bytes())).transpose()
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        let (ns, account) = (self.store.ns, account.to_owned());
        self.write(move |tx| Ok(pauses::clear(tx, ns, &account)?)).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        let (ns, account) = (self.store.ns, account.to_owned());
        let operation = witness.operation.as_str().to_owned();
        let body = row::to_json(&account, witness)?;
        self.write(move |tx| Ok(witnesses::set(tx, ns, &account, &operation, &body)?)).await
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        let (ns, asked) = (self.store.ns, account.to_owned());
        let bodies = self.read(move |sql| Ok(witnesses::all(sql, ns, &asked)?)).await?;
        let read = bodies.iter().map(|body| row::from_json(account, body.as_bytes()));
        Ok(read.filter_map(|witness| self.unreadable.skip(witness)).collect())
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        let (ns, key, task) = (self.store.ns, key.to_string(), task_id.to_owned());
        self.write(move |tx| Ok(proposals::add(tx, ns, &key, round, &task, keep_for)?)).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        let (ns, key) = (self.store.ns, key.to_string());
        self.read(move |sql| Ok(proposals::of(sql, ns, &key, round, row::now())?)).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        let (ns, task, key) = (self.store.ns, task.clone(), key.to_string());
        let keep_for = self.store.retention.saturating_add(TASK_SLACK);
        self.fenced(fence, move |tx| {
            Ok(proposals::claim_task(tx, ns, &task, &key, round, keep_for)?)
        })
        .await
    }
}

#[async_trait]
impl Ledger for FileLedger {
    async fn check(&self) -> Result<(), LedgerError> {
        let checked = self.store.check().await;
        checked.map_err(|error| Failure::<LedgerError>::Store(error).into())
    }
}
