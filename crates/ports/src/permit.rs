use job::{Effect, JobKey, Operation, Record, Resource, Step, Timestamp};

/// A slot at the provider, held from before the POST until the task has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Permit {
    /// Whose limit: account and resource, such as `default:videos`.
    pub pool: String,
    pub key: JobKey,
    pub round: u32,
    /// Slots it takes: `n` for images, otherwise 1.
    pub weight: u32,
    /// The record's, when the slot was asked for: whoever asks later takes it over.
    pub revision: u64,
}

impl Permit {
    /// The pool that an account's jobs of a resource share: the provider counts so.
    pub fn pool_of(account: &str, resource: Resource) -> String {
        format!("{account}:{resource}")
    }

    /// Under this name workers leave why the jobs of one operation wait while others pass.
    pub fn rest_of(account: &str, resource: Resource, operation: &Operation) -> String {
        format!("{}:{operation}", Self::pool_of(account, resource))
    }

    /// Under this name workers leave that answers of a resource, or of one operation, are not
    /// understood.
    pub fn unclear_of(account: &str, resource: Resource, operation: Option<&str>) -> String {
        let pool = Self::pool_of(account, resource);
        match operation {
            Some(operation) => format!("{pool}:{operation}:unclear"),
            None => format!("{pool}:unclear"),
        }
    }

    /// The slot that this record's round has taken, in the name of whoever asked for it: who asks
    /// at the present revision asks later. `None` for an operation that takes none.
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
    /// Also when this job and round already held it, unless more is in use than may be. What is
    /// held is then the wider of what was held and what is asked for.
    Granted,
    /// Where more is held than may be, or would be, also for who held a slot. If it asked at a later revision
    /// than before, it does so no longer: others may be the ones that use theirs.
    AtLimit { used: u32 },
    /// The brake on spending: none until this moment (the next UTC midnight).
    DayOver { until: Timestamp },
}

/// Gives a permit back. Repeating it changes nothing, and coming late neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitReturn {
    pub pool: String,
    pub key: JobKey,
    pub round: u32,
    /// The record's, when it no longer needed the slot. One that was asked for at this revision
    /// or a later one is in use again and stays.
    pub revision: u64,
    /// Only a slot that is held since this moment of the store's or before, if told: one that was
    /// asked for again, maybe at the same revision, is in use.
    pub since: Option<Timestamp>,
    /// Nothing was created: the day's count gets its submission back.
    pub unspent: bool,
}

impl PermitReturn {
    /// What a step gives back.
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
    /// Gives back what is held now, and nothing that is asked for later. Whether it was spent
    /// is not known: the day's brake stays on the safe side.
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
