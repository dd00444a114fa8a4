//! Submits jobs that are granted slots in the waiting room: one task for each pool. `take_over`
//! decides how many jobs of other accounts may go on here, and `moves` moves them.

mod ending;
mod granted;
mod moves;
mod overdue;
mod take_over;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use job::Resource;
use ports::{Fence, GrantTerms, Granted, LedgerError, Left, Permit, Waiter};
use recorder::Phase;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::granted::GrantedJob;
use self::moves::Moves;
use self::take_over::TakenOver;
use crate::account::{AccountLane, AccountLanes};
use crate::intake::Intake;
use crate::shared::Shared;

/// Jobs granted in one call.
const MOST: usize = 32;
/// By then the intent of a granted job is written, or its worker is gone.
const LEASE: Duration = Duration::from_secs(10);
/// From then on a granted job is not submitted: its intent could be written when the lease is over.
const USED: Duration = Duration::from_secs(7);
/// How often a pool is looked at although no slot was reported free.
const LOOK: Duration = Duration::from_secs(2);
/// While the provider has asked for a pause, as clocks may differ.
const SHORTEST_LOOK: Duration = Duration::from_millis(20);
/// After the ledger did not answer.
const TROUBLE: Duration = Duration::from_secs(1);

pub(crate) struct Grants {
    shared: Arc<Shared>,
    intake: Arc<Intake>,
    /// Of the resource, with the pool's own.
    accounts: AccountLanes,
    moves: Moves,
    terms: GrantTerms,
    resource: Resource,
    /// The pool's name in the ledger.
    pool: String,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What one call has granted, and why not more.
struct Served {
    left: Left,
    granted: usize,
}

impl Served {
    /// Nothing may be sent now.
    const NOTHING: Self = Self { left: Left::Nobody, granted: 0 };
}

impl Grants {
    pub(crate) fn new(
        lane: &AccountLane,
        accounts: AccountLanes,
        resource: Resource,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        let AccountLane { shared, intake } = lane.clone();
        let pool = Permit::pool_of(&shared.settings.account, resource);
        let (terms, moves) = (shared.settings.terms(resource), Moves::default());
        Self { shared, intake, accounts, moves, terms, resource, pool, stop, tasks }
    }

    pub(crate) async fn run(self) {
        tokio::join!(self.serve_on(), self.free_on());
    }

    async fn serve_on(&self) {
        let mut seen = 0;
        while self.stop.run_until_cancelled(self.may_send()).await.is_some() {
            let look = match self.serve().await {
                Ok(look) => look,
                Err(error) => {
                    tracing::warn!(%error, pool = %self.pool, "slots could not be granted");
                    self.pause(TROUBLE).await;
                    LOOK
                }
            };
            let freed = self.shared.ledger.slots_freed(seen, look);
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                // Jobs of a tenant that was resumed.
                () = self.shared.manual_pauses.change() => {}
                freed = freed => match freed {
                    Ok(freed) => seen = freed,
                    Err(_) => self.pause(LOOK).await,
                },
            }
        }
    }

    async fn pause(&self, time: Duration) {
        self.stop.run_until_cancelled(self.shared.clock.sleep(time)).await;
    }

    /// Until jobs of the lane may be sent.
    async fn may_send(&self) {
        self.intake.wait_for(|state| state.why_not().is_none()).await;
        self.shared.session.reached(Phase::Open).await;
    }

    /// Submits waiting jobs until slots or jobs run out. Returns after which time to look again, if
    /// no slot is reported free.
    async fn serve(&self) -> Result<Duration, LedgerError> {
        let mut taken = TakenOver::Nothing;
        loop {
            let Served { left, granted } = self.serve_some().await?;
            match left {
                Left::More => {}
                // What was taken over is not granted: it waits for something else.
                Left::Nobody if granted == 0 && taken == TakenOver::ForFreeSlots => {
                    return Ok(LOOK);
                }
                Left::Nobody => {
                    taken = self.take_over().await;
                    if taken != TakenOver::ForFreeSlots {
                        return Ok(LOOK);
                    }
                }
                Left::NoSlot => match self.shared.slot_limits.raise(self.resource).await? {
                    Duration::ZERO => {}
                    look => {
                        self.take_over().await;
                        return Ok(look.min(LOOK));
                    }
                },
                Left::Paused { until } => {
                    let left = until.since(self.shared.clock.now());
                    return Ok(left.clamp(SHORTEST_LOOK, LOOK));
                }
                Left::DayOver { .. } => return Ok(LOOK),
            }
        }
    }

    /// Of a ledger that knows all jobs that were sent: read before it is found open.
    fn fence_if_open(&self) -> Option<Arc<Fence>> {
        let fence = self.shared.session.fence();
        (self.shared.session.phase() == Phase::Open).then_some(fence)
    }

    async fn serve_some(&self) -> Result<Served, LedgerError> {
        let narrow = self.intake.narrow().map(usize::from);
        let most = narrow.unwrap_or(MOST).min(MOST);
        let Some(places) = self.places(most).await else { return Ok(Served::NOTHING) };
        let Some(fence) = self.fence_if_open() else { return Ok(Served::NOTHING) };
        let now = self.shared.clock.now();
        let mut paused = self.shared.manual_pauses.tenants(now);
        paused.extend(self.shared.capped_tenants.all(now));
        let terms = &GrantTerms { paused, ..self.terms.clone() };
        let (ledger, most, until) = (&self.shared.ledger, places.len(), Instant::now() + USED);
        let granted = ledger.grant(&fence, &self.pool, terms, most, LEASE).await?;
        let Granted { jobs, too_wide, left } = granted;
        let served = Served { left, granted: jobs.len() };
        let mut places = places.into_iter();
        let of = |until| move |waiter| (waiter, until);
        let all = jobs.into_iter().map(of(Some(until))).chain(too_wide.into_iter().map(of(None)));
        let jobs = all.map(|(waiter, until)| {
            let (job, place) = (self.granted(fence.clone(), waiter, until), places.next());
            self.tasks.spawn(async move {
                job.run().await;
                drop(place);
            })
        });
        let jobs: Vec<_> = jobs.collect();
        if narrow.is_some() {
            join_all(jobs).await;
        }
        Ok(served)
    }

    fn granted(&self, fence: Arc<Fence>, waiter: Waiter, until: Option<Instant>) -> GrantedJob {
        let (shared, intake) = (self.shared.clone(), self.intake.clone());
        GrantedJob { shared, intake, fence, waiter, until }
    }

    /// To work on jobs; at least one, and at most so many. `None`: nothing may be sent now.
    async fn places(&self, most: usize) -> Option<Vec<OwnedSemaphorePermit>> {
        let all = &self.shared.in_progress;
        let first = self.stop.run_until_cancelled(all.clone().acquire_owned()).await?.ok()?;
        if self.intake.forbids_sending() {
            return None;
        }
        let others = (1..most).map_while(|_| all.clone().try_acquire_owned().ok());
        Some(std::iter::once(first).chain(others).collect())
    }
}
