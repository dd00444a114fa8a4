//! Caps of accounts: each within itself, and all of them together.

use super::{ACCOUNT_DAY, ACCOUNT_MONTH, ACCOUNTS_DAY, ACCOUNTS_MONTH, Cap};
use crate::config::{Config, Money};
use crate::kind::MicroUsd;
use crate::rules::breach::Breach;

/// A day's cap that is above that of the month of the same account.
pub(super) fn contradictory(config: &Config) -> Vec<Breach> {
    let money = &config.money;
    let first = (
        money.account_per_day.map(|amount| Cap::of_all(ACCOUNT_DAY, amount)),
        money.account_per_month.map(|amount| Cap::of_all(ACCOUNT_MONTH, amount)),
    );
    let further = config.accounts.key_files.keys().filter(|name| has_own(money, name));
    let caps =
        std::iter::once(first).chain(further.map(|name| (day(money, name), month(money, name))));
    caps.filter_map(|(day, month)| day?.breach(&month?)).collect()
}

/// Others have the caps of the first account, about which is reported once.
fn has_own(money: &Money, name: &str) -> bool {
    money.accounts_per_day.contains_key(name) || money.accounts_per_month.contains_key(name)
}

fn day(money: &Money, name: &str) -> Option<Cap> {
    let of_all = money.account_per_day.map(|amount| Cap::of_one(ACCOUNT_DAY, name, amount));
    let own = money.accounts_per_day.get(name);
    own.map(|amount| Cap::of_one(ACCOUNTS_DAY, name, *amount)).or(of_all)
}

fn month(money: &Money, name: &str) -> Option<Cap> {
    let of_all = money.account_per_month.map(|amount| Cap::of_one(ACCOUNT_MONTH, name, amount));
    let own = money.accounts_per_month.get(name);
    own.map(|amount| Cap::of_one(ACCOUNTS_MONTH, name, *amount)).or(of_all)
}

/// What all accounts may spend in a day and in a month; none if one of them may spend any amount.
pub(super) fn together(config: &Config) -> Vec<Cap> {
    let accounts = config.accounts();
    let sum = |of: fn(&Money) -> Option<MicroUsd>| {
        let amounts = accounts.iter().map(|account| of(&account.money).map(|amount| amount.0));
        amounts.sum::<Option<u64>>().map(MicroUsd)
    };
    let day = sum(|money| money.account_per_day).map(|sum| Cap::of_all(ACCOUNT_DAY, sum));
    let month = sum(|money| money.account_per_month).map(|sum| Cap::of_all(ACCOUNT_MONTH, sum));
    day.into_iter().chain(month).collect()
}
