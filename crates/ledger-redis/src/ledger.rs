use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, Timestamp};
use ports::{
    AccountTask, Accounts, Claimed, Created, Due, Fence, Following, Generation, HeldPermit, Ledger,
    LedgerError, Limits, ListFilter, Members, OutboxEntry, OutboxId, Pause, Permit, PermitReturn,
    Permits, Permitted, Records, Standing, Stored, Swapped, Unreadable, Witness, Write,
};
use redis::Client;
use redis::io::tcp::TcpSettings;
use secrecy::ExposeSecret;

use crate::keys::Keys;
use crate::link::Link;
use crate::{
    Settings, address, claims, durability, following, listing, membership, outbox, permits,
    proposals, records, safety, witnesses,
};

/// The [`Ledger`] on Redis. One connection, shared by all callers, that comes back by itself.
pub struct RedisLedger {
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) retention: Duration,
    pub(crate) allow_unsafe: bool,
    /// Which shard comes first in the next claim, so that small claims reach all.
    pub(crate) turn: AtomicUsize,
    pub(crate) unreadable: Unreadable,
}

impl RedisLedger {
    /// Connects and checks that the server is safe to use; bounded by twice the timeout.
    pub async fn connect(settings: Settings) -> Result<Self, LedgerError> {
        let keys = Keys::new(settings.checked_namespace()?);
        let ledger = Self {
            link: Link::new(client(&settings)?, keys.clone(), settings.timeout),
            keys,
            retention: settings.retention,
            allow_unsafe: settings.allow_unsafe,
            turn: AtomicUsize::new(0),
            unreadable: Unreadable::default(),
        };
        ledger.check().await?;
        Ok(ledger)
    }
}

fn client(settings: &Settings) -> Result<Client, LedgerError> {
    let info = address::read(settings.url.expose_secret())?;
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster; then its choice stands.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let tcp = TcpSettings::default().set_nodelay(true);
    // The error may show the address, and with it the password.
    let malformed = |_| LedgerError::Denied("the ledger's URL cannot be used".to_owned());
    Client::open(info.set_tcp_settings(tcp)).map_err(malformed)
}

#[async_trait]
impl Members for RedisLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        membership::join(self, began_at, lease).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        membership::renew(self, fence, lease).await
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        membership::leave(self, fence).await
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        membership::generation(self).await
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        membership::opens_at(self).await
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        following::distrust(self).await
    }

    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError> {
        following::follow(self, fence).await
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError> {
        following::followed(self, fence, next).await
    }

    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError> {
        following::lost(self, fence).await
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError> {
        following::open(self, fence, at).await
    }
}

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

    async fn list(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError> {
        listing::list(self, filter).await
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        listing::visit(self, filter, visit).await
    }
}

#[async_trait]
impl Due for RedisLedger {
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        claims::due(self, fence, limit, lease).await
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        claims::look_now(self, key).await
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        claims::outbox(self, fence, limit, lease).await
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        outbox::announced(self, fence, ids).await
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        outbox::postpone(self, fence, id, wait).await
    }
}

#[async_trait]
impl Permits for RedisLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError> {
        permits::take(self, fence, permit, limits).await
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        permits::give(self, fence, returns).await
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        permits::take_turn(self, fence, pool, lasts).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        permits::end_turn(self, fence, pool).await
    }

    async fn used(&self, pool: &str) -> Result<u32, LedgerError> {
        permits::used(self, pool).await
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        permits::held(self, pool).await
    }
}

#[async_trait]
impl Accounts for RedisLedger {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        permits::pause(self, account, pause).await
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        permits::paused(self, account).await
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        permits::resume(self, account).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        witnesses::put(self, account, witness).await
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        witnesses::all(self, account).await
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        proposals::propose(self, key, round, task_id, keep_for).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        proposals::of(self, key, round).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        proposals::claim_task(self, fence, task, key, round).await
    }
}

#[async_trait]
impl Ledger for RedisLedger {
    async fn check(&self) -> Result<(), LedgerError> {
        safety::check(self).await
    }

    async fn warnings(&self) -> Result<Vec<String>, LedgerError> {
        durability::warnings(self).await
    }
}
