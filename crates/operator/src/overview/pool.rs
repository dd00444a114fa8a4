//! The slots of an account's pool, and the jobs that wait for them.

use job::{Lane, OverflowQueue, Resource};
use ports::{Broker, GrantTerms, Ledger, Permit, PoolSlots, Source};
use serde::Serialize;

use super::Unseen;
use super::tenant::{TenantStats, rows};

/// Tenants whose jobs wait that are counted; a store answers about no more at once.
const MOST_COUNTED: usize = 10_000;

#[derive(Debug, Serialize)]
pub struct PoolStats {
    pub account: String,
    pub pool: Resource,
    /// That may be used now; 0 = no limit.
    pub slots: u32,
    /// The most that may be used; 0 = no limit.
    pub most_slots: u32,
    /// Until when the provider has asked for a pause.
    pub paused_until: Option<String>,
    pub running: u32,
    pub waiting: u32,
    /// Messages that no worker has taken; they are of no account yet.
    pub in_lanes: u64,
    pub in_overflow: u64,
    /// Those with most waiting jobs.
    pub tenants: Vec<TenantStats>,
}

impl PoolStats {
    pub async fn of(
        account: &str,
        resource: Resource,
        terms: &GrantTerms,
        broker: &dyn Broker,
        ledger: &dyn Ledger,
    ) -> Result<Self, Unseen> {
        let pool = Permit::pool_of(account, resource);
        let usage = ledger.usage(&pool).await?;
        let PoolSlots { limit, now, .. } = ledger.pool_slots(&pool).await?;
        let (waiting, held) = (ledger.waiting(&pool, MOST_COUNTED), ledger.permits(&pool));
        let lanes = Lane::all().filter(|lane| lane.resource == resource).map(Source::Lane);
        let overflow = OverflowQueue::all().filter(|queue| queue.resource == resource);
        Ok(Self {
            account: account.to_owned(),
            pool: resource,
            slots: terms.limits.now(limit.as_ref()),
            most_slots: terms.limits.concurrency,
            paused_until: limit
                .filter(|limit| limit.is_paused(now))
                .map(|found| found.paused_until.to_string()),
            running: usage.used,
            waiting: usage.waiting,
            in_lanes: depth(broker, lanes).await?,
            in_overflow: depth(broker, overflow.map(Source::Overflow)).await?,
            tenants: rows(terms, waiting.await?, &held.await?),
        })
    }

    /// What waits in the broker is said once if there are several accounts.
    pub fn words(&self, several: bool) -> Vec<String> {
        let Self { account, pool, running, waiting, tenants, .. } = self;
        let (name, broker) = match several {
            true => (format!("{account} {pool}"), String::new()),
            false => (pool.to_string(), format!(", {} more in the broker", self.in_broker())),
        };
        let (slots, pause) = (self.slots_in_words(), self.pause_in_words());
        let first = format!("{name}: {running}{slots} in use, {waiting} jobs wait{broker}{pause}");
        std::iter::once(first).chain(tenants.iter().map(TenantStats::words)).collect()
    }

    pub fn in_broker(&self) -> u64 {
        self.in_lanes + self.in_overflow
    }
}

impl PoolStats {
    fn slots_in_words(&self) -> String {
        match (self.slots, self.most_slots) {
            (0, _) => String::new(),
            (slots, most) if slots < most => format!(" of {slots} slots (at most {most})"),
            (slots, _) => format!(" of {slots} slots"),
        }
    }

    fn pause_in_words(&self) -> String {
        self.paused_until
            .as_ref()
            .map_or_else(String::new, |until| format!(", paused by the provider until {until}"))
    }
}

async fn depth(broker: &dyn Broker, sources: impl Iterator<Item = Source>) -> Result<u64, Unseen> {
    let mut sum = 0;
    for source in sources {
        sum += broker.depth(&source).await?;
    }
    Ok(sum)
}
