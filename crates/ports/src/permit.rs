use job::{Effect, JobKey, Operation, Record, Resource, SlotLimit, Step, Timestamp, WaitingCount};

/// A slot at the provider, held from before the POST until the task has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Permit {
    /// The account and resource whose limit counts, such as `default:videos`.
    pub pool: String,
    pub key: JobKey,
    pub round: u32,
    /// Slots it takes: `n` for images, otherwise 1.
    pub weight: u32,
    /// The record's revision when the slot was requested: a later request takes the slot over.
    pub revision: u64,
}

impl Permit {
    /// The pool that an account's jobs of a resource share: the provider counts so.
    pub fn pool_of(account: &str, resource: Resource) -> String {
        format!("{account}:{resource}")
    }

    /// The account of a pool.
    pub fn account_of(pool: &str) -> &str {
        pool.rsplit_once(':').map_or(pool, |(account, _)| account)
    }

    /// Workers store under this name why the jobs of one operation wait while others pass.
    pub fn rest_of(account: &str, resource: Resource, operation: &Operation) -> String {
        format!("{}:{operation}", Self::pool_of(account, resource))
    }

    /// Workers store under this name that answers of a resource, or of one operation, are not
    /// understood.
    pub fn unclear_of(account: &str, resource: Resource, operation: Option<&str>) -> String {
        let pool = Self::pool_of(account, resource);
        match operation {
            Some(operation) => format!("{pool}:{operation}:unclear"),
            None => format!("{pool}:unclear"),
        }
    }

    /// The slot of this record's round, as of the revision before: a request at the present one is
    /// later. `None` for an operation that takes none.
    pub fn of(record: &Record) -> Option<Self> {
        Some(Self {
            pool: Self::pool_of(&record.account, record.operation.resource()?),
            key: record.key.clone(),
            round: record.round,
            weight: record.slots,
            revision: record.revision.saturating_sub(1),
        })
    }

    /// The same on each account that may have its task.
    pub fn all_of(record: &Record) -> Vec<Self> {
        let (own, resource) = (Self::of(record), record.operation.resource());
        let on = |(own, resource): (Self, Resource)| {
            let pools = record.possible_accounts().map(move |name| Self::pool_of(name, resource));
            pools.map(|pool| Self { pool, ..own.clone() }).collect()
        };
        own.zip(resource).map(on).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Slots in the pool; 0 = no limit. While a limit is stored for the pool
    /// ([`SlotLimits`](crate::SlotLimits)), no more than it allows.
    pub concurrency: u32,
    /// Slots while no limit is stored; 0 = all of `concurrency`.
    pub begin: u32,
    /// Submissions per UTC day over all pools of the account; 0 = no limit.
    pub submissions_per_day: u64,
    /// Submissions a minute over all pools of the account; 0 = no limit.
    pub per_minute: u32,
}

impl Limits {
    /// So many slots, and no limit of submissions per day.
    pub fn slots(concurrency: u32) -> Self {
        Self { concurrency, ..Self::default() }
    }

    /// Whether a job of this weight gets slots while nothing else uses any.
    pub fn fits(&self, weight: u32) -> bool {
        self.concurrency == 0 || weight <= self.concurrency
    }

    /// Slots that may be used now; 0 = no limit.
    pub fn now(&self, found: Option<&SlotLimit>) -> u32 {
        let begin = if self.begin == 0 { self.concurrency } else { self.begin };
        self.concurrency.min(found.map_or(begin, |limit| limit.slots.max(1)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permitted {
    /// Also if this job and round already held it, unless more slots are in use than allowed. The
    /// wider of the held and the requested slots is then held.
    Granted,
    /// More slots are or would be in use than allowed, also by this job, or by its tenant; or no
    /// submission may be made now; or jobs wait in the pool, and this one neither waits nor holds slots. A held slot that is requested at
    /// a later revision is given back: others may be using it.
    ///
    /// `used`: slots in use in the pool, of those that may be used now (0 = no limit). `waiting`: jobs
    /// that wait there.
    AtLimit { used: u32, slots: u32, waiting: WaitingCount },
    /// The day's limit is reached: no permit until this moment (the next UTC midnight).
    DayOver { until: Timestamp },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Slots in use in the pool.
    pub used: u32,
    /// Jobs that wait for slots of the pool.
    pub waiting: u32,
}

/// Gives a permit back. Repeats and late returns change nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitReturn {
    pub pool: String,
    pub key: JobKey,
    pub round: u32,
    /// The record's revision when it no longer needed the slot. A slot that was requested at this
    /// revision or later is in use again and stays.
    pub revision: u64,
    /// If set, only a slot that is held since this moment of the store or before: one requested
    /// again, maybe at the same revision, is in use.
    pub since: Option<Timestamp>,
    /// No task was created: the submission is taken off the day's count.
    pub unspent: bool,
}

impl PermitReturn {
    /// The permits that a step gives back.
    pub fn of(step: &Step) -> Vec<Self> {
        let Some(Permit { pool, key, .. }) = Permit::of(&step.record) else {
            return Vec::new();
        };
        let revision = step.record.revision;
        let returned = |effect: &Effect| match *effect {
            Effect::ReleasePermit { round, unspent } => {
                let (pool, key) = (pool.clone(), key.clone());
                Some(Self { pool, key, round, revision, since: None, unspent })
            }
            Effect::Announce(_)
            | Effect::SettleReservation { .. }
            | Effect::Requeue { .. }
            | Effect::Wait
            | Effect::Withdraw => None,
        };
        step.effects.iter().filter_map(returned).collect()
    }
}

impl HeldPermit {
    /// Gives back the slot as it is held now, not one that is requested later. Whether it was spent
    /// is unknown, so it counts as spent.
    pub fn left_behind(&self) -> PermitReturn {
        let Permit { pool, key, round, revision, .. } = self.permit.clone();
        let (revision, since) = (revision + 1, Some(self.since));
        PermitReturn { pool, key, round, revision, since, unspent: false }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPermit {
    pub permit: Permit,
    pub since: Timestamp,
}
