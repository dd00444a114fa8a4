//! What is known of an account at the provider: whether it rests, and which tasks are whose.

use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Fence, LedgerError};
use crate::Witness;

/// A task as the provider knows it: ids are unique within an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTask {
    pub account: String,
    pub id: String,
}

/// Different task ids kept for one round: a provider behind a gateway may tell two.
pub const MOST_PROPOSALS: usize = 4;

/// How much longer than the retention of records it is remembered whose a task was: a task may
/// be followed for days before its record is settled.
pub const TASK_SLACK: Duration = Duration::from_secs(24 * 60 * 60);

/// An account that must not be used for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub reason: String,
    pub since: Timestamp,
    /// When one job may try again.
    pub until: Timestamp,
}

/// A pause, and of what: an account, one of its pools, or one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPause {
    /// As [`Permit::pool_of`](crate::Permit::pool_of) and the like make it.
    pub name: String,
    pub pause: Pause,
}

impl NamedPause {
    /// Whether it is of this account: no account has a colon in its name.
    pub fn is_of(&self, account: &str) -> bool {
        self.name.strip_prefix(account).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

/// Shared by all workers and pollers of an account.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError>;

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError>;

    /// All pauses of an account, its pools and its operations, by name; also those that have ended.
    async fn pauses(&self, account: &str) -> Result<Vec<NamedPause>, LedgerError>;

    async fn resume(&self, account: &str) -> Result<(), LedgerError>;

    /// The account's newest witness of an operation: it takes the place of the one before.
    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError>;

    /// One of each operation at most, in their order.
    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError>;

    /// Keeps a task id that a callback named for a job's round: a proposal and no fact. There may
    /// be no record of the job yet. Of different ids the first [`MOST_PROPOSALS`] are kept, until
    /// none has come for `keep_for`.
    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError>;

    /// What was proposed for a job's round, in the order in which it came.
    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError>;

    /// Makes a task this job's and round's; `false` when it is another's. Kept longer than the
    /// ledger's retention.
    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError>;
}
