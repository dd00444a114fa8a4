//! Caps on spending that do nothing, or that contradict each other.

mod accounts;

use std::collections::BTreeMap;

use super::breach::Breach;
use crate::config::{Config, Money};
use crate::kind::MicroUsd;

const ENABLED: &str = "money.enabled";
const ACCOUNT_DAY: &str = "money.account_per_day";
const ACCOUNT_MONTH: &str = "money.account_per_month";
const ACCOUNTS_DAY: &str = "money.accounts_per_day";
const ACCOUNTS_MONTH: &str = "money.accounts_per_month";
const TENANT_DAY: &str = "money.tenant_per_day";
const TENANT_MONTH: &str = "money.tenant_per_month";
const TENANTS_DAY: &str = "money.tenants_per_day";
const TENANTS_MONTH: &str = "money.tenants_per_month";

pub(super) const KEYS: &[&str] = &[
    ENABLED,
    ACCOUNT_DAY,
    ACCOUNT_MONTH,
    ACCOUNTS_DAY,
    ACCOUNTS_MONTH,
    TENANT_DAY,
    TENANT_MONTH,
    TENANTS_DAY,
    TENANTS_MONTH,
    // Whose caps they are.
    "accounts.key_files",
];

/// A cap, by its key and whom it is for.
struct Cap {
    key: &'static str,
    whose: String,
    amount: MicroUsd,
}

impl Cap {
    fn of_all(key: &'static str, amount: MicroUsd) -> Self {
        Self { key, whose: String::new(), amount }
    }

    fn of_one(key: &'static str, name: &str, amount: MicroUsd) -> Self {
        Self { key, whose: format!(" for {name}"), amount }
    }

    /// A cap above another one is never reached.
    fn breach(&self, lower: &Self) -> Option<Breach> {
        let Self { key, whose, amount } = self;
        (*amount > lower.amount).then(|| Breach {
            key,
            message: format!(
                "is {amount}{whose}, more than {} ({}): it is never reached",
                lower.amount, lower.key
            ),
            hint: "lower it, or remove it",
        })
    }
}

pub(super) fn breaches(config: &Config) -> Vec<Breach> {
    let mut all = unused(config);
    all.extend(contradictory(config));
    all
}

fn unused(config: &Config) -> Vec<Breach> {
    let money = &config.money;
    let all = if money.enabled == Some(false) { caps(money) } else { Vec::new() };
    let mut keys: Vec<_> = all.into_iter().map(|cap| cap.key).collect();
    keys.dedup();
    let breach = |key| Breach {
        key,
        message: format!("is set while {ENABLED} is false: nothing would be held"),
        hint: "remove one of them",
    };
    keys.into_iter().map(breach).collect()
}

/// As they are written.
fn caps(money: &Money) -> Vec<Cap> {
    let mut all = single(ACCOUNT_DAY, money.account_per_day);
    all.extend(single(ACCOUNT_MONTH, money.account_per_month));
    all.extend(named(ACCOUNTS_DAY, &money.accounts_per_day));
    all.extend(named(ACCOUNTS_MONTH, &money.accounts_per_month));
    all.extend(of_tenants(money));
    all
}

fn of_tenants(money: &Money) -> Vec<Cap> {
    let mut all = single(TENANT_DAY, money.tenant_per_day);
    all.extend(single(TENANT_MONTH, money.tenant_per_month));
    all.extend(named(TENANTS_DAY, &money.tenants_per_day));
    all.extend(named(TENANTS_MONTH, &money.tenants_per_month));
    all
}

fn single(key: &'static str, amount: Option<MicroUsd>) -> Vec<Cap> {
    amount.map(|amount| Cap::of_all(key, amount)).into_iter().collect()
}

fn named(key: &'static str, amounts: &BTreeMap<String, MicroUsd>) -> Vec<Cap> {
    amounts.iter().map(|(name, amount)| Cap::of_one(key, name, *amount)).collect()
}

/// A day's cap above that of the month, or a tenant's above those of all accounts together.
fn contradictory(config: &Config) -> Vec<Breach> {
    let of_tenants = of_tenants(&config.money);
    let together = accounts::together(config);
    let lower = || together.iter().chain(&of_tenants);
    let pairs = of_tenants.iter().flat_map(|cap| lower().map(move |lower| (cap, lower)));
    let related = pairs.filter(|(cap, lower)| is_within(cap, lower));
    let breaches = related.filter_map(|(cap, lower)| cap.breach(lower));
    accounts::contradictory(config).into_iter().chain(breaches).collect()
}

/// What the first allows to a tenant is also limited by the second.
fn is_within(cap: &Cap, lower: &Cap) -> bool {
    match (cap.key, lower.key) {
        (TENANT_DAY | TENANTS_DAY | TENANT_MONTH | TENANTS_MONTH, ACCOUNT_MONTH)
        | (TENANT_DAY | TENANTS_DAY, ACCOUNT_DAY)
        | (TENANT_DAY, TENANT_MONTH) => true,
        (TENANTS_DAY, TENANTS_MONTH) => cap.whose == lower.whose,
        _ => false,
    }
}
