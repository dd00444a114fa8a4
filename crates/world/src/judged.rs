//! The stores' doors with the judge beside them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Lane, Record, Timestamp};
use ports::{
    AccountTask, Broker, BrokerError, Claimed, Created, Deliveries, Delivery, Destination, Fence,
    Following, Generation, HeldPermit, Ledger, LedgerError, Limits, ListFilter, Message,
    OutboxEntry, OutboxId, Pause, Permit, PermitReturn, Permitted, PublishError, Source, Standing,
    Stored, Swapped, Witness, Write,
};

use crate::judge::Judge;

pub(crate) struct JudgedLedger {
    pub(crate) judge: Arc<Judge>,
    pub(crate) inner: Arc<dyn Ledger>,
}

type Answer<T> = Result<T, LedgerError>;

impl JudgedLedger {
    /// Refused it must be, if the voice is late.
    fn heard<T>(&self, name: &str, about: &str, might: bool, answer: Answer<T>) -> Answer<T> {
        if !might {
            self.judge.late(name, about, answer.is_err());
        }
        answer
    }
}

#[async_trait]
impl Ledger for JudgedLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Answer<Fence> {
        self.inner.join(began_at, lease).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Answer<Standing> {
        let might = self.judge.may_write(fence);
        self.heard("renew", &fence.owner, might, self.inner.renew(fence, lease).await)
    }

    async fn leave(&self, fence: &Fence) -> Answer<()> {
        self.inner.leave(fence).await
    }

    async fn generation(&self) -> Answer<Option<Generation>> {
        self.inner.generation().await
    }

    async fn opens_at(&self) -> Answer<Option<Timestamp>> {
        self.inner.opens_at().await
    }

    async fn distrust(&self) -> Answer<()> {
        self.inner.distrust().await
    }

    async fn follow(&self, fence: &Fence) -> Answer<Option<Following>> {
        let might = self.judge.may_write(fence);
        self.heard("follow", &fence.owner, might, self.inner.follow(fence).await)
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Answer<()> {
        let might = self.judge.may_write(fence);
        self.heard("followed", &fence.owner, might, self.inner.followed(fence, next).await)
    }

    async fn lost(&self, fence: &Fence) -> Answer<()> {
        let might = self.judge.may_write(fence);
        self.heard("lost", &fence.owner, might, self.inner.lost(fence).await)
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Answer<()> {
        let might = self.judge.may_write(fence);
        self.heard("open", &fence.owner, might, self.inner.open(fence, at).await)
    }

    async fn revisions(&self, keys: &[JobKey]) -> Answer<Vec<Option<u64>>> {
        self.inner.revisions(keys).await
    }

    async fn create(&self, fence: &Fence, write: Write) -> Answer<Created> {
        let might = self.judge.may_write(fence);
        let settles = self.judge.intends(&write.record);
        let answer = self.inner.create(fence, write.clone()).await;
        if matches!(answer, Ok(Created::New)) {
            self.judge.written(fence, &write, settles);
        }
        self.heard("create", &write.record.key.to_string(), might, answer)
    }

    async fn load(&self, key: &JobKey) -> Answer<Option<Stored>> {
        self.inner.load(key).await
    }

    async fn load_whole(&self, key: &JobKey) -> Answer<Option<Stored>> {
        self.inner.load_whole(key).await
    }

    async fn swap(&self, fence: &Fence, expected: u64, write: Write) -> Answer<Swapped> {
        let might = self.judge.may_write(fence);
        let key = write.record.key.clone();
        let settles = self.judge.intends(&write.record);
        let there = self.judge.version(&key);
        let answer = self.inner.swap(fence, expected, write.clone()).await;
        if matches!(answer, Ok(Swapped::Done(_))) {
            self.judge.written(fence, &write, settles);
            if there != Some(expected) {
                self.judge.accuse(format!("{key} was swapped over a version unseen"));
            }
        }
        self.heard("swap", &key.to_string(), might, answer)
    }

    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Answer<Claimed<Stored>> {
        let might = self.judge.may_write(fence);
        self.heard("claim_due", "", might, self.inner.claim_due(fence, limit, lease).await)
    }

    async fn look_now(&self, key: &JobKey) -> Answer<()> {
        self.inner.look_now(key).await
    }

    async fn propose(&self, key: &JobKey, round: u32, task: &str, keep: Duration) -> Answer<()> {
        self.inner.propose(key, round, task, keep).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Answer<Vec<String>> {
        self.inner.proposals(key, round).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Answer<bool> {
        let might = self.judge.may_write(fence);
        let answer = self.inner.claim_task(fence, task, key, round).await;
        self.heard("claim_task", &task.id, might, answer)
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Answer<Claimed<OutboxEntry>> {
        let might = self.judge.may_write(fence);
        self.heard("claim_outbox", "", might, self.inner.claim_outbox(fence, limit, lease).await)
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Answer<()> {
        let might = self.judge.may_write(fence);
        self.heard("announced", "", might, self.inner.announced(fence, ids).await)
    }

    async fn postpone(&self, fence: &Fence, id: &OutboxId, wait: Duration) -> Answer<()> {
        let might = self.judge.may_write(fence);
        self.heard("postpone", &id.id, might, self.inner.postpone(fence, id, wait).await)
    }

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Answer<Permitted> {
        let might = self.judge.may_write(fence);
        let answer = self.inner.take_permit(fence, permit, limits).await;
        self.heard("take_permit", &permit.key.to_string(), might, answer)
    }

    async fn give_permits(&self, fence: &Fence, back: &[PermitReturn]) -> Answer<()> {
        let might = self.judge.may_write(fence);
        self.heard("give_permits", "", might, self.inner.give_permits(fence, back).await)
    }

    async fn take_turn(&self, fence: &Fence, pool: &str, lasts: Duration) -> Answer<bool> {
        self.inner.take_turn(fence, pool, lasts).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Answer<()> {
        self.inner.end_turn(fence, pool).await
    }

    async fn used(&self, pool: &str) -> Answer<u32> {
        self.inner.used(pool).await
    }

    async fn permits(&self, pool: &str) -> Answer<Vec<HeldPermit>> {
        self.inner.permits(pool).await
    }

    async fn pause(&self, account: &str, pause: &Pause) -> Answer<()> {
        self.inner.pause(account, pause).await
    }

    async fn paused(&self, account: &str) -> Answer<Option<Pause>> {
        self.inner.paused(account).await
    }

    async fn resume(&self, account: &str) -> Answer<()> {
        self.inner.resume(account).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Answer<()> {
        self.inner.witness(account, witness).await
    }

    async fn witnesses(&self, account: &str) -> Answer<Vec<Witness>> {
        self.inner.witnesses(account).await
    }

    async fn list(&self, filter: &ListFilter) -> Answer<Vec<Record>> {
        self.inner.list(filter).await
    }

    async fn check(&self) -> Answer<()> {
        self.inner.check().await
    }
}

pub(crate) struct JudgedBroker {
    pub(crate) judge: Arc<Judge>,
    pub(crate) inner: Arc<dyn Broker>,
}

#[async_trait]
impl Broker for JudgedBroker {
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        self.judge.published(to, &message);
        self.inner.publish(to, message).await
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        self.inner.consume(source, prefetch).await
    }

    async fn take(&self, lane: Lane) -> Result<Option<Delivery>, BrokerError> {
        self.inner.take(lane).await
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        self.inner.depth(source).await
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        self.inner.is_read(source).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        self.inner.check().await
    }
}
