use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use job::{EventKind, JobKey, Record, State, Timestamp};
use ports::{
    AccountTask, Claimed, Created, Fence, Following, Generation, HeldPermit, Ledger, LedgerError,
    Limits, ListFilter, OutboxEntry, OutboxId, Pause, Permit, PermitReturn, Permitted, Standing,
    Stored, Swapped, Witness, Write,
};

use crate::Meter;
use crate::families::Trace;
use crate::label::{NONE, Word, operation};
use crate::meter::took;
use crate::reading::Reading;

pub(crate) struct Metered {
    inner: Arc<dyn Ledger>,
    meter: Meter,
}

impl Metered {
    pub(crate) fn new(inner: Arc<dyn Ledger>, meter: Meter) -> Self {
        Self { inner, meter }
    }

    async fn call<T>(
        &self,
        name: &'static str,
        calling: impl Future<Output = Result<T, LedgerError>>,
    ) -> Result<T, LedgerError> {
        let since = Instant::now();
        let answer = calling.await;
        let families = self.meter.families();
        took(&families.call_duration, "call", name.into(), since);
        let labels = [("call", name.into()), ("result", result(&answer).into())];
        families.calls.get_or_create(&labels).inc();
        answer
    }

    /// What a write was about, before it is given away.
    fn read(&self, write: &Write) -> Option<News> {
        let reading = Reading::of(write)?;
        let record = &write.record;
        let operation = operation(&record.operation);
        let model = record.model.as_deref();
        let model = model.map_or(NONE, |model| self.meter.inner().models.word(model));
        let trace = record.trace_id().map(|id| [("trace_id", id.to_owned())]);
        Some(News { reading, operation, model, trace })
    }

    fn count(&self, news: Option<News>) {
        let Some(News { reading, operation, model, trace }) = news else {
            return;
        };
        let families = self.meter.families();
        match reading {
            Reading::Submitted { queued } => {
                let labels = [("operation", operation), ("model", model)];
                families.submitted.get_or_create(&labels).inc();
                self.phase("queue", queued, trace);
            }
            Reading::InDoubt => {
                families.in_doubt.get_or_create(&[("operation", operation)]).inc();
            }
            Reading::Completed { outcome, whole, generating, units } => {
                if let Some(units) = units {
                    let labels = [("operation", operation.clone()), ("model", model.clone())];
                    families.units.get_or_create(&labels).inc_by(units);
                }
                self.phase("generate", generating, trace.clone());
                self.completed(outcome, operation, model, whole, trace);
            }
        }
    }

    fn completed(
        &self,
        outcome: EventKind,
        operation: Word,
        model: Word,
        whole: Option<f64>,
        trace: Option<Trace>,
    ) {
        let families = self.meter.families();
        let outcome: Word = outcome.word().into();
        if let Some(seconds) = whole {
            let labels = [("operation", operation.clone()), ("outcome", outcome.clone())];
            families.duration.get_or_create(&labels).observe(seconds, trace, None);
        }
        let labels = [("operation", operation), ("model", model), ("outcome", outcome)];
        families.completed.get_or_create(&labels).inc();
    }

    fn phase(&self, phase: &'static str, seconds: Option<f64>, trace: Option<Trace>) {
        if let Some(seconds) = seconds {
            let labels = [("phase", phase.into())];
            self.meter.families().phase.get_or_create(&labels).observe(seconds, trace, None);
        }
    }

    fn claimed(&self, claimed: &Claimed<Stored>) {
        let families = self.meter.families();
        let since = |then: Timestamp| {
            let millis = claimed.now.as_millis() - then.as_millis();
            Duration::from_millis(u64::try_from(millis).unwrap_or(0)).as_secs_f64()
        };
        for Stored { record, .. } in &claimed.items {
            families.looks.get_or_create(&[("state", record.state.word().into())]).inc();
            let State::Pending { next_look, .. } = record.state else {
                continue;
            };
            families.due_lag.observe(since(next_look));
            families.task_age.observe(since(record.submitted_at.unwrap_or(record.created_at)));
        }
    }
}

/// What a write says, in words of labels.
struct News {
    reading: Reading,
    operation: Word,
    model: Word,
    trace: Option<Trace>,
}

