use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, StateKind, Tenant, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Destination, HeldPermit, Limits, Message, Permit, PermitReturn, Permitted, Witness};

/// One life of the ledger's memory. Emptied or restored, it begins another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    pub id: String,
    /// Jobs enqueued before this may have been known to an earlier generation.
    pub began_at: Timestamp,
}

/// How far the present generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The store's own time.
    pub now: Timestamp,
    /// Nothing may be submitted before; `None` while the journal has not been compared.
    pub opens_at: Option<Timestamp>,
}

/// Who writes: checked in every write, so that a late voice is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub generation: Generation,
    /// Random per joining; alive while its lease is renewed.
    pub owner: String,
}

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

/// A message that must go out because of a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Deterministic: writing the same entry twice leaves one.
    pub id: String,
    pub key: JobKey,
    pub to: Destination,
    pub message: Message,
    /// Once published, the record's retention begins.
    pub closes: bool,
    /// Failed publishes so far.
    pub tries: u32,
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

#[derive(Clone, Debug, PartialEq)]
pub struct Claimed<T> {
    pub items: Vec<T>,
    /// The store's own time.
    pub now: Timestamp,
    /// The earliest moment at which something not claimed here becomes due.
    pub next: Option<Timestamp>,
}

/// Where to go on comparing the journal with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Following {
    /// The first line that was not compared; `None` when none ever was.
    pub next: Option<u64>,
    /// Something was found missing in this generation, by whichever owner.
    pub lost: bool,
}

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

/// What we remember while the other side works. Stores decide nothing: they compare and write.
///
/// Time is the store's. Every write checks the fence's generation and that its owner's lease
/// is alive, atomically with the write itself.
///
/// A request lies beside its record. Whatever shows records leaves it [apart](job::Kept::Apart),
/// except [`load_whole`](Self::load_whole); a write of such a record keeps what lies there, and is
/// refused where nothing does. One that is in hand is written when it is another than lies there;
/// a record without one removes it. It goes when its record goes.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Joins as a new owner with a lease. A ledger without a generation gets one that began at
    /// `began_at`; concurrent joins agree on one. One that began at the epoch has nothing to
    /// remember and is open from the start; any other is opened by [`open`](Self::open).
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError>;

    /// Extends the owner's lease from now; `Fenced` when it had already ended.
    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError>;

    /// Ends the owner's lease at once, so that nobody waits for it.
    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError>;

    /// The present generation, `None` in an empty ledger.
    async fn generation(&self) -> Result<Option<Generation>, LedgerError>;

    /// When the present generation opens; `None` where it has not been compared with the journal,
    /// or there is none: what is not found may be known to the journal.
    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError>;

    /// Ends the generation and forgets how far the journal was compared, so that all of it will
    /// be: for an operator who does not trust what the ledger holds. Records stay.
    async fn distrust(&self) -> Result<(), LedgerError>;

    /// Becomes, or stays, the only owner that compares the journal with the ledger, while its
    /// lease is alive. `None` when another one is.
    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError>;

    /// All lines before this one have been compared. Kept beside the records, so that a
    /// snapshot that loses records loses this with them; outlives the generation.
    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError>;

    /// Something is missing: remembered as long as the generation, since whoever leads next finds
    /// nothing missing any more.
    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError>;

    /// The ledger holds what the journal knows: from this moment on jobs may be submitted. Said
    /// once for a generation; later calls change nothing.
    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError>;

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

    /// Records that are due, each kept from other claimers for `lease`, or until the lease of its
    /// living owner ends, if that is sooner: it may be an orphan by then. Versions stay.
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError>;

    /// Makes a record due at once (a callback's hint); nothing happens when it is not in the
    /// due set.
    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError>;

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

    /// Outbox entries that nobody is publishing, each kept from others for `lease`.
    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError>;

    /// Published: the entries go, and the records they close expire after the ledger's
    /// retention. A record that has moved on (a new round) since keeps no expiry.
    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError>;

    /// Could not be published: try again after the wait. Raises the entry's tries.
    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError>;

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError>;

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError>;

    /// Becomes, or stays, the only owner that takes jobs for a full pool, for so long at most.
    /// `false` while another one is.
    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError>;

    /// Lets another owner take its turn at once; another's turn goes on.
    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError>;

    /// Slots in use in a pool.
    async fn used(&self, pool: &str) -> Result<u32, LedgerError>;

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError>;

    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError>;

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError>;

    async fn resume(&self, account: &str) -> Result<(), LedgerError>;

    /// The account's newest witness of an operation: it takes the place of the one before.
    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError>;

    /// One of each operation at most, in their order.
    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError>;

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

    /// Reached, logged in, and nothing is dropped while it runs.
    async fn check(&self) -> Result<(), LedgerError>;

    /// What the store's own set-up would lose with a crash: the program works all the same,
    /// because the ledger is rebuilt from the journal. One sentence each.
    async fn warnings(&self) -> Result<Vec<String>, LedgerError> {
        Ok(Vec::new())
    }
}

/// An entry's id and the key it belongs to: the key tells the shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxId {
    pub key: JobKey,
    pub id: String,
}

impl OutboxEntry {
    pub fn outbox_id(&self) -> OutboxId {
        OutboxId { key: self.key.clone(), id: self.id.clone() }
    }
}

/// Why the ledger did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Whether a write happened is unknown; load and look.
    #[error("the ledger is unavailable: {0}")]
    Unavailable(String),
    /// Wrong URL, user or rights: a person must act.
    #[error("the ledger refuses us: {0}")]
    Denied(String),
    /// The owner's lease has ended: nothing was written; join again.
    #[error("the lease has ended")]
    Fenced,
    /// The ledger has begun another generation, or lost its own: nothing was written.
    #[error("the ledger's generation has changed")]
    GenerationChanged,
    /// The request of a record was left apart where it must go along, or is not in the ledger
    /// that should keep it: nothing was written.
    #[error("the request of {key} was left apart and is needed")]
    LeftApart { key: String },
    /// What is stored cannot be read: a person must act.
    #[error("the ledger holds something unreadable under {key}: {cause}")]
    Corrupt { key: String, cause: String },
    /// The store is set up in a way that loses data.
    #[error("the ledger is not safe to use: {0}")]
    Unsafe(String),
}

impl LedgerError {
    /// Waiting does not help, and no other job is concerned.
    pub fn is_of_one_record(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::LeftApart { .. })
    }

    /// One word, for metrics and traces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Denied(_) => "denied",
            Self::Fenced => "fenced",
            Self::GenerationChanged => "generation_changed",
            Self::LeftApart { .. } => "left_apart",
            Self::Corrupt { .. } => "corrupt",
            Self::Unsafe(_) => "unsafe",
        }
    }
}
