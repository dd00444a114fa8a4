//! The settings of each role, from the configuration.

mod accounts;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::webhooks::Sender;
use console::{Access, ConfigurationRow, ConsoleSettings};
use daemon::{
    Config, DoubtPolicy, Effective, Limits, LookUp, MicroUsd, Money, OverCap, SlotCount, Sources,
    Tenants,
};
use gateway::{Callers, JobsSettings};
use job::{CallbackSigner, Cap, OnCap, OnDoubt, Resource, RoomBounds, Rules, Tenant};
use operator::AccountTerms;
use poller::LookUpBy;
use ports::{GrantTerms, TenantTerms};
use prices::PriceTable;
use worker::{Budget, Callback, Slots};

pub(crate) use self::accounts::{account_rules, asked, most_slots, of_account};
pub(crate) use self::webhooks::webhooks;
use crate::backends::spans;
use crate::error::Error;

/// The journal keeps its lines for longer than the ledger keeps settled records.
const JOURNALED_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// Slots of a pool that `auto` begins with: few requests are refused where there are fewer.
const FIRST: u32 = 4;

/// How long a gateway remembers a job that no worker records, at least.
const ACCEPTED_FOR: Duration = Duration::from_secs(14 * 24 * 3600);

pub(crate) fn rules(config: &Config) -> Rules {
    Rules {
        installation: config.ledger.namespace.clone(),
        pace: config.poll.pace,
        post_timeout: config.kling.timeout,
        settling: config.doubt.settling,
        // With `auto`, only a look-up that has been tested reports a denial.
        denials_trusted: config.kling.trust_denials || config.kling.look_up == LookUp::Auto,
        on_doubt: match config.doubt.policy {
            DoubtPolicy::Park => OnDoubt::Park,
            DoubtPolicy::Resubmit => OnDoubt::Resubmit,
        },
        doubt_give_up: config.doubt.give_up,
        callback_wait: config.doubt.callback_wait,
        max_attempts: config.limits.max_attempts,
        overdue_after: config.poll.give_up,
        announce_submitted: config.events.submitted,
        ..Rules::default()
    }
}

pub(crate) fn follower(config: &Config) -> follower::Settings {
    follower::Settings {
        rules: rules(config),
        retention: config.ledger.retention,
        post_timeout: config.kling.timeout,
        counts_days: config.accounts().iter().any(|one| one.limits.max_submissions_per_day > 0),
        counts_spending: config.money.is_enabled(),
        notes_owners: config.account_names().len() > 1,
        journaled_again: JOURNALED_AGAIN.min(config.ledger.retention / 4),
        goes_on: config.ledger.url.url().is_some(),
    }
}

pub(crate) fn worker(config: &Config) -> worker::Settings {
    worker::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        slots: slots(config),
        first_slots: first_slots(config),
        fewest_slots: config.limits.floor,
        room: RoomBounds { pool: config.limits.waiting, tenant: config.tenants.waiting },
        tenant: TenantTerms {
            weight: config.tenants.weight,
            concurrency: config.tenants.concurrency,
            per_minute: config.tenants.rate,
        },
        tenants: tenants(&config.tenants),
        submissions_per_day: config.limits.max_submissions_per_day,
        per_minute: config.limits.rate,
        post_timeout: config.kling.timeout,
        prefetch: config.worker.prefetch,
        in_progress: config.limits.max_in_progress as usize,
        max_deliveries: config.worker.max_deliveries,
        producer_skew: config.worker.producer_skew,
        callback: callback(config),
        spans: spans(),
        budget: config.money.is_enabled().then(|| budget(&config.money)),
        ..worker::Settings::default()
    }
}

fn budget(config: &Money) -> Budget {
    let cap = |day: Option<MicroUsd>, month: Option<MicroUsd>| Cap {
        day: day.map(|day| job::Money::from_micros(day.0)),
        month: month.map(|month| job::Money::from_micros(month.0)),
    };
    let of = |name: &String| {
        let day = config.tenants_per_day.get(name).copied();
        let month = config.tenants_per_month.get(name).copied();
        cap(day.or(config.tenant_per_day), month.or(config.tenant_per_month))
    };
    let names = config.tenants_per_day.keys().chain(config.tenants_per_month.keys());
    Budget {
        account: cap(config.account_per_day, config.account_per_month),
        tenant: cap(config.tenant_per_day, config.tenant_per_month),
        tenants: names.filter_map(|name| Some((Tenant::new(name).ok()?, of(name)))).collect(),
        on_cap: match config.over_cap {
            OverCap::Hold => OnCap::Hold,
            OverCap::Refuse => OnCap::Refuse,
        },
    }
}

/// On which the jobs of this resource get slots.
pub(crate) fn terms(config: &Config, resource: Resource) -> GrantTerms {
    worker(config).terms(resource)
}

/// What an overview needs of each account.
pub(crate) fn account_terms(config: &Config) -> Vec<AccountTerms> {
    let accounts = config.accounts().into_iter();
    let pools = |config: &Config| {
        Resource::ALL.into_iter().map(|resource| (resource, terms(config, resource))).collect()
    };
    let of =
        |config: Config| AccountTerms { pools: pools(&config), name: config.kling.account.clone() };
    accounts.map(of).collect()
}

