//! Which accounts there are, and which of them a job or a command is about.

use std::collections::BTreeMap;

use daemon::Config;
use job::{AccountRules, Tenant};
use worker::Slots;

use super::slots;
use crate::error::Error;

/// From the whole configuration: that of one account knows no others.
pub(crate) fn account_rules(config: &Config) -> AccountRules {
    let names = config.account_names().into_iter().map(str::to_owned).collect();
    let tenants = config.accounts.tenants.iter();
    let tenants: BTreeMap<Tenant, Vec<String>> = tenants
        .filter_map(|(tenant, accounts)| Some((Tenant::new(tenant).ok()?, accounts.clone())))
        .collect();
    AccountRules { names, tenants }
}

/// For the limits of an account. One that is not configured any more has those of the first.
pub(crate) fn of_account(config: &Config, name: &str) -> Config {
    config.of_account(name).unwrap_or_else(|| config.clone())
}

/// To ask the provider about a task of an account. A single account may have got another name since.
pub(crate) fn asked(config: &Config, name: &str) -> Result<Config, Error> {
    let single = || config.accounts.key_files.is_empty().then(|| config.clone());
    config.of_account(name).or_else(single).ok_or_else(|| {
        Error::Denied(format!("account {name} is not configured here: see accounts.key_files"))
    })
}

/// The most slots that a job may need: those of the account that has most; 0 = no limit.
pub(crate) fn most_slots(config: &Config) -> Slots {
    let all: Vec<Slots> = config.accounts().iter().map(slots).collect();
    let most = |of: fn(&Slots) -> u32| {
        let numbers = || all.iter().map(of);
        if numbers().any(|number| number == 0) { 0 } else { numbers().max().unwrap_or(0) }
    };
    Slots {
        videos: most(|slots| slots.videos),
        images: most(|slots| slots.images),
        audio: most(|slots| slots.audio),
    }
}

#[cfg(test)]
mod tests {
    use daemon::Sources;

    use super::*;
    use crate::settings::{follower, terms, worker};

    fn config(settings: &[(&str, &str)]) -> Config {
        let files = ("accounts.key_files", "a=/none/a,b=/none/b");
        let all = settings.iter().chain([&files]);
        let overrides = all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let overrides = overrides.collect();
        Config::load(&Sources { overrides, ..Sources::default() }).unwrap().config
    }

    #[test]
    fn rules_name_all_accounts_and_those_of_tenants() {
        let config = config(&[("accounts.tenants", "acme=b,acme=a")]);
        let rules = account_rules(&config);
        assert_eq!(rules.names, ["default", "a", "b"]);
        let acme = Tenant::new("acme").unwrap();
        assert_eq!(rules.tenants, [(acme, vec!["b".to_owned(), "a".to_owned()])].into());
    }

    #[test]
    fn a_role_has_the_settings_of_an_account() {
        let config = config(&[
            ("accounts.videos", "a=2"),
            ("accounts.rates", "a=30"),
            ("accounts.max_submissions_per_day", "a=7"),
            ("money.accounts_per_day", "a=3"),
        ]);
        let set = worker(&of_account(&config, "a"));
        assert_eq!((set.account.as_str(), set.per_minute, set.submissions_per_day), ("a", 30, 7));
        assert_eq!(set.slots.videos, 2);
        let budget = set.budget.expect("costs are counted");
        assert_eq!(budget.account.day, Some(job::Money::from_micros(3_000_000)));
        let other = worker(&of_account(&config, "b"));
        assert_eq!((other.slots.videos, other.submissions_per_day), (5, 0));
        assert!(other.budget.is_some_and(|budget| budget.account.day.is_none()));
        let pool = terms(&of_account(&config, "gone"), job::Resource::Videos);
        assert_eq!(pool.limits.concurrency, 5);
        assert!(follower(&config).counts_days, "one account is enough");
    }

    #[test]
    fn no_other_account_is_asked_about_a_task() {
        let config = config(&[]);
        assert_eq!(asked(&config, "b").unwrap().kling.account, "b");
        assert!(asked(&config, "gone").is_err());
        let single = Config::load(&Sources::default()).unwrap().config;
        assert_eq!(asked(&single, "before").unwrap().kling.account, "default");
    }

    #[test]
    fn a_job_fits_if_it_fits_one_account() {
        let config = config(&[("accounts.videos", "a=20"), ("accounts.images", "b=0")]);
        let slots = most_slots(&config);
        assert_eq!((slots.videos, slots.images, slots.audio), (20, 0, 5));
    }
}
