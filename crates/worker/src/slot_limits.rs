//! How many slots of each pool are used: one value in the ledger, which every worker lowers when the
//! provider refuses a request, and raises when jobs wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use job::{Overload, OverloadCause, Resource, SlotLimit, SlotRange};
use ports::{Ledger, LedgerError, Permit, PoolSlots};
use recorder::Session;
use tokio::time::Instant;

use crate::settings::Settings;

/// The refused job waits for it.
const PATIENCE: Duration = Duration::from_secs(1);
/// Other workers may change the value at the same time.
const TRIES: u32 = 50;
/// Between two looks at whether more slots may be tried, unless it is known that they may be sooner.
const LOOK: Duration = Duration::from_secs(2);
/// The clocks of the store and of this process may run at different speeds.
const SHORTEST: Duration = Duration::from_millis(10);

pub(crate) struct SlotLimits {
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
    /// The names of the pools that have a limit, and within what it is found.
    pools: BTreeMap<Resource, (String, SlotRange)>,
    /// Many requests may be refused at once.
    one_change: tokio::sync::Mutex<()>,
    next_look: Mutex<BTreeMap<Resource, Instant>>,
}

impl SlotLimits {
    pub(crate) fn new(ledger: Arc<dyn Ledger>, session: Arc<Session>, settings: &Settings) -> Self {
        let pool = |resource: Resource| {
            let name = Permit::pool_of(&settings.account, resource);
            settings.slot_range(resource).map(|range| (resource, (name, range)))
        };
        let pools = Resource::ALL.into_iter().filter_map(pool).collect();
        let (one_change, next_look) = Default::default();
        Self { ledger, session, pools, one_change, next_look }
    }

    /// After a refusal. Returns for how long the pool is paused then; `None`: it has no limit, or the
    /// limit could not be lowered.
    pub(crate) async fn lower(
        &self,
        resource: Resource,
        cause: OverloadCause,
        retry_after: Option<Duration>,
        again: bool,
    ) -> Option<Duration> {
        let lowered = self.change(resource, |limit, range, found| {
            let overload = Overload { cause, retry_after, used: found.used, again };
            Some(limit.refused(range, overload, found.now))
        });
        match tokio::time::timeout(PATIENCE, lowered).await {
            Ok(Ok(lowered)) => lowered.is_done.then_some(lowered.pause),
            Ok(Err(error)) => {
                tracing::warn!(%error, %resource, "the limit of slots could not be lowered");
                None
            }
            Err(_) => {
                tracing::warn!(%resource, "the limit of slots could not be lowered in time");
                None
            }
        }
    }

    /// For a pool in which jobs wait. Zero: there are more slots now. Otherwise how long until it should
    /// be looked at again.
    pub(crate) async fn raise(&self, resource: Resource) -> Result<Duration, LedgerError> {
        let left = self.until_look(resource);
        if !left.is_zero() {
            return Ok(left);
        }
        let raised = self.change(resource, |limit, range, found| match found.limit {
            // Its time runs from now on. One that cannot be read is replaced.
            None => (limit.slots < range.ceiling || found.version > 0).then(|| limit.clone()),
            Some(_) => limit.grown(range, found.now),
        });
        let Changed { slots_are_more, until_growth, .. } = raised.await?;
        self.look_after(resource, until_growth.map_or(LOOK, |time| time.min(LOOK)));
        Ok(if slots_are_more { Duration::ZERO } else { self.until_look(resource) })
    }

    /// The slots that may be used; `None`: the pool has no limit, or they could not be read in time.
    pub(crate) async fn slots(&self, resource: Resource) -> Option<u32> {
        let (pool, range) = self.pools.get(&resource)?;
        let found =
            tokio::time::timeout(PATIENCE, self.ledger.pool_slots(pool)).await.ok()?.ok()?;
        let slots = found.limit.map_or(range.begin, |limit| limit.slots);
        Some(slots.min(range.ceiling))
    }

    /// After an outage.
    pub(crate) async fn restart(&self, resource: Resource) {
        let restarted = self
            .change(resource, |limit, range, found| limit.restarted(range, found.used, found.now));
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, restarted).await {
            tracing::debug!(%error, %resource, "no slow start");
        }
    }

    fn until_look(&self, resource: Resource) -> Duration {
        let next = self.next_look.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        next.get(&resource).map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    fn look_after(&self, resource: Resource, time: Duration) {
        let mut next = self.next_look.lock().unwrap_or_else(PoisonError::into_inner);
        next.insert(resource, Instant::now() + time.max(SHORTEST));
    }

    async fn change(
        &self,
        resource: Resource,
        decide: impl Fn(&SlotLimit, SlotRange, &PoolSlots) -> Option<SlotLimit>,
    ) -> Result<Changed, LedgerError> {
        let Some((pool, range)) = self.pools.get(&resource) else { return Ok(Changed::default()) };
        let fence = self.session.fence();
        let _one = self.one_change.lock().await;
        for _ in 0..TRIES {
            let found = self.ledger.pool_slots(pool).await?;
            let begin = || SlotLimit::begin(*range, found.now);
            let limit = found.limit.clone().unwrap_or_else(begin);
            let Some(next) = decide(&limit, *range, &found) else {
                return Ok(Changed::nothing(limit.until_growth(*range, found.now)));
            };
            if self.ledger.change_slot_limit(&fence, pool, &next, found.version).await? {
                report(pool, &limit, &next);
                let until_growth = next.until_growth(*range, found.now);
                let slots_are_more = next.slots > limit.slots;
                let pause = match next.is_paused(found.now) {
                    true => next.paused_until.since(found.now),
                    false => Duration::ZERO,
                };
                return Ok(Changed { is_done: true, slots_are_more, until_growth, pause });
            }
        }
        // Others changed it again and again.
        Ok(Changed::default())
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Changed {
    is_done: bool,
    slots_are_more: bool,
    /// `None`: there are no more slots.
    until_growth: Option<Duration>,
    /// For how long nothing is granted.
    pause: Duration,
}

impl Changed {
    fn nothing(until_growth: Option<Duration>) -> Self {
        Self { until_growth, ..Self::default() }
    }
}

fn report(pool: &str, before: &SlotLimit, now: &SlotLimit) {
    let (slots, was) = (now.slots, before.slots);
    if now.paused_until > before.paused_until {
        tracing::info!(pool, slots, was, until = %now.paused_until, "the provider asks for a pause");
    } else if slots < was {
        tracing::info!(pool, slots, was, "fewer slots: the provider refuses more tasks");
    } else if slots > was {
        tracing::info!(pool, slots, was, "more slots are tried");
    }
}
