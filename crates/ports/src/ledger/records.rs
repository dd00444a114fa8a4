//! One record for each job, written by its version.

use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, StateKind, Tenant, Timestamp};

use super::{Fence, LedgerError, OutboxEntry};

/// A record as it stands in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub record: Record,
    /// Raised by every write. Another generation counts anew: to be written over only under the
    /// fence under which it was read.
    pub version: u64,
    /// The lease of the record's `submitting` owner is alive; `false` in every other state.
    pub owner_alive: bool,
}

/// A record to be written, with its index changes, in one atomic step.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub record: Record,
    /// When it must be looked at; `None` takes it out of the due set.
    pub due: Option<Timestamp>,
    /// Added to the outbox.
    pub outbox: Vec<OutboxEntry>,
    /// How long the writer keeps the new outbox entries to itself, because it is about to
    /// publish them; zero when somebody else shall.
    pub outbox_lease: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// It was absent and is now at version 1.
    New,
    Exists(Box<Stored>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Swapped {
    /// Written, at this version.
    Done(u64),
    /// Somebody wrote in between: nothing was changed, and this is there now.
    Stale(Option<Box<Stored>>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Any, if none is named.
    pub states: Vec<StateKind>,
    pub tenant: Option<Tenant>,
    /// At most this many, newest first by creation among those found.
    pub limit: usize,
}

impl ListFilter {
    /// Those in one of these states, of all tenants.
    pub fn of_states(states: &[StateKind], limit: usize) -> Self {
        Self { states: states.to_vec(), tenant: None, limit }
    }

    /// Whether a state is one that is asked for. `None`: one that this version does not know.
    pub fn wants(&self, state: Option<StateKind>) -> bool {
        self.states.is_empty() || state.is_some_and(|state| self.states.contains(&state))
    }
}

/// A request lies beside its record. Whatever shows records leaves it [apart](job::Kept::Apart),
/// except [`load_whole`](Self::load_whole); a write of such a record keeps what lies there, and is
/// refused where nothing does. One that is in hand is written when it is another than lies there;
/// a record without one removes it. It goes when its record goes.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// The revision of each record; `None` where there is none.
    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError>;

    /// Writes it if no record of this key is there, else returns what is there.
    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError>;

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError>;

    /// The same with its request in hand, if it has one.
    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError>;

    /// Writes over exactly this version, read under this fence's generation.
    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError>;

    /// Looks at every key: for people, and now and then for a doubt that nothing else can settle.
    async fn list(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError>;

    /// Every record that the filter takes, whatever its limit, one at a time and in any order:
    /// memory stays bounded however many and however large they are. One may come twice.
    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        let all = ListFilter { limit: usize::MAX, ..filter.clone() };
        self.list(&all).await?.iter().for_each(visit);
        Ok(())
    }
}
