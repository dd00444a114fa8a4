//! How busy the pools are, and with whose jobs.

mod paused;
mod pool;
mod tenant;

use daemon::{Config, ExitCode};
use job::Resource;
use ports::{Broker, Clock, Ledger, Source, SystemClock};
use serde::Serialize;

use self::paused::Paused;
use self::pool::PoolStats;
use super::uncompared;
use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::settings::account_rules;

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
}

pub(crate) async fn run(
    config: &Config,
    tenants: usize,
    output: &Output,
) -> Result<ExitCode, Error> {
    let Backends { broker, ledger } = Backends::open(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    let mut pools = pools(config, broker.as_ref(), ledger.as_ref()).await?;
    pools.iter_mut().for_each(|pool| pool.tenants.truncate(tenants));
    let accounts = account_rules(config).names;
    let paused = Paused::of(&accounts, ledger.as_ref(), SystemClock.now()).await?;
    let dead_letters = broker.depth(&Source::Dead).await?;
    let account = config.kling.account.clone();
    let stats = Stats { account, accounts, pools, paused, dead_letters };
    output.result(&stats, || stats.words());
    Ok(ExitCode::Ok)
}

async fn pools(
    config: &Config,
    broker: &dyn Broker,
    ledger: &dyn Ledger,
) -> Result<Vec<PoolStats>, Error> {
    let mut pools = Vec::new();
    for account in config.accounts() {
        for resource in Resource::ALL {
            pools.push(PoolStats::of(&account, resource, broker, ledger).await?);
        }
    }
    Ok(pools)
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
        lines
    }
}
