//! How busy the pools are, and with whose jobs.

mod paused;

use std::collections::BTreeMap;

use daemon::{Config, ExitCode};
use operator::{Hour, MOST_COUNTED, Overview, Phases, PoolStats, Share};
use ports::{Clock, SystemClock};
use serde::Serialize;

use self::paused::Paused;
use super::uncompared;
use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::settings::{account_rules, account_terms};

#[derive(Debug, Serialize)]
struct Stats {
    /// The first of them.
    account: String,
    accounts: Vec<String>,
    /// Of each account.
    pools: Vec<PoolStats>,
    #[serde(flatten)]
    paused: Paused,
    dead_letters: u64,
    /// Up to 100.
    in_doubt: usize,
    parked: usize,
    /// Rounds that have ended.
    last_hour: Hour,
    last_hour_of_pools: BTreeMap<String, Hour>,
    /// The last 24, oldest first.
    hours: Vec<Hour>,
    /// Of the newest jobs that succeeded, in seconds.
    phases: Phases,
}

pub(crate) async fn run(
    config: &Config,
    tenants: usize,
    output: &Output,
) -> Result<ExitCode, Error> {
    let Backends { broker, ledger } = Backends::open(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    let (terms, now) = (account_terms(config), SystemClock.now());
    let seen = Overview::of(&terms, broker.as_ref(), ledger.as_ref(), now).await?;
    let Overview { mut pools, dead_letters, in_doubt, parked, ends, phases, spent: _ } = seen;
    pools.iter_mut().for_each(|pool| pool.tenants.truncate(tenants));
    let accounts = account_rules(config).names;
    let paused = Paused::of(&accounts, ledger.as_ref(), now).await?;
    let account = config.kling.account.clone();
    let stats = Stats {
        account,
        accounts,
        pools,
        paused,
        dead_letters,
        in_doubt,
        parked,
        last_hour: ends.last_hour,
        last_hour_of_pools: ends.pools.into_iter().collect(),
        hours: ends.hours,
        phases,
    };
    output.result(&stats, || stats.words());
    Ok(ExitCode::Ok)
}

fn counted(count: usize) -> String {
    if count == MOST_COUNTED { format!("{count} or more") } else { count.to_string() }
}

fn ended(hour: &Hour) -> String {
    let Hour { succeeded, failed, others, .. } = hour;
    let share = match hour.failed_share() {
        Some(share) => format!(" ({:.1} %)", 100.0 * share),
        None => String::new(),
    };
    format!(
        "last hour: {succeeded} succeeded, {failed} failed{share}, {others} rejected or cancelled"
    )
}

fn took(share: Share) -> String {
    format!("{:.1} s (p50), {:.1} s (p95)", share.p50, share.p95)
}

impl Stats {
    fn words(&self) -> Vec<String> {
        let several = self.accounts.len() > 1;
        let mut lines: Vec<_> = self.pools.iter().flat_map(|pool| pool.words(several)).collect();
        if several {
            let first = self.pools.iter().filter(|pool| pool.account == self.account);
            let more = |pool: &PoolStats| {
                format!("{}: {} more in the broker", pool.pool, pool.in_broker())
            };
            lines.extend(first.map(more));
        }
        lines.extend_from_slice(self.paused.words());
        lines.push(format!("{} dead letters", self.dead_letters));
        let (in_doubt, parked) = (counted(self.in_doubt), counted(self.parked));
        lines.push(format!("{in_doubt} in doubt, {parked} parked"));
        lines.push(ended(&self.last_hour));
        lines.extend(self.phases.provider.map(|share| {
            let queue = self.phases.queue.map(took).unwrap_or_default();
            let (jobs, provider) = (self.phases.jobs, took(share));
            format!("the newest {jobs} that succeeded: queued {queue}, at the provider {provider}")
        }));
        lines
    }
}
