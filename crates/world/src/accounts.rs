//! The accounts at the provider, which tells them apart by the keys of requests.

use secrecy::{ExposeSecret, SecretString};
use worker::Slots;

/// The name of the first account: the only one of most worlds.
pub(crate) const FIRST: &str = "default";

/// The name of the second account.
pub(crate) const OTHER: &str = "other";

/// The name of an account.
pub(crate) type Name = &'static str;

/// One account, and the tasks that may run on it at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) name: Name,
    pub(crate) slots: Slots,
}

impl Account {
    pub(crate) fn first(slots: Slots) -> Self {
        Self { name: FIRST, slots }
    }

    pub(crate) fn other(slots: Slots) -> Self {
        Self { name: OTHER, slots }
    }

    pub(crate) fn key(&self) -> SecretString {
        key_of(self.name).into()
    }
}

/// Of the key that a request was sent with.
pub(crate) fn of_key(key: &SecretString) -> Name {
    match key.expose_secret() == key_of(OTHER) {
        true => OTHER,
        false => FIRST,
    }
}

fn key_of(name: Name) -> String {
    format!("key of {name}")
}

/// For traces.
pub(crate) fn note(name: Name) -> String {
    match name {
        FIRST => String::new(),
        other => format!("{other}: "),
    }
}
