//! Values of the whole installation. Only one process reports them, so a sum over all is right.

use std::sync::Arc;

use job::{Lane, Resource};
use ports::{Broker, Ledger, LedgerError, Permit, Source};

use crate::Meter;
use crate::label::Word;

/// Reads these values at each scrape.
#[derive(Clone)]
pub struct Fleet {
    pub broker: Arc<dyn Broker>,
    pub ledger: Arc<dyn Ledger>,
    pub account: String,
    /// The limit of slots of each resource; 0 = no limit.
    pub slots: [(Resource, u32); 3],
    /// 0 = no limit.
    pub submissions_per_day: u64,
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
                tokio::join!(self.slots_in_use(meter), self.depths(meter));
            }
            false => {
                families.in_flight.clear();
                families.in_doubt_slots.clear();
                families.lane_depth.clear();
                families.dead_depth.clear();
            }
        }
    }

    fn limits(&self, meter: &Meter) {
        let families = meter.families();
        for (resource, slots) in self.slots {
            let labels = [("pool", self.pool(resource))];
            families.in_flight_limit.get_or_create(&labels).set(slots.into());
        }
        families.daily_limit.set(i64::try_from(self.submissions_per_day).unwrap_or(i64::MAX));
    }

    async fn slots_in_use(&self, meter: &Meter) {
        let gauges = &meter.families().in_flight;
        for resource in Resource::ALL {
            let pool = self.pool(resource);
            match self.ledger.used(&pool).await {
                Ok(used) => drop(gauges.get_or_create(&[("pool", pool.clone())]).set(used.into())),
                Err(_) => drop(gauges.remove(&[("pool", pool.clone())])),
            }
            let doubts = &meter.families().in_doubt_slots;
            match slots_in_doubt(self.ledger.as_ref(), &pool).await {
                Ok(slots) => drop(doubts.get_or_create(&[("pool", pool)]).set(slots.into())),
                Err(_) => drop(doubts.remove(&[("pool", pool)])),
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
        let gauge = &meter.families().dead_depth;
        match self.broker.depth(&Source::Dead).await {
            Ok(depth) => drop(gauge.get_or_create(&[]).set(count(depth))),
            Err(_) => drop(gauge.remove(&[])),
        }
    }

    fn pool(&self, resource: Resource) -> Word {
        Permit::pool_of(&self.account, resource).into()
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
