//! A callback without HTTP: whose it is, and what of it goes into the ledger before it is answered.

use std::sync::Arc;

use job::{CallbackHint, CallbackTo, Fact, callback_hint, is_task_id};
use ports::{Clock, Fence, Ledger, LedgerError, Stored};
use recorder::{Phase, Session, Writer, Wrote};

use crate::settings::Settings;

/// A longer one is nobody's: ids seen so far have 18 to 40 signs.
const MOST_ID_BYTES: usize = 200;

/// Others write too; after so many the caller may come again.
const TRIES: usize = 3;

/// Where callbacks are put.
pub struct Mailbox {
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
    pub(crate) settings: Settings,
    writer: Writer,
}

/// Why a callback was not kept; it may come again.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the ledger did not answer in time")]
    Slow,
    #[error("the ledger is being rebuilt")]
    Rebuilding,
    #[error("the record was changed by others again and again")]
    Busy,
}

impl Mailbox {
    pub fn new(
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let writer = Writer::new(ledger.clone(), clock, settings.rules.clone());
        Self { ledger, session, settings, writer }
    }

    /// Whose callbacks come to this address; `None` if we did not give it away.
    pub fn whose(&self, address: &str) -> Option<CallbackTo> {
        self.settings.signer.read(address).ok()
    }

    /// Once this returns without an error the callback need not come again.
    pub async fn put(&self, to: &CallbackTo, body: &[u8]) -> Result<(), NotKept> {
        // A body that cannot be read still tells that something has changed.
        let task_id = kling::decode_callback(body).ok().and_then(|task| task.task_id);
        keep(self, to, task_id.as_deref().filter(|id| is_plausible(id))).await
    }
}

fn is_plausible(id: &str) -> bool {
    is_task_id(id) && id.len() <= MOST_ID_BYTES && id.is_ascii()
}

/// Whatever happens, the provider's word is not taken for true: a task id is a proposal, and its
/// absence only means that there is nothing to keep.
async fn keep(mailbox: &Mailbox, to: &CallbackTo, task_id: Option<&str>) -> Result<(), NotKept> {
    let keeping = keep_in_time(mailbox, to, task_id);
    let patience = mailbox.settings.ledger_timeout;
    tokio::time::timeout(patience, keeping).await.unwrap_or(Err(NotKept::Slow))
}

async fn keep_in_time(
    mailbox: &Mailbox,
    to: &CallbackTo,
    task_id: Option<&str>,
) -> Result<(), NotKept> {
    for _ in 0..TRIES {
        let fence = mailbox.session.fence();
        let present = mailbox.ledger.load(&to.key).await?;
        let hint = callback_hint(present.as_ref().map(|stored| &stored.record), to.round);
        tracing::debug!(job = %to.key, round = to.round, task_id, ?hint, "called back");
        match (hint, task_id, present) {
            (CallbackHint::Stale, _, _) | (CallbackHint::Keep, None, _) => return Ok(()),
            (
                CallbackHint::Look | CallbackHint::KeepAndLook | CallbackHint::KeepAndTell,
                None,
                _,
            ) => {
                return Ok(mailbox.ledger.look_now(&to.key).await?);
            }
            (CallbackHint::Look, Some(_), _) => {
                return Ok(mailbox.ledger.look_now(&to.key).await?);
            }
            (CallbackHint::Keep, Some(id), _) => return Ok(propose(mailbox, to, id).await?),
            // The order matters: whoever looks now must find the proposal.
            (CallbackHint::KeepAndTell, Some(id), Some(stored)) => {
                propose(mailbox, to, id).await?;
                // What a ledger holds before it is rebuilt may be old: it must not look newer.
                if mailbox.session.phase() == Phase::Rebuilding {
                    return Err(NotKept::Rebuilding);
                }
                if tell(mailbox, &fence, stored, id).await? {
                    return Ok(());
                }
            }
            (CallbackHint::KeepAndLook | CallbackHint::KeepAndTell, Some(id), _) => {
                propose(mailbox, to, id).await?;
                return Ok(mailbox.ledger.look_now(&to.key).await?);
            }
        }
    }
    Err(NotKept::Busy)
}

async fn propose(mailbox: &Mailbox, to: &CallbackTo, task_id: &str) -> Result<(), LedgerError> {
    let keep_for = mailbox.settings.keep_for;
    mailbox.ledger.propose(&to.key, to.round, task_id, keep_for).await
}

/// `false` when somebody wrote in between. `fence`: under which it was read.
async fn tell(
    mailbox: &Mailbox,
    fence: &Fence,
    stored: Stored,
    task_id: &str,
) -> Result<bool, LedgerError> {
    let fact = Fact::Proposed { task_id: task_id.to_owned() };
    let Ok(plan) = mailbox.writer.plan(stored.record, fact) else {
        return Ok(false);
    };
    match mailbox.writer.swap(fence, stored.version, &plan).await? {
        Wrote::Done(_) => {
            let (job, trace_id) = (&plan.record().key, plan.record().trace_id());
            tracing::info!(%job, trace_id, task = task_id, "in doubt again: a callback named a task");
            Ok(true)
        }
        Wrote::Changed(_) => Ok(false),
    }
}