/// Those that have terms of their own.
fn tenants(config: &Tenants) -> BTreeMap<Tenant, TenantTerms> {
    let of = |numbers: &BTreeMap<String, u32>, name: &str, other| {
        numbers.get(name).copied().unwrap_or(other)
    };
    let names = config.weights.keys().chain(config.concurrencies.keys()).chain(config.rates.keys());
    let terms = names.filter_map(|name| {
        let weight = of(&config.weights, name, config.weight);
        let concurrency = of(&config.concurrencies, name, config.concurrency);
        let per_minute = of(&config.rates, name, config.rate);
        Some((Tenant::new(name).ok()?, TenantTerms { weight, concurrency, per_minute }))
    });
    terms.collect()
}

/// The most slots that are used.
pub(crate) fn slots(config: &Config) -> Slots {
    of_each(config, |count| count.most(config.limits.ceiling))
}

/// Slots that are used before the provider has refused any; 0 = the most.
fn first_slots(config: &Config) -> Slots {
    let limits = &config.limits;
    of_each(config, |count| match count {
        SlotCount::Auto => FIRST.min(limits.ceiling).max(limits.floor),
        SlotCount::Number(_) => 0,
    })
}

fn of_each(config: &Config, slots: impl Fn(SlotCount) -> u32) -> Slots {
    let Limits { videos, images, audio, .. } = config.limits;
    Slots { videos: slots(videos), images: slots(images), audio: slots(audio) }
}

pub(crate) fn poller(config: &Config) -> poller::Settings {
    poller::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        look_up: match config.kling.look_up {
            LookUp::None => LookUpBy::None,
            LookUp::Auto => LookUpBy::Auto,
            LookUp::Path => LookUpBy::Form(kling::LookUp::Path),
            LookUp::Query => LookUpBy::Form(kling::LookUp::Query),
            LookUp::List => LookUpBy::Form(kling::LookUp::List),
        },
        callbacks: config.gateway.callback_url.is_some(),
        concurrency: config.poll.concurrency as usize,
        batch: config.poll.batch as usize,
        sweep: config.poll.sweep,
        adopts: config.broker.url.url().is_some(),
        counts_spending: config.money.is_enabled(),
        spans: spans(),
        ..poller::Settings::default()
    }
}

/// `None`: no callbacks can be received, since they could not be told from forgeries.
pub(crate) fn callbacks(config: &Config) -> Option<gateway::Settings> {
    let mut settings =
        gateway::Settings::new(signer(config)?, rules(config), account_rules(config));
    // Operators may look into parked doubts much later.
    settings.keep_for = settings.keep_for.max(config.ledger.retention);
    Some(settings)
}

/// Of the jobs of clients.
pub(crate) fn jobs(
    config: &Config,
    callers: Callers,
    prices: Arc<PriceTable>,
    webhooks: Option<&Sender>,
) -> JobsSettings {
    let webhooks = webhooks.map(|sender| sender.guard().clone());
    let slots = most_slots(config);
    // A message may wait for longer than an ended job is kept.
    let keep_for = config.ledger.retention.max(ACCEPTED_FOR);
    let settings = JobsSettings::new(callers, rules(config), config.ledger.retention, keep_for);
    // The other half is left to those that do not wait.
    let waits = (config.gateway.connections / 2) as usize;
    JobsSettings { slots, prices, waits, webhooks, ..settings }
}

pub(crate) fn console(
    config: &Config,
    sources: &Sources,
    access: Access,
    prices: Arc<PriceTable>,
) -> Result<ConsoleSettings, Error> {
    let rows = Config::load(sources)?.effective.into_iter();
    let row = |row: Effective| ConfigurationRow {
        key: row.key.to_owned(),
        value: row.value,
        source: row.source.to_string(),
    };
    Ok(ConsoleSettings {
        access,
        accounts: account_terms(config),
        configuration: rows.map(row).collect(),
        prices,
        rules: rules(config),
        retention: config.ledger.retention,
    })
}

fn callback(config: &Config) -> Option<Callback> {
    let url = config.gateway.callback_url.as_ref()?.to_string();
    Some(Callback { url, signer: signer(config)? })
}

fn signer(config: &Config) -> Option<CallbackSigner> {
    CallbackSigner::new(&config.ledger.namespace, &config.gateway.callback_secrets)
}

#[cfg(test)]
mod tests {
    use daemon::Sources;

    use super::*;

    /// The configuration of a process for which nothing is set.
    fn unset() -> Config {
        Config::load(&Sources::default()).unwrap().config
    }

    /// Without the settings of the look-up, which the crates' own defaults do not have.
    fn common(rules: Rules) -> Rules {
        Rules { denials_trusted: false, ..rules }
    }

    #[test]
    fn defaults_of_the_configuration_are_those_of_the_roles() {
        let config = unset();
        assert_eq!(format!("{:?}", common(rules(&config))), format!("{:?}", Rules::default()));
        let set = worker(&config);
        let own = worker::Settings::default();
        let set = worker::Settings { rules: common(set.rules), spans: own.spans, ..set };
        assert_eq!(format!("{set:?}"), format!("{own:?}"));
        let set = poller(&config);
        // No key sets the names of spans, and the crate's own default has no look-up.
        let own = poller::Settings::default();
        let (look_up, spans) = (LookUpBy::None, own.spans);
        let set = poller::Settings { rules: common(set.rules), look_up, spans, ..set };
        assert_eq!(format!("{set:?}"), format!("{own:?}"));
        let set = follower(&config);
        let set = follower::Settings { rules: common(set.rules), goes_on: true, ..set };
        assert_eq!(format!("{set:?}"), format!("{:?}", follower::Settings::default()));
    }
}
