//! How many rounds of jobs have ended, and when.

use std::time::Duration;

use async_trait::async_trait;
use job::{Record, State, StateKind, Timestamp};

use super::LedgerError;

/// Rounds are counted together that ended within so much.
pub const ENDED_SLOT: Duration = Duration::from_secs(5 * 60);

/// Older counts are forgotten.
pub const ENDED_KEPT: Duration = Duration::from_secs(25 * 3600);

/// Rounds that ended in one state, within one slot of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    /// When the slot begins: a multiple of [`ENDED_SLOT`].
    pub slot: Timestamp,
    /// `account:resource`, as [`Permit::pool_of`](crate::Permit::pool_of) has it; the account alone for an
    /// operation that is not known.
    pub pool: String,
    pub state: StateKind,
    pub count: u64,
}

impl Ended {
    /// The round of a settled record, once.
    pub fn of(record: &Record) -> Option<Self> {
        let State::Settled { at, .. } = &record.state else { return None };
        let pool = match record.operation.resource() {
            Some(resource) => crate::Permit::pool_of(&record.account, resource),
            None => record.account.clone(),
        };
        Some(Self { slot: Self::slot_of(*at), pool, state: record.state.kind(), count: 1 })
    }

    pub fn slot_of(at: Timestamp) -> Timestamp {
        let long = i64::try_from(ENDED_SLOT.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(at.as_millis().div_euclid(long) * long)
    }
}

/// Counts for people, made by the write that settles a record: they are lost with the data of the ledger,
/// and a record that is restored counts again.
#[async_trait]
pub trait Activity: Send + Sync + 'static {
    /// The rounds that ended in the slot of this moment, and later, in any order. Each round that a write
    /// settles counts once, however often its record is written afterwards.
    async fn ended(&self, since: Timestamp) -> Result<Vec<Ended>, LedgerError>;
}
