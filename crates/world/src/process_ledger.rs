//! The ledger as one process sees it: slow, away at times, and silent once the process is dead.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, Timestamp};
use ports::{
    AccountTask, Claimed, Created, Fence, Following, Generation, HeldPermit, Ledger, LedgerError,
    Limits, ListFilter, OutboxEntry, OutboxId, Pause, Permit, PermitReturn, Permitted, Standing,
    Stored, Swapped, Witness, Write,
};

use crate::life::{Life, Weight};
use crate::told::{Told, words};
use crate::weather::{Far, Fate};

pub(crate) struct ProcessLedger {
    pub(crate) life: Arc<Life>,
    pub(crate) inner: Arc<dyn Ledger>,
}

type Answer<T> = Result<T, LedgerError>;

impl ProcessLedger {
    async fn call<T: Told>(
        &self,
        name: &str,
        weight: Weight,
        about: impl AsRef<str>,
        work: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let life = &self.life;
        life.before(name, weight).await;
        let fate = life.weather.fate(Far::Ledger, life.weather.rates().ledger, &life.chance);
        let answer = match fate {
            Fate::NoEffect => Err(silence()),
            Fate::Fine | Fate::NoAnswer => work.await,
        };
        let nothing = answer.as_ref().is_ok_and(Told::is_nothing);
        let weight = if nothing || fate == Fate::NoEffect { Weight::Idle } else { weight };
        let told = answer.as_ref().map_or_else(ToString::to_string, Told::told);
        let heard = if fate == Fate::NoAnswer { " (unheard)" } else { "" };
        let about = about.as_ref();
        life.after(name, weight, format!("{about} -> {told}{heard}")).await;
        match fate {
            Fate::Fine => answer,
            Fate::NoEffect | Fate::NoAnswer => {
                life.trace.fault("ledger silent");
                Err(silence())
            }
        }
    }
}

fn silence() -> LedgerError {
    LedgerError::Unavailable("no answer".to_owned())
}

