//! What happened goes into the ledger, then the journal; only then is the delivery settled.

use std::sync::Arc;
use std::time::Duration;

use job::{Effect, Fact, LateAnswer, Record, Step, late_answer, transition};
use ports::{
    AccountTask, Created, Destination, Fence, LedgerError, Limits, Pause, Permit, PermitReturn,
    Stored, Swapped, Write, journal_message,
};

use crate::ending::{Ending, Trouble};
use crate::shared::Shared;

/// A record as we last saw or wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) record: Record,
    /// Means nothing in another generation of the ledger, which counts anew.
    pub(crate) version: u64,
    /// Under which it was seen.
    pub(crate) fence: Arc<Fence>,
}

pub(crate) struct Settler<'a> {
    pub(crate) shared: &'a Shared,
}

/// Between tries to reach a store with something that must not be lost.
pub(crate) const AGAIN: Duration = Duration::from_millis(200);

impl Settler<'_> {
    pub(crate) fn write(&self, step: &Step) -> Result<Write, LedgerError> {
        self.shared.announcer.write(step, self.shared.clock.now(), Duration::ZERO)
    }

    /// The first record of a job that is not going to be submitted now.
    pub(crate) async fn begin(&self, record: Record, fact: Fact) -> Result<Ending, Trouble> {
        let Some(step) = self.step(record, &fact) else {
            return Ok(Ending::Ack);
        };
        let fence = self.shared.session.fence();
        match self.shared.ledger.create(&fence, self.write(&step)?).await? {
            Created::New => self.finish(step).await,
            Created::Exists(_) => Ok(Ending::elsewhere()),
        }
    }

    /// A fact about a record that somebody else may be changing too: once, or later.
    /// `fence`: under which it was read.
    pub(crate) async fn conclude(
        &self,
        fence: &Fence,
        stored: Stored,
        fact: Fact,
    ) -> Result<Ending, Trouble> {
        let Some(step) = self.step(stored.record, &fact) else {
            return Ok(Ending::Ack);
        };
        match self.shared.ledger.swap(fence, stored.version, self.write(&step)?).await? {
            Swapped::Done(_) => self.finish(step).await,
            Swapped::Stale(_) => Ok(Ending::elsewhere()),
        }
    }

    /// What a POST told must reach the ledger, however long that takes: it was paid for. What
    /// it may still say about the record that is there by then is decided by [`late_answer`].
    pub(crate) async fn record(&self, intent: Known, fact: Fact) -> Result<Ending, Trouble> {
        let mut present = intent.clone();
        let mut journaled = false;
        loop {
            // What was put back from before the intent is written over with what we know.
            fill(&mut present.record, &intent.record);
            let forgot = present.record.is_from_before(&intent.record);
            if forgot {
                present.record = intent.record.clone();
            }
            let fact = match late_answer(&intent.record, &present.record, &fact) {
                LateAnswer::Apply => fact.clone(),
                LateAnswer::SecondTask(task_id) => Fact::Strayed { task_id },
                LateAnswer::Unknown(cause) => Fact::OwnerLost { cause },
                LateAnswer::Ignore => {
                    return self.overtaken(&intent.record, &present.record, &fact).await;
                }
            };
            let Some(step) = self.step(present.record.clone(), &fact) else {
                return self.overtaken(&intent.record, &present.record, &fact).await;
            };
            match self.try_write(&present, &step, forgot).await {
                Tried::Written => return self.finish(step).await,
                Tried::Found(found) => present = *found,
                Tried::NotNow(error) => {
                    tracing::warn!(%error, "not recorded yet");
                    // Until the ledger is back, the journal alone knows what was paid for. It
                    // must not look newer than what others have written since.
                    let unwritten = Record { revision: present.record.revision + 1, ..step.record };
                    if !journaled {
                        journaled = self.journal(&unwritten).await.is_ok();
                    }
                    // Waiting does not make a record readable; the journal has what was paid for.
                    if journaled && is_of_one_record(&error) {
                        return Err(error.into());
                    }
                    if !self.wait(AGAIN).await {
                        self.journal(&unwritten).await?;
                        return Err(abandoned(&error));
                    }
                }
            }
        }
    }

    async fn try_write(&self, present: &Known, step: &Step, forgot: bool) -> Tried {
        let fence = self.shared.session.fence();
        let written = match present.fence.generation == fence.generation {
            true if forgot => self.over(&fence, present.version, step).await,
            true => self.swap(&fence, present.version, step).await,
            // Its versions tell nothing there: what it holds must be read first.
            false => {
                let there = self.shared.ledger.load(&present.record.key).await;
                there.map(|there| Swapped::Stale(there.map(Box::new)))
            }
        };
        match written {
            Ok(Swapped::Done(_)) => Tried::Written,
            Ok(Swapped::Stale(Some(stored))) => Tried::found(*stored, fence),
            // The ledger forgot it: what we know is written anew.
            Ok(Swapped::Stale(None)) => match self.anew(&fence, step).await {
                Ok(Created::New) => Tried::Written,
                Ok(Created::Exists(stored)) => Tried::found(*stored, fence),
                Err(error) => Tried::NotNow(error),
            },
            Err(error) => Tried::NotNow(error),
        }
    }

    async fn anew(&self, fence: &Fence, step: &Step) -> Result<Created, LedgerError> {
        self.regain(fence, &step.record).await?;
        self.shared.ledger.create(fence, self.write(step)?).await
    }

    async fn over(&self, fence: &Fence, version: u64, step: &Step) -> Result<Swapped, LedgerError> {
        self.regain(fence, &step.record).await?;
        self.swap(fence, version, step).await
    }

    async fn swap(&self, fence: &Fence, version: u64, step: &Step) -> Result<Swapped, LedgerError> {
        self.shared.ledger.swap(fence, version, self.write(step)?).await
    }

    /// The slot was forgotten with the record. Taken whatever the limit says: it is in use.
    async fn regain(&self, fence: &Fence, record: &Record) -> Result<(), LedgerError> {
        match record.holds_permit(record.round) {
            true => self.hold(fence, record).await,
            false => Ok(()),
        }
    }

    /// Takes the slot of a task that may be running without one.
    pub(crate) async fn hold(&self, fence: &Fence, record: &Record) -> Result<(), LedgerError> {
        let Some(permit) = Permit::of(record) else {
            return Ok(());
        };
        self.shared.ledger.take_permit(fence, &permit, &Limits::default()).await.map(drop)
    }

    /// The record has moved on without us: usually our own write landed and its answer was
    /// lost. Then what followed from it was not done either.
    async fn overtaken(
        &self,
        intent: &Record,
        present: &Record,
        fact: &Fact,
    ) -> Result<Ending, Trouble> {
        let refused = matches!(
            fact,
            Fact::PutOff { .. }
                | Fact::NotSent { .. }
                | Fact::PathRefused { .. }
                | Fact::Refused { .. }
        );
        if refused && present.round == intent.round && !present.holds_permit(intent.round) {
            let effect = Effect::ReleasePermit { round: intent.round, unspent: true };
            self.release(&Step { record: present.clone(), effects: vec![effect] }).await;
        }
        self.journal(present).await?;
        Ok(Ending::of(present, self.shared.clock.jitter()))
    }

    /// Known already: make sure that the journal knows it too, and be done.
    pub(crate) async fn duplicate(&self, record: &Record) -> Result<Ending, Trouble> {
        self.journal(record).await?;
        Ok(Ending::Ack)
    }

    async fn finish(&self, step: Step) -> Result<Ending, Trouble> {
        tracing::info!(
            state = step.record.state.word(),
            round = step.record.round,
            task = step.record.task_id.as_deref(),
            "{}",
            last_word(&step.record)
        );
        self.release(&step).await;
        let (journaled, ()) = tokio::join!(self.journal(&step.record), self.own(&step.record));
        match journaled {
            Ok(()) => Ok(Ending::of(&step.record, self.shared.clock.jitter())),
            Err(Trouble::Broker(error)) => {
                Err(Trouble::Unjournaled { record: Box::new(step.record), error })
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Where callbacks propose tasks, nobody else's task may be taken for one of ours: it is
    /// known whose each is.
    async fn own(&self, record: &Record) {
        let (Some(_), Some(task)) = (&self.shared.settings.callback, &record.task_id) else {
            return;
        };
        let task = AccountTask { account: record.account.clone(), id: task.clone() };
        let (fence, key) = (self.shared.session.fence(), &record.key);
        match self.shared.ledger.claim_task(&fence, &task, key, record.round).await {
            Ok(true) => {}
            Ok(false) => tracing::error!(task = task.id, "the task is another job's"),
            Err(error) => tracing::warn!(%error, "not noted whose the task is"),
        }
    }

    /// A permit that stays behind is found by the reconciler.
    async fn release(&self, step: &Step) {
        let returns = PermitReturn::of(step);
        if returns.is_empty() {
            return;
        }
        let fence = self.shared.session.fence();
        if let Err(error) = self.shared.ledger.give_permits(&fence, &returns).await {
            tracing::warn!(%error, "a permit was not given back yet");
        }
    }

    pub(crate) async fn journal(&self, record: &Record) -> Result<(), Trouble> {
        let fence = self.shared.session.fence();
        let line = journal_message(&fence.generation, self.shared.clock.now(), record, None)?;
        Ok(self.shared.broker.publish(&Destination::Journal, line).await?)
    }

    pub(crate) async fn pause_account(&self, why: &str) {
        let now = self.shared.clock.now();
        let until = now + self.shared.settings.account_rest;
        let pause = Pause { reason: why.to_owned(), since: now, until };
        tracing::warn!(
            account = self.shared.settings.account,
            why,
            "the account is paused for all"
        );
        if let Err(error) = self.shared.ledger.pause(&self.shared.settings.account, &pause).await {
            tracing::warn!(%error, "the account's pause was not recorded");
        }
    }

    fn step(&self, record: Record, fact: &Fact) -> Option<Step> {
        let moment = self.shared.clock.moment();
        match transition(record, fact.clone(), moment, &self.shared.settings.rules) {
            Ok(step) => Some(step),
            Err(illegal) => {
                tracing::debug!(%illegal, "overtaken");
                None
            }
        }
    }

    /// `false` once the worker must stop waiting.
    pub(crate) async fn wait(&self, rest: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.shared.abandon.cancelled() => false,
            () = self.shared.clock.sleep(rest) => true,
        }
    }
}

/// What the ledger left apart of this job is in our hands.
fn fill(present: &mut Record, intent: &Record) {
    if present.request.is_apart() && present.request_hash == intent.request_hash {
        present.request = intent.request.clone();
    }
}

fn is_of_one_record(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Corrupt { .. } | LedgerError::LeftApart { .. })
}

/// The drain's time is over while a store is away. The POST was made: not a refused write.
fn abandoned(error: &LedgerError) -> Trouble {
    LedgerError::Unavailable(format!("given up while draining: {error}")).into()
}

enum Tried {
    Written,
    Found(Box<Known>),
    NotNow(LedgerError),
}

impl Tried {
    fn found(stored: Stored, fence: Arc<Fence>) -> Self {
        Self::Found(Box::new(Known { record: stored.record, version: stored.version, fence }))
    }
}

fn last_word(record: &Record) -> &str {
    record.history.last().map_or("", |entry| entry.what.as_str())
}
