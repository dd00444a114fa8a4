use job::{Effect, JobKey, Operation, Record, Resource, Step, Timestamp};

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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Slots in the pool; 0 = no limit.
    pub concurrency: u32,
    /// Submissions per UTC day over all pools; 0 = no limit.
    pub submissions_per_day: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permitted {
    /// Also if this job and round already held it, unless more slots are in use than allowed. The
    /// wider of the held and the requested slots is then held.
    Granted,
    /// More slots are or would be in use than allowed, also by this job; or jobs wait in the pool,
    /// and this one neither waits nor holds slots. A held slot that is
    /// requested at a later revision is given back: others may be using it.
    AtLimit { used: u32 },
    /// The day's limit is reached: no permit until this moment (the next UTC midnight).
    DayOver { until: Timestamp },
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
            Effect::Announce(_) | Effect::Requeue { .. } => None,
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
