//! Values of the whole installation. Only one process reports them, so a sum over all is right.

use std::sync::Arc;

use job::{Lane, OverflowQueue, Resource};
use ports::{Broker, Ledger, LedgerError, Limits, Permit, Source};

use crate::Meter;
use crate::families::Families;
use crate::label::Word;

/// Reads these values at each scrape.
#[derive(Clone)]
pub struct Fleet {
    pub broker: Arc<dyn Broker>,
    pub ledger: Arc<dyn Ledger>,
    pub accounts: Vec<FleetAccount>,
}

/// An account at the provider, and what limits its submissions.
#[derive(Clone, Debug)]
pub struct FleetAccount {
    pub name: String,
    /// Of each resource.
    pub limits: [(Resource, Limits); 3],
}

impl FleetAccount {
    fn pool(&self, resource: Resource) -> Word {
        Permit::pool_of(&self.name, resource).into()
    }
}

impl Fleet {
    /// Does nothing unless this process is the leader. A value that cannot be read is removed,
    /// because an old value is worse than none.
    pub async fn tell(&self, meter: &Meter) {
        self.limits(meter);
        meter.unanswered(self.broker.unanswered());
        let families = meter.families();
        match meter.leads() {
            true => {
                tokio::join!(
                    self.slots_in_use(meter),
                    self.slots_allowed(meter),
                    self.depths(meter)
                );
            }
            false => {
                families.in_flight.clear();
                families.waiting.clear();
                families.in_flight_allowed.clear();
                families.in_doubt_slots.clear();
                families.lane_depth.clear();
                families.overflow_depth.clear();
                families.dead_depth.clear();
            }
        }
    }

    fn limits(&self, meter: &Meter) {
        let families = meter.families();
        for (pool, limits) in self.pools() {
            families
                .in_flight_limit
                .get_or_create(&[("pool", pool)])
                .set(limits.concurrency.into());
        }
        families.daily_limit.set(i64::try_from(self.submissions_per_day()).unwrap_or(i64::MAX));
    }

    fn pools(&self) -> impl Iterator<Item = (Word, Limits)> {
        let of = |account: &FleetAccount| {
            account.limits.map(|(resource, limits)| (account.pool(resource), limits))
        };
        self.accounts.iter().flat_map(of)
    }

    /// Of all accounts together; 0 if one of them has no limit.
    fn submissions_per_day(&self) -> u64 {
        // Each pool of an account has the limit of the account.
        let limits = |account: &FleetAccount| {
            account.limits.map(|(_, limits)| limits.submissions_per_day)[0]
        };
        let limits: Vec<u64> = self.accounts.iter().map(limits).collect();
        if limits.contains(&0) { 0 } else { limits.into_iter().fold(0, u64::saturating_add) }
    }

    async fn slots_in_use(&self, meter: &Meter) {
        let Families { in_flight, waiting, .. } = meter.families();
        for (pool, _) in self.pools() {
            let labels = [("pool", pool.clone())];
            match self.ledger.usage(&pool).await {
                Ok(usage) => {
                    in_flight.get_or_create(&labels).set(usage.used.into());
                    waiting.get_or_create(&labels).set(usage.waiting.into());
                }
                Err(_) => {
                    in_flight.remove(&labels);
                    waiting.remove(&labels);
                }
            }
            let doubts = &meter.families().in_doubt_slots;
            match slots_in_doubt(self.ledger.as_ref(), &pool).await {
                Ok(slots) => drop(doubts.get_or_create(&[("pool", pool)]).set(slots.into())),
                Err(_) => drop(doubts.remove(&[("pool", pool)])),
            }
        }
    }

    async fn slots_allowed(&self, meter: &Meter) {
        let gauges = &meter.families().in_flight_allowed;
        for (pool, limits) in self.pools() {
            let labels = [("pool", pool.clone())];
            match self.ledger.pool_slots(&pool).await {
                Ok(found) => {
                    let slots = limits.now(found.limit.as_ref());
                    gauges.get_or_create(&labels).set(slots.into());
                }
                Err(_) => drop(gauges.remove(&labels)),
            }
        }
    }

