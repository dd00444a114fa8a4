use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, Timestamp};
use ports::{
    AccountTask, Claimed, Created, Fence, Following, Generation, HeldPermit, Ledger, LedgerError,
    Limits, ListFilter, OutboxEntry, OutboxId, Pause, Permit, PermitReturn, Permitted, Standing,
    Stored, Swapped, Witness, Write,
};

use super::around;
use super::effect::Effect;

/// What only reads has no points: a death there leaves nothing half done. Nor has what only
/// people do, one command at a time (`resume`, `distrust`).
pub(super) struct Crashing {
    inner: Arc<dyn Ledger>,
}

impl Crashing {
    pub(super) fn new(inner: Arc<dyn Ledger>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl Ledger for Crashing {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        around(Effect::Join, self.inner.join(began_at, lease)).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        around(Effect::Renew, self.inner.renew(fence, lease)).await
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        around(Effect::Leave, self.inner.leave(fence)).await
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        self.inner.generation().await
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.inner.opens_at().await
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        self.inner.distrust().await
    }

    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError> {
        around(Effect::Follow, self.inner.follow(fence)).await
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError> {
        around(Effect::Followed, self.inner.followed(fence, next)).await
    }

    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError> {
        around(Effect::Lost, self.inner.lost(fence)).await
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError> {
        around(Effect::Open, self.inner.open(fence, at)).await
    }

    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        self.inner.revisions(keys).await
    }

    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError> {
        around(Effect::Create, self.inner.create(fence, write)).await
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        self.inner.load(key).await
    }

    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        self.inner.load_whole(key).await
    }

    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError> {
        around(Effect::Swap, self.inner.swap(fence, expected, write)).await
    }

    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        around(Effect::ClaimDue, self.inner.claim_due(fence, limit, lease)).await
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        around(Effect::LookNow, self.inner.look_now(key)).await
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        around(Effect::Propose, self.inner.propose(key, round, task_id, keep_for)).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        self.inner.proposals(key, round).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        around(Effect::ClaimTask, self.inner.claim_task(fence, task, key, round)).await
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        around(Effect::ClaimOutbox, self.inner.claim_outbox(fence, limit, lease)).await
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        around(Effect::Announced, self.inner.announced(fence, ids)).await
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        around(Effect::Postpone, self.inner.postpone(fence, id, wait)).await
    }

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError> {
        around(Effect::TakePermit, self.inner.take_permit(fence, permit, limits)).await
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        around(Effect::GivePermits, self.inner.give_permits(fence, returns)).await
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        around(Effect::TakeTurn, self.inner.take_turn(fence, pool, lasts)).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        around(Effect::EndTurn, self.inner.end_turn(fence, pool)).await
    }

    async fn used(&self, pool: &str) -> Result<u32, LedgerError> {
        self.inner.used(pool).await
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        self.inner.permits(pool).await
    }

    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        around(Effect::Pause, self.inner.pause(account, pause)).await
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        self.inner.paused(account).await
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        self.inner.resume(account).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        self.inner.witness(account, witness).await
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        self.inner.witnesses(account).await
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError> {
        self.inner.list(filter).await
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        self.inner.visit(filter, visit).await
    }

    async fn check(&self) -> Result<(), LedgerError> {
        self.inner.check().await
    }

    async fn warnings(&self) -> Result<Vec<String>, LedgerError> {
        self.inner.warnings().await
    }
}
