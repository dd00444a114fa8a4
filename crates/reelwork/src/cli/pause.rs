//! What is paused by hand, and for how long.

use std::time::Duration;

use clap::{ArgGroup, Args};
use job::{Operation, PauseScope, Resource, Tenant, Timestamp};

use super::value::{duration, moment, operation, pool, tenant};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("scope").multiple(false).args(["account", "pool", "tenant", "operation"])))]
pub(crate) struct Scope {
    /// All that uses this account; without NAME that of kling.account
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    account: Option<String>,
    /// videos, images or audio, of every account
    #[arg(long, value_parser = pool)]
    pool: Option<Resource>,
    /// Its jobs, of every account
    #[arg(long, value_parser = tenant)]
    tenant: Option<Tenant>,
    /// The provider's path below /kling/v1/, such as videos/text2video, of every account
    #[arg(long, value_parser = operation)]
    operation: Option<Operation>,
}

impl Scope {
    /// `None`: none is given.
    pub(crate) fn scope(&self) -> Option<PauseScope> {
        let account = || self.account.as_ref().map(|_| PauseScope::Account);
        let pool = || self.pool.map(PauseScope::Pool);
        let tenant = || self.tenant.clone().map(PauseScope::Tenant);
        let operation = || self.operation.clone().map(PauseScope::Operation);
        account().or_else(pool).or_else(tenant).or_else(operation)
    }

    /// The account that is named; `None`: the configured one.
    pub(crate) fn account(&self) -> Option<&str> {
        self.account.as_deref().filter(|name| !name.is_empty())
    }
}

#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Shown wherever something waits because of it
    #[arg(long, value_name = "TEXT", requires = "scope")]
    pub(crate) reason: Option<String>,
    /// Resume by itself after this, such as 90s or 2h
    #[arg(long = "for", value_name = "TIME", value_parser = duration, requires = "scope")]
    pub(crate) lasts: Option<Duration>,
    /// Resume by itself at this moment (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "scope", conflicts_with = "lasts")]
    pub(crate) until: Option<Timestamp>,
}
