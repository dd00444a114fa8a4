//! The answer to a POST must reach the ledger, however long that takes: it was paid for.

use std::sync::Arc;
use std::time::Duration;

use job::{Effect, Fact, LateAnswer, Record, Step, late_answer};
use ports::{Fence, LedgerError, Stored};
use tokio_util::sync::CancellationToken;

use crate::announces::Earlier;
use crate::plan::Plan;
use crate::recorder::{Error, Recorder};
use crate::writer::{Written, Wrote};

/// Between tries to write to a store what must not be lost.
pub const STORE_RETRY: Duration = Duration::from_millis(200);

/// A record as it was last seen or written.
#[derive(Clone, Debug)]
pub struct Intent {
    pub record: Record,
    /// Not valid in another generation of the ledger, which counts anew.
    pub version: u64,
    /// The fence under which it was read.
    pub fence: Arc<Fence>,
}

impl Intent {
    fn seen(stored: Stored, fence: Arc<Fence>) -> Self {
        Self { record: stored.record, version: stored.version, fence }
    }
}

/// One try to write.
enum Tried {
    Written(Written),
    Found(Box<Intent>),
    NotNow(LedgerError),
}

impl Recorder {
    /// Records the answer to a POST and returns the present record. `job` decides what the answer
    /// may still change in it. Repeats until the ledger has it, or `abandon` is cancelled: then
    /// only the journal has it.
    pub async fn answer(
        &self,
        intent: Intent,
        fact: Fact,
        abandon: &CancellationToken,
    ) -> Result<Box<Record>, Error> {
        let mut present = intent.clone();
        let mut journaled = false;
        loop {
            let forgot = take_up(&mut present.record, &intent.record);
            let Some(plan) = self.late(&intent.record, &present.record, &fact) else {
                return self.overtaken(&intent.record, &present.record, &fact).await;
            };
            let holds_none = forgot || plan.record().account != present.record.account;
            let error = match self.try_write(&present, &plan, holds_none).await {
                Tried::Written(written) => {
                    return self.follow_up(plan, written, Earlier::Journaled).await;
                }
                Tried::Found(found) => {
                    present = *found;
                    continue;
                }
                Tried::NotNow(error) => error,
            };
            tracing::warn!(%error, "not recorded yet");
            // Until the ledger is back, only the journal has what was paid for. The line must not
            // look newer than later writes of others.
            let unwritten = Record { revision: present.record.revision + 1, ..plan.into_record() };
            if !journaled {
                journaled = self.journal(&unwritten).await.is_ok();
            }
            // Waiting does not make a record readable; the journal has what was paid for.
            if journaled && error.is_of_one_record() {
                return Err(error.into());
            }
            if abandon.run_until_cancelled(self.writer.clock.sleep(STORE_RETRY)).await.is_none() {
                self.journal(&unwritten).await?;
                return Err(abandoned(&error).into());
            }
        }
    }

    /// `None`: the answer changes nothing any more.
    fn late(&self, intent: &Record, present: &Record, fact: &Fact) -> Option<Plan> {
        let answer = late_answer(intent, present, fact);
        let account = answer.account(intent, present).to_owned();
        let fact = match answer {
            LateAnswer::Apply => fact.clone(),
            LateAnswer::SecondTask(task_id) => Fact::Strayed { task_id },
            LateAnswer::Unknown(cause) => Fact::OwnerLost { cause },
            LateAnswer::Ignore => return None,
        };
        let plan = self.writer.plan(present.clone().with_account(&account), fact);
        plan.inspect_err(|illegal| tracing::debug!(%illegal, "overtaken")).ok()
    }

    /// `holds_none`: no slot is held for the record as it is written.
    async fn try_write(&self, present: &Intent, plan: &Plan, holds_none: bool) -> Tried {
        let fence = self.session.fence();
        let wrote = match present.fence.generation == fence.generation {
            true => self.write_over(&fence, present.version, plan, holds_none).await,
            // Versions of another generation are not comparable: the record must be read first.
            false => {
                let there = self.writer.ledger.load(&present.record.key).await;
                there.map(|there| Wrote::Changed(there.map(Box::new)))
            }
        };
        let wrote = match wrote {
            // The ledger lost the record: it is created anew.
            Ok(Wrote::Changed(None)) => self.write_anew(&fence, plan).await,
            wrote => wrote,
        };
        match wrote {
            Ok(Wrote::Done(written)) => Tried::Written(written),
            Ok(Wrote::Changed(Some(there))) => Tried::Found(Box::new(Intent::seen(*there, fence))),
            Ok(Wrote::Changed(None)) => {
                Tried::NotNow(LedgerError::Unavailable("the record comes and goes".to_owned()))
            }
            Err(error) => Tried::NotNow(error),
        }
    }

    async fn write_over(
        &self,
        fence: &Fence,
        version: u64,
        plan: &Plan,
        holds_none: bool,
    ) -> Result<Wrote, LedgerError> {
        if holds_none {
            self.regain(fence, plan.record()).await?;
        }
        self.writer.swap(fence, version, plan).await
    }

    async fn write_anew(&self, fence: &Fence, plan: &Plan) -> Result<Wrote, LedgerError> {
        self.regain(fence, plan.record()).await?;
        self.writer.create(fence, plan).await
    }

    /// The ledger lost the slot with the record.
    async fn regain(&self, fence: &Fence, record: &Record) -> Result<(), LedgerError> {
        match record.holds_permit(record.round) {
            true => self.writer.hold(fence, record).await,
            false => Ok(()),
        }
    }

    /// The record has changed meanwhile: usually our own write succeeded and its answer was lost.
    /// Then what follows from the write was not done either.
    async fn overtaken(
        &self,
        intent: &Record,
        present: &Record,
        fact: &Fact,
    ) -> Result<Box<Record>, Error> {
        if fact.created_nothing()
            && present.round == intent.round
            && !present.holds_permit(intent.round)
        {
            let effect = Effect::ReleasePermit { round: intent.round, unspent: true };
            let step = Step { record: present.clone(), effects: vec![effect] };
            self.give_back(&Plan::of(step)).await;
        }
        self.journal(present).await?;
        Ok(Box::new(present.clone()))
    }
}

/// Adds the request that the ledger left apart. `true`: the record is older than the intent and is
/// replaced by it.
fn take_up(present: &mut Record, intent: &Record) -> bool {
    if present.request.is_apart() && present.request_hash == intent.request_hash {
        present.request = intent.request.clone();
    }
    let forgot = present.is_from_before(intent);
    if forgot {
        *present = intent.clone();
    }
    forgot
}

/// The time to drain is over while a store is away. No refused write: the POST was made.
fn abandoned(error: &LedgerError) -> LedgerError {
    LedgerError::Unavailable(format!("given up while draining: {error}"))
}
