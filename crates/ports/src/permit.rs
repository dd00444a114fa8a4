use job::{JobKey, Resource, Timestamp};

/// A slot at the provider, held from before the POST until the task has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Permit {
    /// Whose limit: account and resource, such as `default:videos`.
    pub pool: String,
    pub key: JobKey,
    pub round: u32,
    /// Slots it takes: `n` for images, otherwise 1.
    pub weight: u32,
}

impl Permit {
    /// The pool that an account's jobs of a resource share: the provider counts so.
    pub fn pool_of(account: &str, resource: Resource) -> String {
        format!("{account}:{resource}")
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
    /// Also when this job and round already held it.
    Granted,
    AtLimit {
        used: u32,
    },
    /// The brake on spending: none until this moment (the next UTC midnight).
    DayOver {
        until: Timestamp,
    },
}

/// Gives a permit back. Repeating it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitReturn {
    pub pool: String,
    pub key: JobKey,
    pub round: u32,
    /// Nothing was created: the day's count gets its submission back.
    pub unspent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPermit {
    pub permit: Permit,
    pub since: Timestamp,
}
