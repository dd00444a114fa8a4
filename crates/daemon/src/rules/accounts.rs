//! Accounts that are named, declared, and reserved for tenants.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::reader::Reader;

const FILES: &str = "accounts.key_files";
const TENANTS: &str = "accounts.tenants";
const FIRST: &str = "kling.account";
const ALL: &[&str] = &[FIRST, FILES];

/// A list of values of further accounts, and the key that has the value of the first one.
struct List<'a> {
    key: &'static str,
    of_first: &'static str,
    names: Vec<&'a String>,
}

pub(super) fn problems(config: &Config, reader: &Reader<'_>) -> Vec<Problem> {
    // A list that could not be read has no names here.
    if !reader.could_read(ALL) {
        return Vec::new();
    }
    let problem = |(key, (message, hint)): (&'static str, (String, String))| {
        Problem::of_key(key, reader.source(key), message).hint(hint)
    };
    let listed = lists(config).into_iter().flat_map(|List { key, of_first, names }| {
        let wrong = move |name: &String| misnamed(config, name, of_first);
        names.into_iter().filter_map(wrong).map(move |wrong| (key, wrong)).collect::<Vec<_>>()
    });
    let of_tenants = tenants(config).into_iter().map(|wrong| (TENANTS, wrong));
    let left = nobody_left(config).map(|wrong| (TENANTS, wrong));
    listed.chain(of_tenants).chain(left).map(problem).collect()
}

fn lists(config: &Config) -> Vec<List<'_>> {
    fn list<'a, T>(
        key: &'static str,
        of_first: &'static str,
        values: &'a BTreeMap<String, T>,
    ) -> List<'a> {
        List { key, of_first, names: values.keys().collect() }
    }
    let (accounts, money) = (&config.accounts, &config.money);
    vec![
        list(FILES, "kling.api_key", &accounts.key_files),
        list("accounts.base_urls", "kling.base_url", &accounts.base_urls),
        list("accounts.videos", "limits.videos", &accounts.videos),
        list("accounts.images", "limits.images", &accounts.images),
        list("accounts.audio", "limits.audio", &accounts.audio),
        list("accounts.rates", "limits.rate", &accounts.rates),
        list(
            "accounts.max_submissions_per_day",
            "limits.max_submissions_per_day",
            &accounts.max_submissions_per_day,
        ),
        list("money.accounts_per_day", "money.account_per_day", &money.accounts_per_day),
        list("money.accounts_per_month", "money.account_per_month", &money.accounts_per_month),
    ]
}

fn misnamed(config: &Config, name: &str, of_first: &str) -> Option<(String, String)> {
    let own = &config.kling.account;
    if name == own {
        return Some((format!("names {name}, which is {FIRST}"), format!("set {of_first} for it")));
    }
    let further: Vec<_> = config.accounts.key_files.keys().map(String::as_str).collect();
    unknown(name, &further)
}

fn unknown(name: &str, known: &[&str]) -> Option<(String, String)> {
    let hint = match nearest(name, known.iter().copied()) {
        Some(known) => format!("did you mean {known}?"),
        None => format!("{FILES} declares accounts"),
    };
    (!known.contains(&name)).then(|| (format!("names {name}, which is no account"), hint))
}

/// Each name once.
fn named_by_tenants(config: &Config) -> BTreeSet<&str> {
    config.accounts.tenants.values().flatten().map(String::as_str).collect()
}

fn tenants(config: &Config) -> Vec<(String, String)> {
    let known = config.account_names();
    named_by_tenants(config).into_iter().filter_map(|name| unknown(name, &known)).collect()
}

/// Jobs of tenants that are not named need an account, too.
fn nobody_left(config: &Config) -> Option<(String, String)> {
    let named = named_by_tenants(config);
    let reserved = config.account_names().iter().all(|name| named.contains(name));
    let message = "names all accounts: none is left for tenants that it does not name";
    reserved.then(|| (message.to_owned(), "leave one account out".to_owned()))
}
