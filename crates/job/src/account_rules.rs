//! Which of the provider's accounts a job may be submitted with.

use std::collections::BTreeMap;

use crate::{Fault, Reason, Record, State, Tenant};

/// The account of an installation that names none.
pub const DEFAULT_ACCOUNT: &str = "default";

/// Longer names would not fit the names of pools and keys.
pub const MAX_ACCOUNT_BYTES: usize = 64;

/// Whether it can be the name of an account. A colon separates it from what follows in the name of
/// a pool.
pub fn is_account_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=MAX_ACCOUNT_BYTES).contains(&name.len()) && name.chars().all(allowed)
}

/// Which accounts the jobs of a tenant may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountRules {
    /// In order; the first is the default. Empty: there is only [`DEFAULT_ACCOUNT`].
    pub names: Vec<String>,
    /// The accounts reserved for tenants. One account may be reserved for several.
    pub tenants: BTreeMap<Tenant, Vec<String>>,
}

impl AccountRules {
    /// There is only this account.
    pub fn only(name: &str) -> Self {
        Self { names: vec![name.to_owned()], ..Self::default() }
    }

    /// The accounts that a job may be submitted with: never empty. `asked`: the account that its
    /// message names.
    pub fn of(&self, tenant: &Tenant, asked: Option<&str>) -> Result<Vec<&str>, Reason> {
        let allowed = self.of_tenant(tenant);
        let Some(asked) = asked else {
            let none = || Reason::NoAccount(tenant.as_str().to_owned());
            return if allowed.is_empty() { Err(none()) } else { Ok(allowed) };
        };
        let found = allowed.iter().copied().find(|name| *name == asked);
        found.map(|name| vec![name]).ok_or_else(|| refused(asked, tenant, &allowed))
    }

    /// Those for a record: only its own once something may have been sent, or when it is bound.
    pub fn of_record<'a>(&'a self, record: &'a Record) -> Vec<&'a str> {
        let own = || vec![record.account.as_str()];
        match record.stays_with_its_account() {
            true => own(),
            false => self.of(&record.key.tenant, None).unwrap_or_else(|_| own()),
        }
    }

    /// In the order of all accounts. What is reserved and does not exist cannot be used.
    fn of_tenant(&self, tenant: &Tenant) -> Vec<&str> {
        let own = self.tenants.get(tenant);
        self.all().filter(|name| may_use(own, name, self.is_reserved(name))).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        let only = self.names.is_empty().then_some(DEFAULT_ACCOUNT);
        self.names.iter().map(String::as_str).chain(only)
    }

    fn is_reserved(&self, name: &str) -> bool {
        self.tenants.values().flatten().any(|reserved| reserved == name)
    }
}

/// `own`: the accounts reserved for the tenant, if it has any.
fn may_use(own: Option<&Vec<String>>, name: &str, is_reserved: bool) -> bool {
    match own {
        Some(own) => own.iter().any(|reserved| reserved == name),
        None => !is_reserved,
    }
}

/// Names only the tenant's own choice: what is reserved for others is not its business.
fn refused(asked: &str, tenant: &Tenant, allowed: &[&str]) -> Reason {
    let may = match allowed {
        [] => "none may be asked for".to_owned(),
        allowed => format!("may be asked for: {}", allowed.join(", ")),
    };
    let message = format!("account \"{asked}\" is not one of tenant {}; {may}", tenant.as_str());
    Reason::UnknownAccount(Fault::of("account", message))
}

impl Record {
    /// Whether no other account may be used for it: it is bound, or its account may know a task of
    /// it. A later round stays too, since the journal may lack its intent.
    pub fn stays_with_its_account(&self) -> bool {
        self.bound
            || self.may_have_been_paid()
            || self.was_a_job() && self.round > 1
            || !self.state.leaves_its_account_open()
    }
}

impl State {
    fn leaves_its_account_open(&self) -> bool {
        match self {
            Self::Tombstone | Self::Queued { .. } | Self::Waiting { .. } => true,
            Self::Submitting { .. }
            | Self::InDoubt { .. }
            | Self::Pending { .. }
            | Self::Settled { .. }
            | Self::Parked { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
