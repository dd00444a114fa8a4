//! The accounts whose tasks a poller can query.

use std::sync::Arc;

use crate::shared::Shared;

/// Never empty.
pub(crate) struct Accounts {
    first: Arc<Shared>,
    others: Vec<Arc<Shared>>,
}

impl Accounts {
    pub(crate) fn new(first: Arc<Shared>, others: Vec<Arc<Shared>>) -> Self {
        Self { first, others }
    }

    /// For what concerns no account.
    pub(crate) fn first(&self) -> &Arc<Shared> {
        &self.first
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Shared>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// That of a record. The first, if this poller does not have it: it then queries nothing.
    pub(crate) fn of(&self, account: &str) -> &Arc<Shared> {
        let named = |shared: &&Arc<Shared>| shared.settings.account == account;
        self.others.iter().find(named).unwrap_or(&self.first)
    }
}
