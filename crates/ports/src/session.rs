use std::sync::{Arc, RwLock};
use std::time::Duration;

use job::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::{Fence, Ledger, LedgerError};

/// How long a silent owner counts as alive: short, so that orphans are found in seconds.
pub const LEASE: Duration = Duration::from_secs(3);

/// Three tries within one lease.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// This process's membership of the ledger: one lease, renewed by one heartbeat.
pub struct Session {
    ledger: Arc<dyn Ledger>,
    shared: Arc<RwLock<Membership>>,
    heartbeat: JoinHandle<()>,
}

#[derive(Clone)]
struct Membership {
    fence: Arc<Fence>,
    /// Counted from before the renewal was sent: the store's clock starts no earlier.
    renewed: Instant,
}

impl Session {
    /// Joins and keeps the lease alive. `began_at` is for a ledger that has no generation yet.
    pub async fn join(ledger: Arc<dyn Ledger>, began_at: Timestamp) -> Result<Self, LedgerError> {
        let renewed = Instant::now();
        let fence = Arc::new(ledger.join(began_at, LEASE).await?);
        let shared = Arc::new(RwLock::new(Membership { fence, renewed }));
        let heartbeat = tokio::spawn(beat(ledger.clone(), shared.clone()));
        Ok(Self { ledger, shared, heartbeat })
    }

    pub fn fence(&self) -> Arc<Fence> {
        read(&self.shared).fence
    }

    /// The lease has surely not ended: checked right before a request that costs money.
    /// A process frozen after this check is the one hole that the provider must close.
    pub fn is_fresh(&self, fence: &Fence) -> bool {
        let membership = read(&self.shared);
        membership.fence.owner == fence.owner && membership.renewed.elapsed() < LEASE - HEARTBEAT
    }

    /// Ends the lease, so that nobody waits for what this process left behind.
    pub async fn leave(self) {
        self.heartbeat.abort();
        let fence = self.fence();
        if let Err(error) = self.ledger.leave(&fence).await {
            tracing::debug!(%error, "the lease could not be ended and will expire");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

fn read(shared: &RwLock<Membership>) -> Membership {
    shared.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}

async fn beat(ledger: Arc<dyn Ledger>, shared: Arc<RwLock<Membership>>) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let current = read(&shared);
        match renewed(ledger.as_ref(), current).await {
            Ok(next) => {
                *shared.write().unwrap_or_else(std::sync::PoisonError::into_inner) = next;
            }
            Err(error) => tracing::warn!(%error, "the ledger lease could not be renewed"),
        }
    }
}

/// The membership after one heartbeat: the same lease extended, or a new one under a new
/// owner, because whoever lost a lease must not speak under its name again.
async fn renewed(ledger: &dyn Ledger, current: Membership) -> Result<Membership, LedgerError> {
    let renewed = Instant::now();
    match ledger.renew(&current.fence, LEASE).await {
        Ok(()) => Ok(Membership { renewed, ..current }),
        Err(LedgerError::Fenced | LedgerError::GenerationChanged) => {
            tracing::warn!(owner = %current.fence.owner, "the ledger lease was lost; joining again");
            let now = crate::Clock::now(&crate::SystemClock);
            let renewed = Instant::now();
            let fence = Arc::new(ledger.join(now, LEASE).await?);
            Ok(Membership { fence, renewed })
        }
        Err(error) => Err(error),
    }
}