fn result<T>(answer: &Result<T, LedgerError>) -> &'static str {
    answer.as_ref().map_or_else(LedgerError::word, |_| "ok")
}

fn permitted(answer: Permitted) -> &'static str {
    match answer {
        Permitted::Granted => "granted",
        Permitted::AtLimit { .. } => "at_limit",
        Permitted::DayOver { .. } => "day_over",
    }
}

#[async_trait]
impl Ledger for Metered {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        self.call("join", self.inner.join(began_at, lease)).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        let standing = self.call("renew", self.inner.renew(fence, lease)).await;
        if let Ok(Standing { now, opens_at }) = &standing {
            let open = opens_at.is_some_and(|at| at <= *now);
            self.meter.families().open.set(open.into());
        }
        standing
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        self.call("leave", self.inner.leave(fence)).await
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        self.call("generation", self.inner.generation()).await
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.call("opens_at", self.inner.opens_at()).await
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        self.call("distrust", self.inner.distrust()).await
    }

    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError> {
        let following = self.call("follow", self.inner.follow(fence)).await;
        self.meter.lead(matches!(following, Ok(Some(_))));
        following
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError> {
        self.call("followed", self.inner.followed(fence, next)).await
    }

    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError> {
        self.call("lost", self.inner.lost(fence)).await
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError> {
        self.call("open", self.inner.open(fence, at)).await
    }

    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        self.call("revisions", self.inner.revisions(keys)).await
    }

    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError> {
        let news = self.read(&write);
        let created = self.call("create", self.inner.create(fence, write)).await?;
        if matches!(created, Created::New) {
            self.count(news);
        }
        Ok(created)
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        self.call("load", self.inner.load(key)).await
    }

    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        self.call("load_whole", self.inner.load_whole(key)).await
    }

    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError> {
        let news = self.read(&write);
        let swapped = self.call("swap", self.inner.swap(fence, expected, write)).await?;
        if matches!(swapped, Swapped::Done(_)) {
            self.count(news);
        }
        Ok(swapped)
    }

    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        let claimed = self.call("claim_due", self.inner.claim_due(fence, limit, lease)).await?;
        self.claimed(&claimed);
        Ok(claimed)
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        self.call("look_now", self.inner.look_now(key)).await
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        self.call("propose", self.inner.propose(key, round, task_id, keep_for)).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        self.call("proposals", self.inner.proposals(key, round)).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        self.call("claim_task", self.inner.claim_task(fence, task, key, round)).await
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        self.call("claim_outbox", self.inner.claim_outbox(fence, limit, lease)).await
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        self.call("announced", self.inner.announced(fence, ids)).await
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        self.call("postpone", self.inner.postpone(fence, id, wait)).await
    }

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError> {
        let taking = self.inner.take_permit(fence, permit, limits);
        let answer = self.call("take_permit", taking).await?;
        let labels = [("pool", permit.pool.clone().into()), ("result", permitted(answer).into())];
        self.meter.families().permit_requests.get_or_create(&labels).inc();
        Ok(answer)
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        self.call("give_permits", self.inner.give_permits(fence, returns)).await
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        self.call("take_turn", self.inner.take_turn(fence, pool, lasts)).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        self.call("end_turn", self.inner.end_turn(fence, pool)).await
    }

    async fn used(&self, pool: &str) -> Result<u32, LedgerError> {
        self.call("used", self.inner.used(pool)).await
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        self.call("permits", self.inner.permits(pool)).await
    }

    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        self.call("pause", self.inner.pause(account, pause)).await
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        self.call("paused", self.inner.paused(account)).await
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        self.call("resume", self.inner.resume(account)).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        self.call("witness", self.inner.witness(account, witness)).await
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        self.call("witnesses", self.inner.witnesses(account)).await
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError> {
        self.call("list", self.inner.list(filter)).await
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        self.call("visit", self.inner.visit(filter, visit)).await
    }

    async fn check(&self) -> Result<(), LedgerError> {
        self.call("check", self.inner.check()).await
    }

    async fn warnings(&self) -> Result<Vec<String>, LedgerError> {
        self.inner.warnings().await
    }
}
