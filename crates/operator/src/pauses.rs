use std::sync::Arc;

use job::{ManualPause, Operation, PauseScope, Timestamp};
use ports::{Ledger, LedgerError, MOST_MANUAL_PAUSES};

/// Bytes.
const LONGEST_REASON: usize = 1_000;

/// Pauses and resumes submissions of an account. It needs neither the broker nor a membership of the
/// ledger: it works also while a ledger is rebuilt.
pub struct Pauses {
    ledger: Arc<dyn Ledger>,
    account: String,
}

/// What is to be paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPause {
    pub scope: PauseScope,
    pub reason: String,
    /// `None`: until it is resumed.
    pub until: Option<Timestamp>,
    pub by: Option<String>,
}

/// Why nothing was paused or resumed.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("a pause needs a reason of 1 to {LONGEST_REASON} bytes")]
    Reason,
    #[error("{until} has passed: a pause ends in the future")]
    Ended { until: Timestamp },
    #[error("unknown operation \"{0}\"")]
    UnknownOperation(Operation),
    #[error("account {account} has {MOST_MANUAL_PAUSES} pauses by hand: resume some of them first")]
    TooMany { account: String },
    #[error("{scope} is not paused by hand in account {account}")]
    NotPaused { scope: PauseScope, account: String },
}

impl Pauses {
    pub fn new(ledger: Arc<dyn Ledger>, account: String) -> Self {
        Self { ledger, account }
    }

    /// In place of one of the same scope, which then has lasted since that one began.
    pub async fn pause(&self, new: NewPause, now: Timestamp) -> Result<ManualPause, PauseError> {
        check(&new, now)?;
        let there = self.in_force().await?;
        let before = there.iter().find(|pause| pause.scope == new.scope);
        let since = before.map_or(now, |before| before.since);
        let NewPause { scope, reason, until, by } = new;
        let pause = ManualPause { scope, reason: reason.trim().to_owned(), since, until, by };
        match self.ledger.pause_by_hand(&self.account, &pause).await? {
            true => Ok(pause),
            false => Err(PauseError::TooMany { account: self.account.clone() }),
        }
    }

    pub async fn resume(&self, scope: &PauseScope) -> Result<(), PauseError> {
        match self.ledger.resume_by_hand(&self.account, scope).await? {
            true => Ok(()),
            false => {
                let (scope, account) = (scope.clone(), self.account.clone());
                Err(PauseError::NotPaused { scope, account })
            }
        }
    }

    /// Ordered by scope.
    pub async fn in_force(&self) -> Result<Vec<ManualPause>, PauseError> {
        Ok(self.ledger.paused_by_hand(&self.account).await?)
    }
}

fn check(new: &NewPause, now: Timestamp) -> Result<(), PauseError> {
    if !(1..=LONGEST_REASON).contains(&new.reason.trim().len()) {
        return Err(PauseError::Reason);
    }
    if let Some(until) = new.until.filter(|until| *until <= now) {
        return Err(PauseError::Ended { until });
    }
    match &new.scope {
        PauseScope::Operation(operation) if !validation::is_known(operation) => {
            Err(PauseError::UnknownOperation(operation.clone()))
        }
        PauseScope::Operation(_)
        | PauseScope::Account
        | PauseScope::Pool(_)
        | PauseScope::Tenant(_) => Ok(()),
    }
}
