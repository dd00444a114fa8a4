//! What is true of all processes together: told by one of them, so that a sum over them is right.

use std::sync::Arc;

use job::{Lane, Resource};
use ports::{Broker, Ledger, Permit, Source};

use crate::Meter;
use crate::label::Word;

/// What is asked for when somebody scrapes.
#[derive(Clone)]
pub struct Fleet {
    pub broker: Arc<dyn Broker>,
    pub ledger: Arc<dyn Ledger>,
    pub account: String,
    /// Slots that each resource has at the provider; 0 = no limit.
    pub slots: [(Resource, u32); 3],
    /// 0 = no limit.
    pub submissions_per_day: u64,
}

impl Fleet {
    /// Nothing, where this process does not lead. What does not answer is not told: an old
    /// figure is worse than none.
    pub async fn tell(&self, meter: &Meter) {
        self.limits(meter);
        let families = meter.families();
        match meter.leads() {
            true => {
                tokio::join!(self.slots_in_use(meter), self.depths(meter));
            }
            false => {
                families.in_flight.clear();
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
                Ok(used) => drop(gauges.get_or_create(&[("pool", pool)]).set(used.into())),
                Err(_) => drop(gauges.remove(&[("pool", pool)])),
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

impl Meter {
    /// A line of readiness.
    pub fn up(&self, check: &'static str, well: bool) {
        self.families().up.get_or_create(&[("check", check.into())]).set(well.into());
    }

    /// Which of these words tells how far look-ups by external id may be believed.
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
