//! The configuration of each account of an installation.

use std::collections::BTreeMap;

use crate::config::{Accounts, Config};
use crate::provider_key::ProviderKey;

impl Config {
    /// One for each account: that of `kling.account` first, then the others by name. Each is as if
    /// its account were the only one: name, address, key, limits and caps are those of the account,
    /// and `accounts` is empty. So what accounts have in common, such as which tenants they serve,
    /// is to be taken from the whole configuration.
    ///
    /// No file is read: [`require_api_key`](crate::Kling::require_api_key) reads a further key.
    pub fn accounts(&self) -> Vec<Self> {
        let further = self.accounts.key_files.keys().map(|name| self.of_further(name));
        std::iter::once(self.of_first_account()).chain(further).collect()
    }

    /// `None`: there is no such account.
    pub fn of_account(&self, name: &str) -> Option<Self> {
        self.accounts().into_iter().find(|config| config.kling.account == name)
    }

    /// The names, in the same order.
    pub fn account_names(&self) -> Vec<&str> {
        let further = self.accounts.key_files.keys().map(String::as_str);
        std::iter::once(self.kling.account.as_str()).chain(further).collect()
    }

    /// That of `kling.account`: also for what must not use the others, such as a simulated provider.
    pub fn of_first_account(&self) -> Self {
        let mut own = self.clone();
        own.accounts = none();
        (own.money.accounts_per_day, own.money.accounts_per_month) = Default::default();
        // A cap of one account must not decide for it alone.
        own.money.enabled = Some(self.money.is_enabled());
        own
    }

    fn of_further(&self, name: &str) -> Self {
        let (lists, money, mut own) = (&self.accounts, &self.money, self.of_first_account());
        let file = lists.key_files.get(name).cloned().unwrap_or_default();
        own.kling.account = name.to_owned();
        own.kling.api_key = ProviderKey::InFile { account: name.to_owned(), file };
        set(&mut own.kling.base_url, &lists.base_urls, name);
        set(&mut own.limits.videos, &lists.videos, name);
        set(&mut own.limits.images, &lists.images, name);
        set(&mut own.limits.audio, &lists.audio, name);
        set(&mut own.limits.rate, &lists.rates, name);
        let per_day = &lists.max_submissions_per_day;
        set(&mut own.limits.max_submissions_per_day, per_day, name);
        let of = |caps: &BTreeMap<String, _>, other| caps.get(name).copied().or(other);
        own.money.account_per_day = of(&money.accounts_per_day, money.account_per_day);
        own.money.account_per_month = of(&money.accounts_per_month, money.account_per_month);
        own
    }
}

/// A value that is not listed stays as it is.
fn set<T: Clone>(value: &mut T, listed: &BTreeMap<String, T>, name: &str) {
    if let Some(own) = listed.get(name) {
        *value = own.clone();
    }
}

/// No further accounts.
fn none() -> Accounts {
    Accounts {
        key_files: BTreeMap::new(),
        base_urls: BTreeMap::new(),
        tenants: BTreeMap::new(),
        videos: BTreeMap::new(),
        images: BTreeMap::new(),
        audio: BTreeMap::new(),
        rates: BTreeMap::new(),
        max_submissions_per_day: BTreeMap::new(),
    }
}