    async fn depths(&self, meter: &Meter) {
        let gauges = &meter.families().lane_depth;
        for lane in Lane::all() {
            let labels = [("lane", lane.to_string().into())];
            match self.broker.depth(&Source::Lane(lane)).await {
                Ok(depth) => drop(gauges.get_or_create(&labels).set(count(depth))),
                Err(_) => drop(gauges.remove(&labels)),
            }
        }
        for resource in Resource::ALL {
            self.overflow_depth(meter, resource).await;
        }
        let gauge = &meter.families().dead_depth;
        match self.broker.depth(&Source::Dead).await {
            Ok(depth) => drop(gauge.get_or_create(&[]).set(count(depth))),
            Err(_) => drop(gauge.remove(&[])),
        }
    }

    async fn overflow_depth(&self, meter: &Meter, resource: Resource) {
        let (gauges, labels) =
            (&meter.families().overflow_depth, [("resource", resource.as_str().into())]);
        let mut sum = 0;
        for queue in OverflowQueue::all().filter(|queue| queue.resource == resource) {
            match self.broker.depth(&Source::Overflow(queue)).await {
                Ok(depth) => sum += depth,
                Err(_) => {
                    gauges.remove(&labels);
                    return;
                }
            }
        }
        gauges.get_or_create(&labels).set(count(sum));
    }
}

/// The records read per scrape, longest-held slots first; a scrape must not read all of them.
const MOST_LOOKED_AT: usize = 256;

/// Slots of a pool that are held by jobs in doubt: an unknown task may be running.
pub async fn slots_in_doubt(ledger: &dyn Ledger, pool: &str) -> Result<u32, LedgerError> {
    let mut slots = 0;
    for held in ledger.permits(pool).await?.into_iter().take(MOST_LOOKED_AT) {
        let stored = ledger.load(&held.permit.key).await?;
        let (round, weight) = (held.permit.round, held.permit.weight);
        if stored.is_some_and(|stored| stored.record.is_in_doubt(round)) {
            slots += weight;
        }
    }
    Ok(slots)
}

impl Meter {
    /// Requests to the broker that timed out, since the start.
    fn unanswered(&self, so_far: u64) {
        let counter = &self.families().unanswered;
        counter.inc_by(so_far.saturating_sub(counter.get()));
    }

    /// Whether the lanes of a resource are paused.
    pub fn resting(&self, resource: Resource, rests: bool) {
        let labels = [("resource", resource.to_string().into())];
        self.families().resting.get_or_create(&labels).set(rests.into());
    }

    /// How many pauses by hand are in force that stop this: account, pool, tenant or operation.
    pub fn paused_by_hand(&self, scope: &'static str, count: usize) {
        let gauge = self.families().manual_pauses.get_or_create(&[("scope", scope.into())]);
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// One line of `/readyz`.
    pub fn up(&self, check: &'static str, well: bool) {
        self.families().up.get_or_create(&[("check", check.into())]).set(well.into());
    }

    /// The word, of these, that says how reliable look-ups by external id are.
    pub fn look_up(&self, account: &str, words: &[&'static str], present: &str) {
        for word in words {
            let account = self.inner().accounts.word(account);
            let labels = [("account", account), ("standing", (*word).into())];
            self.families().look_up.get_or_create(&labels).set((*word == present).into());
        }
    }

    /// Whether the provider refuses an account.
    pub fn paused(&self, account: &str, paused: bool) {
        let labels = [("account", self.inner().accounts.word(account))];
        self.families().paused.get_or_create(&labels).set(paused.into());
    }
}

fn count(depth: u64) -> i64 {
    i64::try_from(depth).unwrap_or(i64::MAX)
}
