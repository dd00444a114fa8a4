//! A callback without HTTP: its job, and what is written to the ledger before the response.

use std::sync::Arc;

use job::{CallbackHint, CallbackTo, Fact, callback_hint, is_task_id};
use ports::{Clock, Fence, Ledger, LedgerError, Stored};
use recorder::{Phase, Session, Writer, Wrote};

use crate::settings::Settings;

/// A longer one is no task id: ids seen so far have 18 to 40 characters.
const MOST_ID_BYTES: usize = 200;

/// Other processes write too; after this many attempts the caller must repeat the callback.
const TRIES: usize = 3;

/// Writes callbacks to the ledger.
pub struct Mailbox {
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
    pub(crate) settings: Settings,
    writer: Writer,
}

/// Why a callback was not stored; the caller may repeat it.
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

    /// The submission for which we issued this address; `None` if we did not issue it.
    pub fn whose(&self, address: &str) -> Option<CallbackTo> {
        self.settings.signer.read(address).ok()
    }

    /// If this returns no error, the callback need not be repeated.
    pub async fn put(&self, to: &CallbackTo, body: &[u8]) -> Result<(), NotKept> {
        // A body that cannot be read still shows that something has changed.
        let task_id = kling::decode_callback(body).ok().and_then(|task| task.task_id);
        keep(self, to, task_id.as_deref().filter(|id| is_plausible(id))).await
    }
}

fn is_plausible(id: &str) -> bool {
    is_task_id(id) && id.len() <= MOST_ID_BYTES && id.is_ascii()
}

/// The body is never taken as true: a task id is a proposal, and without one there is nothing to
/// store.
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
            // The order matters: the poller that looks now must find the proposal.
            (CallbackHint::KeepAndTell, Some(id), Some(stored)) => {
                propose(mailbox, to, id).await?;
                // Until the ledger is rebuilt, its record may be outdated: it must not look newer.
                if mailbox.session.phase() == Phase::Rebuilding {
                    return Err(NotKept::Rebuilding);
                }
                if record_proposal(mailbox, &fence, stored, id).await? {
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

/// The task may be running, so the job holds its slots. `false` if another process wrote in
/// between. `fence`: of the read.
async fn record_proposal(
    mailbox: &Mailbox,
    fence: &Fence,
    stored: Stored,
    task_id: &str,
) -> Result<bool, LedgerError> {
    let fact = Fact::Proposed { task_id: task_id.to_owned() };
    let accounts = mailbox.settings.accounts.possible(&stored.record.key.tenant, None);
    let record = stored.record.left_behind(&accounts);
    let Ok(plan) = mailbox.writer.plan(record, fact) else {
        return Ok(false);
    };
    mailbox.writer.hold_for(fence, &plan).await?;
    match mailbox.writer.swap(fence, stored.version, &plan).await? {
        Wrote::Done(_) => {
            let (job, trace_id) = (&plan.record().key, plan.record().trace_id());
            tracing::info!(%job, trace_id, task = task_id, "in doubt again: a callback named a task");
            Ok(true)
        }
        Wrote::Changed(_) => Ok(false),
    }
}
