//! What a team sees of its queue.

mod ends;
mod phases;
mod pool;
mod tenant;

use std::collections::BTreeMap;

use job::{Period, Resource, StateKind, Timestamp};
use ports::{
    Broker, BrokerError, GrantTerms, Ledger, LedgerError, ListFilter, Source, Spender, Spent,
};

pub use self::ends::{Ends, Hour};
pub use self::phases::{Phases, Share};
pub use self::pool::PoolStats;
pub use self::tenant::TenantStats;

/// Records of which phases are told.
const SAMPLE: usize = 200;

/// More jobs in doubt, or parked, are told as so many and more.
pub const MOST_COUNTED: usize = 100;

/// Why the queue cannot be seen.
#[derive(Debug, thiserror::Error)]
pub enum Unseen {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// What the configuration says of an account.
#[derive(Clone, Debug)]
pub struct AccountTerms {
    pub name: String,
    /// Of each pool.
    pub pools: BTreeMap<Resource, GrantTerms>,
}

/// The queue at a moment.
#[derive(Debug)]
pub struct Overview {
    /// Of each account.
    pub pools: Vec<PoolStats>,
    pub dead_letters: u64,
    /// Up to [`MOST_COUNTED`].
    pub in_doubt: usize,
    pub parked: usize,
    pub ends: Ends,
    pub phases: Phases,
    /// Of each account: today and this month.
    pub spent: Vec<(String, Spent, Spent)>,
}

impl Overview {
    pub async fn of(
        accounts: &[AccountTerms],
        broker: &dyn Broker,
        ledger: &dyn Ledger,
        now: Timestamp,
    ) -> Result<Self, Unseen> {
        let (pools, spent) = (pools(accounts, broker, ledger), spent(accounts, ledger, now));
        let dead = async { Ok::<_, Unseen>(broker.depth(&Source::Dead).await?) };
        let ended = async { Ok(ledger.ended(now - Ends::LOOKS_BACK).await?) };
        let (doubt, parked) = (StateKind::InDoubt, StateKind::Parked);
        let (pools, spent, dead_letters, ended, in_doubt, parked, phases) = futures::try_join!(
            pools,
            spent,
            dead,
            ended,
            count(ledger, doubt),
            count(ledger, parked),
            phases(ledger)
        )?;
        let ends = Ends::of(&ended, now);
        Ok(Self { pools, dead_letters, in_doubt, parked, ends, phases, spent })
    }
}

async fn pools(
    accounts: &[AccountTerms],
    broker: &dyn Broker,
    ledger: &dyn Ledger,
) -> Result<Vec<PoolStats>, Unseen> {
    let mut pools = Vec::new();
    for account in accounts {
        for (resource, terms) in &account.pools {
            pools.push(PoolStats::of(&account.name, *resource, terms, broker, ledger).await?);
        }
    }
    Ok(pools)
}

async fn count(ledger: &dyn Ledger, state: StateKind) -> Result<usize, Unseen> {
    let page = ledger.page(&ListFilter::of_states(&[state], MOST_COUNTED), None).await?;
    Ok(page.records.len())
}

async fn phases(ledger: &dyn Ledger) -> Result<Phases, Unseen> {
    let page = ledger.page(&ListFilter::of_states(&[StateKind::Succeeded], SAMPLE), None).await?;
    Ok(Phases::of(&page.records))
}

async fn spent(
    accounts: &[AccountTerms],
    ledger: &dyn Ledger,
    now: Timestamp,
) -> Result<Vec<(String, Spent, Spent)>, Unseen> {
    let mut all = Vec::new();
    for account in accounts {
        let mut sums = Vec::new();
        for period in [Period::day_of(now), Period::month_of(now)] {
            let by = ledger.spending(&account.name, &period).await?;
            let total = by.into_iter().find(|row| row.spender == Spender::Account);
            sums.push(total.map_or_else(Spent::default, |row| row.sums));
        }
        let month = sums.pop().unwrap_or_default();
        all.push((account.name.clone(), sums.pop().unwrap_or_default(), month));
    }
    Ok(all)
}
