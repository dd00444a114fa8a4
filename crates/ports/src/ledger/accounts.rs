//! State of an account at the provider: its pauses, and which job each task belongs to.

use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Fence, LedgerError};
use crate::Witness;

/// A task or one of its files, as the provider knows it: ids are unique within an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTask {
    pub account: String,
    pub id: String,
}

/// Different task ids kept for one round: a provider behind a gateway may report two.
pub const MOST_PROPOSALS: usize = 4;

/// How much longer than records the owner of a task is kept: a task may be polled for days before
/// its record is settled.
pub const TASK_SLACK: Duration = Duration::from_secs(24 * 60 * 60);

/// An account that must not be used for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub reason: String,
    pub since: Timestamp,
    /// When one job may try again.
    pub until: Timestamp,
}

/// A pause of an account, one of its pools, or one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPause {
    /// As made by [`Permit::pool_of`](crate::Permit::pool_of) and similar functions.
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

    /// Stores the account's newest witness of an operation, in place of the one before.
    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError>;

    /// At most one per operation, ordered by operation.
    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError>;

    /// Keeps a task id that a callback named for a job's round: a proposal and not a fact. The job
    /// may have no record yet. The first [`MOST_PROPOSALS`] different ids are kept, until none has
    /// come for `keep_for`.
    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError>;

    /// The proposals for a job's round, oldest first.
    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError>;

    /// Makes this job's round the owner of a task; `false` if it has another owner. Kept longer
    /// than the ledger's retention.
    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError>;

    /// The job whose round owns a task, as last claimed; `None` if none does, or none is kept.
    async fn task_owner(&self, task: &AccountTask) -> Result<Option<JobKey>, LedgerError>;
}
