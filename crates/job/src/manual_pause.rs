//! Pauses by hand: what an operator has stopped, and what that means for a job.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Operation, Resource, RetryDelay, Tenant, Timestamp};

/// What a pause by hand stops, within an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PauseScope {
    Account,
    Pool(Resource),
    Tenant(Tenant),
    Operation(Operation),
}

/// Submissions that an operator has stopped. Tasks in flight are still polled and announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualPause {
    pub scope: PauseScope,
    pub reason: String,
    pub since: Timestamp,
    /// `None`: until it is resumed.
    pub until: Option<Timestamp>,
    /// Who paused it, if known.
    pub by: Option<String>,
}

/// A job that may not be sent because of a pause by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub place: HeldPlace,
    pub why: String,
    /// When its delivery returns, if it may neither stay in its lane nor wait for a slot.
    pub after: RetryDelay,
}

/// Where a job is kept that a pause by hand holds; of several, the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldPlace {
    /// Where it is: nothing of its lane is sent.
    Lane,
    /// In the waiting room, without a slot: others of its lane are sent.
    WaitingRoom,
    /// In the delay queues: others of its lane are sent.
    DelayQueue,
}

impl PauseScope {
    /// The words for [`kind`](Self::kind).
    pub const KINDS: [&'static str; 4] = ["account", "pool", "tenant", "operation"];

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Pool(_) => "pool",
            Self::Tenant(_) => "tenant",
            Self::Operation(_) => "operation",
        }
    }

    /// The pool, tenant or operation.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Account => None,
            Self::Pool(resource) => Some(resource.as_str()),
            Self::Tenant(tenant) => Some(tenant.as_str()),
            Self::Operation(operation) => Some(operation.as_str()),
        }
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(' ').unwrap_or((text, ""));
        let resource = || Resource::ALL.into_iter().find(|resource| resource.as_str() == name);
        match kind {
            "account" if name.is_empty() => Some(Self::Account),
            "pool" => resource().map(Self::Pool),
            "tenant" => Tenant::new(name).ok().map(Self::Tenant),
            "operation" if !name.is_empty() => Some(Self::Operation(Operation::new(name))),
            _ => None,
        }
    }

    /// Where its jobs are kept; `None` for a job that is not of it.
    fn keeps(&self, tenant: &Tenant, operation: &Operation) -> Option<HeldPlace> {
        match self {
            Self::Account => Some(HeldPlace::Lane),
            Self::Pool(pool) => (operation.resource() == Some(*pool)).then_some(HeldPlace::Lane),
            Self::Tenant(its) => (its == tenant).then_some(HeldPlace::WaitingRoom),
            Self::Operation(its) => (its == operation).then_some(HeldPlace::DelayQueue),
        }
    }
}

/// `tenant acme`: the words that a person reads, and the name in a ledger.
impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} {name}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}

impl From<PauseScope> for String {
    fn from(scope: PauseScope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for PauseScope {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} cannot be paused"))
    }
}

impl ManualPause {
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }

    /// Stops all jobs of this resource.
    pub fn stops_lanes_of(&self, resource: Resource) -> bool {
        match &self.scope {
            PauseScope::Account => true,
            PauseScope::Pool(pool) => *pool == resource,
            PauseScope::Tenant(_) | PauseScope::Operation(_) => false,
        }
    }

    /// Stops this job.
    pub fn stops(&self, tenant: &Tenant, operation: &Operation) -> bool {
        self.scope.keeps(tenant, operation).is_some()
    }

    /// A sentence for logs and operators.
    pub fn words(&self) -> String {
        let by = self.by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
        let end = self.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let the = if self.scope == PauseScope::Account { "the " } else { "" };
        format!("{the}{} is paused by hand{by}{end}: {}", self.scope, self.reason)
    }

    /// The longer it lasts, the more rarely a job returns in vain, and hardly later than its end.
    fn returns_after(&self, now: Timestamp) -> RetryDelay {
        let by_age = match now.since(self.since).as_secs() {
            0..60 => RetryDelay::FiveSeconds,
            60..600 => RetryDelay::ThirtySeconds,
            _ => RetryDelay::TwoMinutes,
        };
        let left = self.until.map_or(Duration::MAX, |until| until.since(now));
        let fits = |delay: &RetryDelay| *delay <= by_age && delay.wait() <= left;
        let longest = RetryDelay::ALL.into_iter().rev().find(fits);
        longest.unwrap_or(RetryDelay::OneSecond)
    }
}

/// What pauses by hand mean for a job of this tenant and operation. `None`: it may be sent.
pub fn held(
    pauses: &[ManualPause],
    tenant: &Tenant,
    operation: &Operation,
    now: Timestamp,
) -> Option<Held> {
    let in_force = pauses.iter().filter(|pause| pause.is_in_force(now));
    let held = in_force.filter_map(|pause| Some((pause.scope.keeps(tenant, operation)?, pause)));
    let (place, pause) = held.min_by_key(|(place, _)| *place)?;
    Some(Held { place, why: pause.words(), after: pause.returns_after(now) })
}

#[cfg(test)]
mod tests;
