//! Lists of NAME=VALUE.

use std::collections::BTreeMap;
use std::fmt::Display;

use ::config::ValueKind;

use super::raw::{is_not, texts};

/// The longest name of a tenant, in bytes: a job with a longer one is rejected.
const TENANT_MOST: usize = 64;

/// The longest name of anything else.
pub(super) const NAME_MOST: usize = 32;

/// Whom a pair is about.
#[derive(Clone, Copy)]
pub(super) enum Whom {
    Tenant,
    Account,
}

impl Whom {
    fn most(self) -> usize {
        match self {
            Self::Tenant => TENANT_MOST,
            Self::Account => NAME_MOST,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Account => "account",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tenant => "the name of a tenant",
            Self::Account => "the name of an account",
        }
    }

    /// What is wrong with an item. That of an account may be a secret in the wrong place.
    fn is_not(self, place: usize, text: &str, wanted: &str) -> String {
        match self {
            Self::Tenant => is_not(text, wanted),
            Self::Account => format!("item {} of the list is not {wanted}", place + 1),
        }
    }
}

pub(super) fn is_name(name: &str, most: usize) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (1..=most).contains(&name.len()) && name.chars().all(fits)
}

/// Items such as `acme=3`, in their order.
pub(super) fn pairs(whom: Whom, raw: &ValueKind) -> Result<Vec<(String, &str)>, String> {
    let mut pairs = Vec::new();
    for (place, item) in texts(raw)?.into_iter().enumerate() {
        let Some((name, value)) = item.split_once('=') else {
            return Err(whom.is_not(place, item, "such a pair"));
        };
        let name = name.trim();
        if !is_name(name, whom.most()) {
            return Err(whom.is_not(place, name, whom.name()));
        }
        pairs.push((name.to_owned(), value.trim()));
    }
    Ok(pairs)
}

/// The same, with each name once.
pub(super) fn of_each<T>(
    whom: Whom,
    raw: &ValueKind,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<BTreeMap<String, T>, String> {
    let mut values = BTreeMap::new();
    for (name, value) in pairs(whom, raw)? {
        if values.insert(name.clone(), read(value)?).is_some() {
            return Err(format!("names the {} {name} twice", whom.word()));
        }
    }
    Ok(values)
}

pub(super) fn shown<T: Display>(pairs: impl Iterator<Item = (impl Display, T)>) -> String {
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(", ")
}
