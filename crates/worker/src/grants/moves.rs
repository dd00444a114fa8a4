//! Moves waiting jobs of another account to this one.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use job::{Fact, JobKey, Record, State, Tenant};
use kling::Route;
use ports::{Fence, LedgerError, Permit, Stored, Waiter};
use recorder::Applied;
use tokio::time::Instant;

use super::{Grants, MOST};
use crate::account::AccountLane;
use crate::error::Error;

/// Tenants that are looked at.
const MOST_TENANTS: usize = 32;
/// More are forgotten, and looked at again.
const MOST_STAY: usize = 5_000;

/// What is known from earlier looks.
#[derive(Default)]
pub(super) struct Moves(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// When to look again; `None`: now.
    next: Option<Instant>,
    /// Jobs that may not be moved here.
    stay: BTreeSet<JobKey>,
}

impl Moves {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_due(&self) -> bool {
        self.lock().next.is_none_or(|at| Instant::now() >= at)
    }

    pub(super) fn look_again(&self, at: Instant) {
        self.lock().next = Some(at);
    }

    fn stays(&self, key: &JobKey) {
        let mut known = self.lock();
        if known.stay.len() >= MOST_STAY {
            known.stay.clear();
        }
        known.stay.insert(key.clone());
    }
}

/// What a waiting job's record says.
enum MayMove {
    Yes,
    /// It has changed, or must wait here too.
    NotNow,
    Never,
}

impl Grants {
    /// The same part of each tenant's jobs. `slots`: only jobs that fit in these; others would be
    /// taken back. Returns how many were moved.
    pub(super) async fn take_over_from(
        &self,
        fence: &Fence,
        lane: &AccountLane,
        slots: Option<u32>,
    ) -> Result<usize, Error> {
        let (ledger, pool) = (&self.shared.ledger, Permit::pool_of(lane.name(), self.resource));
        let tenants = ledger.waiting(&pool, MOST_TENANTS).await?.into_iter();
        let tenants: Vec<Tenant> =
            tenants.map(|of| of.tenant).filter(|tenant| self.serves(tenant)).collect();
        let (mut left, mut moved) = (slots, 0);
        let each = MOST.div_ceil(tenants.len().max(1));
        for tenant in tenants {
            let free = match left {
                Some(left) => Some(left.min(self.free_of(&tenant).await?)),
                None if self.has_room(&tenant).await? => None,
                None => continue,
            };
            let of_tenant = self.candidates(&pool, &tenant, each).await?;
            let weights = self.move_fitting(fence, of_tenant, free).await?;
            left = left.map(|left| left - weights.iter().sum::<u32>());
            moved += weights.len();
        }
        Ok(moved)
    }

    /// Slots that the tenant may use here beside those that it uses.
    async fn free_of(&self, tenant: &Tenant) -> Result<u32, LedgerError> {
        let most = self.terms.of(tenant).concurrency;
        if most == 0 {
            return Ok(u32::MAX);
        }
        let held = self.shared.ledger.permits(&self.pool).await?;
        let own = held.iter().map(|held| &held.permit).filter(|of| of.key.tenant == *tenant);
        Ok(most.saturating_sub(own.map(|permit| permit.weight).sum()))
    }

    /// Returns the slots of each.
    async fn move_fitting(
        &self,
        fence: &Fence,
        waiters: Vec<Waiter>,
        free: Option<u32>,
    ) -> Result<Vec<u32>, Error> {
        let mut moved = Vec::new();
        for waiter in waiters {
            let weight = waiter.permit.weight;
            let used: u32 = moved.iter().sum();
            let fits = free.is_none_or(|free| used.saturating_add(weight) <= free);
            if fits && self.move_here(fence, &waiter).await? {
                moved.push(weight);
            }
        }
        Ok(moved)
    }

    /// It may use this account, and is not held here.
    fn serves(&self, tenant: &Tenant) -> bool {
        let now = self.shared.clock.now();
        let held = self.shared.manual_pauses.tenants(now).contains(tenant)
            || self.shared.capped_tenants.why_not(tenant, now).is_some();
        let allowed = self.accounts.rules.of(tenant, None).unwrap_or_default();
        !held && allowed.contains(&self.own_name())
    }

    async fn has_room(&self, tenant: &Tenant) -> Result<bool, LedgerError> {
        let waiting = self.shared.ledger.count_waiting(&self.pool, tenant).await?;
        Ok(self.shared.settings.room(self.resource).admits_new(waiting))
    }

    /// Jobs that may be moved do not wait behind those that may not.
    async fn candidates(
        &self,
        pool: &str,
        tenant: &Tenant,
        most: usize,
    ) -> Result<Vec<Waiter>, LedgerError> {
        let stay = self.moves.lock().stay.iter().filter(|key| key.tenant == *tenant).count();
        let listed = self.shared.ledger.waiters(pool, tenant, stay + most).await?;
        let known = self.moves.lock();
        let may_move = |waiter: &Waiter| !known.stay.contains(&waiter.permit.key);
        Ok(listed.into_iter().filter(may_move).take(most).collect())
    }

    /// An error of one job keeps no other from being moved.
    async fn move_here(&self, fence: &Fence, waiter: &Waiter) -> Result<bool, Error> {
        match self.try_move(fence, waiter).await {
            Err(error) if error.is_of_one_job() => {
                tracing::debug!(job = %waiter.permit.key, %error, "it waits where it is");
                self.moves.stays(&waiter.permit.key);
                Ok(false)
            }
            moved => moved,
        }
    }

    /// Its record first: whoever was granted slots for it before cannot submit it any more then.
    async fn try_move(&self, fence: &Fence, waiter: &Waiter) -> Result<bool, Error> {
        let permit = &waiter.permit;
        let Some(stored) = self.shared.ledger.load(&permit.key).await? else { return Ok(false) };
        match self.may_move(&stored.record, permit) {
            MayMove::Yes => {}
            MayMove::NotNow => return Ok(false),
            MayMove::Never => {
                self.moves.stays(&permit.key);
                return Ok(false);
            }
        }
        let moved = self.write_move(fence, stored).await?;
        if moved {
            self.shared.ledger.withdraw(fence, std::slice::from_ref(permit)).await?;
        }
        Ok(moved)
    }

    fn may_move(&self, record: &Record, permit: &Permit) -> MayMove {
        let waits = matches!(record.state, State::Waiting { .. });
        let is_there = waits && (record.round, record.revision) == (permit.round, permit.revision);
        let route = Route::parse(record.operation.as_str());
        match (record.may_move(), self.terms.limits.fits(permit.weight)) {
            _ if !is_there || self.intake.is_paused_for(route) => MayMove::NotNow,
            (true, true) => MayMove::Yes,
            (false, _) | (_, false) => MayMove::Never,
        }
    }

    async fn write_move(&self, fence: &Fence, mut stored: Stored) -> Result<bool, Error> {
        // The ledger is open: it knows whether the job was sent.
        stored.record.restored = false;
        let fact = Fact::Moved { account: self.own_name().to_owned() };
        match Box::pin(self.shared.recorder.apply(fence, stored, fact)).await? {
            Applied::Done(_) => Ok(true),
            Applied::Changed(_) => Ok(false),
            Applied::Illegal(illegal) => Err(illegal.into()),
        }
    }
}