fn ids(ids: &[OutboxId]) -> String {
    ids.iter().map(|id| id.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn returns(returns: &[PermitReturn]) -> String {
    let each = returns
        .iter()
        .map(|back| format!("{}#{}@{} {}", back.key, back.round, back.revision, back.unspent));
    each.collect::<Vec<_>>().join(", ")
}

#[async_trait]
impl Ledger for ProcessLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Answer<Fence> {
        self.call("join", Weight::Effect, "", self.inner.join(began_at, lease)).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Answer<Standing> {
        self.call("renew", Weight::Idle, &fence.owner, self.inner.renew(fence, lease)).await
    }

    async fn leave(&self, fence: &Fence) -> Answer<()> {
        self.call("leave", Weight::Effect, &fence.owner, self.inner.leave(fence)).await
    }

    async fn generation(&self) -> Answer<Option<Generation>> {
        self.call("generation", Weight::Idle, "", self.inner.generation()).await
    }

    async fn opens_at(&self) -> Answer<Option<Timestamp>> {
        self.call("opens_at", Weight::Idle, "", self.inner.opens_at()).await
    }

    async fn distrust(&self) -> Answer<()> {
        self.call("distrust", Weight::Effect, "", self.inner.distrust()).await
    }

    async fn follow(&self, fence: &Fence) -> Answer<Option<Following>> {
        self.call("follow", Weight::Idle, &fence.owner, self.inner.follow(fence)).await
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Answer<()> {
        let work = self.inner.followed(fence, next);
        self.call("followed", Weight::Effect, next.to_string(), work).await
    }

    async fn lost(&self, fence: &Fence) -> Answer<()> {
        self.call("lost", Weight::Effect, "", self.inner.lost(fence)).await
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Answer<()> {
        self.call("open", Weight::Effect, at.to_string(), self.inner.open(fence, at)).await
    }

    async fn revisions(&self, keys: &[JobKey]) -> Answer<Vec<Option<u64>>> {
        self.call("revisions", Weight::Idle, "", self.inner.revisions(keys)).await
    }

    async fn create(&self, fence: &Fence, write: Write) -> Answer<Created> {
        let about = words(&write.record);
        self.call("create", Weight::Effect, about, self.inner.create(fence, write)).await
    }

    async fn load(&self, key: &JobKey) -> Answer<Option<Stored>> {
        self.call("load", Weight::Idle, key.to_string(), self.inner.load(key)).await
    }

    async fn load_whole(&self, key: &JobKey) -> Answer<Option<Stored>> {
        let work = self.inner.load_whole(key);
        self.call("load_whole", Weight::Idle, key.to_string(), work).await
    }

    async fn swap(&self, fence: &Fence, expected: u64, write: Write) -> Answer<Swapped> {
        let about = format!("{} over @{expected}", words(&write.record));
        self.call("swap", Weight::Effect, about, self.inner.swap(fence, expected, write)).await
    }

    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Answer<Claimed<Stored>> {
        let work = self.inner.claim_due(fence, limit, lease);
        self.call("claim_due", Weight::Taking, "", work).await
    }

    async fn look_now(&self, key: &JobKey) -> Answer<()> {
        self.call("look_now", Weight::Effect, key.to_string(), self.inner.look_now(key)).await
    }

    async fn propose(&self, key: &JobKey, round: u32, task: &str, keep: Duration) -> Answer<()> {
        let about = format!("{key}#{round} {task}");
        let work = self.inner.propose(key, round, task, keep);
        self.call("propose", Weight::Effect, about, work).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Answer<Vec<String>> {
        let work = self.inner.proposals(key, round);
        self.call("proposals", Weight::Idle, format!("{key}#{round}"), work).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Answer<bool> {
        let about = format!("{} {key}#{round}", task.id);
        let work = self.inner.claim_task(fence, task, key, round);
        self.call("claim_task", Weight::Effect, about, work).await
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Answer<Claimed<OutboxEntry>> {
        let work = self.inner.claim_outbox(fence, limit, lease);
        self.call("claim_outbox", Weight::Taking, "", work).await
    }

    async fn announced(&self, fence: &Fence, said: &[OutboxId]) -> Answer<()> {
        self.call("announced", Weight::Effect, ids(said), self.inner.announced(fence, said)).await
    }

    async fn postpone(&self, fence: &Fence, id: &OutboxId, wait: Duration) -> Answer<()> {
        self.call("postpone", Weight::Effect, &id.id, self.inner.postpone(fence, id, wait)).await
    }

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Answer<Permitted> {
        let about = format!("{}#{}", permit.key, permit.round);
        let work = self.inner.take_permit(fence, permit, limits);
        self.call("take_permit", Weight::Effect, about, work).await
    }

    async fn give_permits(&self, fence: &Fence, back: &[PermitReturn]) -> Answer<()> {
        let work = self.inner.give_permits(fence, back);
        self.call("give_permits", Weight::Effect, returns(back), work).await
    }

    async fn take_turn(&self, fence: &Fence, pool: &str, lasts: Duration) -> Answer<bool> {
        self.call("take_turn", Weight::Idle, pool, self.inner.take_turn(fence, pool, lasts)).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Answer<()> {
        self.call("end_turn", Weight::Idle, pool, self.inner.end_turn(fence, pool)).await
    }

    async fn used(&self, pool: &str) -> Answer<u32> {
        self.call("used", Weight::Idle, pool, self.inner.used(pool)).await
    }

    async fn permits(&self, pool: &str) -> Answer<Vec<HeldPermit>> {
        self.call("permits", Weight::Idle, pool, self.inner.permits(pool)).await
    }

    async fn pause(&self, account: &str, pause: &Pause) -> Answer<()> {
        self.call("pause", Weight::Effect, account, self.inner.pause(account, pause)).await
    }

    async fn paused(&self, account: &str) -> Answer<Option<Pause>> {
        self.call("paused", Weight::Idle, account, self.inner.paused(account)).await
    }

    async fn resume(&self, account: &str) -> Answer<()> {
        self.call("resume", Weight::Effect, account, self.inner.resume(account)).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Answer<()> {
        self.call("witness", Weight::Effect, account, self.inner.witness(account, witness)).await
    }

    async fn witnesses(&self, account: &str) -> Answer<Vec<Witness>> {
        self.call("witnesses", Weight::Idle, account, self.inner.witnesses(account)).await
    }

    async fn list(&self, filter: &ListFilter) -> Answer<Vec<Record>> {
        self.call("list", Weight::Idle, "", self.inner.list(filter)).await
    }

    async fn check(&self) -> Answer<()> {
        self.call("check", Weight::Idle, "", self.inner.check()).await
    }
}
