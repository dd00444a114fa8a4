use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::Timestamp;
use ports::{Clock, Fence, LedgerError, Members, Standing, SystemClock};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

/// How long an owner lives after a renewal: short, so that orphans are found in seconds.
pub const LEASE: Duration = Duration::from_secs(3);

/// Three tries within one lease.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Between heartbeats while nothing may be submitted or the store does not answer, to notice the
/// end of that soon.
const IMPATIENT: Duration = Duration::from_millis(200);

/// After the ledger opens, jobs that were delivered before go first: they may use slots at the
/// provider that the ledger does not know.
const RECALL: Duration = Duration::from_secs(2);

/// This process's membership of the ledger: one lease, renewed by one heartbeat.
pub struct Session {
    ledger: Arc<dyn Members>,
    shared: watch::Receiver<Membership>,
    heartbeat: JoinHandle<()>,
}

#[derive(Clone)]
struct Membership {
    fence: Arc<Fence>,
    /// Taken before the renewal was sent, so the lease ends no earlier than this plus its length.
    renewed: Instant,
    standing: Standing,
    /// Since when the store's clock has not jumped.
    steady_since: Timestamp,
}

/// A difference between the store's clock and ours that the time of the answer does not explain.
const JUMP: Duration = Duration::from_secs(1);

/// What may be done with the present generation of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It has not been compared with the journal: its data may be old.
    Rebuilding,
    /// Earlier requests may still arrive at the provider: nothing is submitted.
    Closed,
    /// Jobs that were delivered before go first.
    Recalling,
    Open,
}

impl Session {
    /// Joins and keeps the lease alive. `began_at` is for a ledger without a generation; if the
    /// generation is lost later, the next one begins by the process's own clock.
    pub async fn join(
        ledger: Arc<dyn Members>,
        clock: Arc<dyn Clock>,
        began_at: Timestamp,
    ) -> Result<Self, LedgerError> {
        let (sender, shared) = watch::channel(joined(ledger.as_ref(), began_at).await?);
        let heartbeat = tokio::spawn(beat(ledger.clone(), clock, sender));
        Ok(Self { ledger, shared, heartbeat })
    }

    pub fn fence(&self) -> Arc<Fence> {
        self.shared.borrow().fence.clone()
    }

    /// Whether the lease has surely not ended: checked right before a request that costs money. If
    /// the process freezes after this check, only the provider can prevent a second payment.
    pub fn is_fresh(&self, fence: &Fence) -> bool {
        let membership = self.shared.borrow();
        membership.fence.owner == fence.owner && membership.renewed.elapsed() < LEASE - HEARTBEAT
    }

    pub fn phase(&self) -> Phase {
        self.shared.borrow().phase()
    }

    /// Returns once the phase is this one or a later one.
    pub async fn reached(&self, phase: Phase) {
        while self.phase() < phase {
            tokio::time::sleep(IMPATIENT / 4).await;
        }
    }

    /// When jobs may be submitted; `None` while that is unknown.
    pub fn opens_at(&self) -> Option<Timestamp> {
        self.shared.borrow().standing.opens_at
    }

    /// The store's time, by the last heartbeat.
    pub fn store_now(&self) -> Timestamp {
        self.shared.borrow().store_now()
    }

    /// Since when the store's clock has run like ours: a wait that began before may not have
    /// passed.
    pub fn steady_since(&self) -> Timestamp {
        self.shared.borrow().steady_since
    }

    /// Ends the lease, so that no process waits for what this one left behind.
    pub async fn leave(&self) {
        self.heartbeat.abort();
        let fence = self.fence();
        if let Err(error) = self.ledger.leave(&fence).await {
            tracing::debug!(%error, "the lease could not be ended and will expire");
        }
    }
}

/// The store's time, so that all processes count alike, whatever their own clocks show.
#[async_trait]
impl Clock for Session {
    fn now(&self) -> Timestamp {
        self.store_now()
    }

    fn steady_since(&self) -> Timestamp {
        Session::steady_since(self)
    }

    fn jitter(&self) -> f64 {
        SystemClock.jitter()
    }

    fn fresh_id(&self) -> Uuid {
        SystemClock.fresh_id()
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

impl Membership {
    fn store_now(&self) -> Timestamp {
        self.standing.now + self.renewed.elapsed()
    }

    fn phase(&self) -> Phase {
        match self.standing.opens_at {
            Some(at) if self.store_now() >= at + RECALL => Phase::Open,
            Some(at) if self.store_now() >= at => Phase::Recalling,
            Some(_) => Phase::Closed,
            None => Phase::Rebuilding,
        }
    }
}

/// Pure. Whether the store's clock moved unlike ours. `before`: what it would have shown when the
/// question was sent; `answered`: how long the answer took.
fn jumped(before: Timestamp, shown: Timestamp, answered: Duration) -> bool {
    shown + JUMP < before || shown > before + answered + JUMP
}

async fn joined(ledger: &dyn Members, began_at: Timestamp) -> Result<Membership, LedgerError> {
    let fence = Arc::new(ledger.join(began_at, LEASE).await?);
    let renewed = Instant::now();
    let standing = ledger.renew(&fence, LEASE).await?;
    Ok(Membership { fence, renewed, standing, steady_since: standing.now })
}

async fn beat(ledger: Arc<dyn Members>, clock: Arc<dyn Clock>, sender: watch::Sender<Membership>) {
    let mut answered = true;
    loop {
        let current = sender.borrow().clone();
        let calm = answered && current.phase() == Phase::Open;
        tokio::time::sleep(if calm { HEARTBEAT } else { IMPATIENT }).await;
        let renewed = renewed(ledger.as_ref(), clock.as_ref(), current).await;
        answered = renewed.is_ok();
        match renewed {
            Ok(next) => drop(sender.send_replace(next)),
            Err(error) => tracing::warn!(%error, "the ledger lease could not be renewed"),
        }
    }
}

/// The membership after one heartbeat: the same lease extended, or a new one under a new owner,
/// because a lost lease must not be used again.
async fn renewed(
    ledger: &dyn Members,
    clock: &dyn Clock,
    current: Membership,
) -> Result<Membership, LedgerError> {
    let renewed = Instant::now();
    let before = current.store_now();
    match ledger.renew(&current.fence, LEASE).await {
        Ok(standing) => {
            let steady_since = match jumped(before, standing.now, renewed.elapsed()) {
                true => {
                    tracing::warn!(before = %before, now = %standing.now, "the store's clock jumped");
                    standing.now
                }
                false => current.steady_since,
            };
            Ok(Membership { renewed, standing, steady_since, ..current })
        }
        Err(LedgerError::Fenced | LedgerError::GenerationChanged) => {
            tracing::warn!(owner = %current.fence.owner, "the ledger lease was lost; joining again");
            joined(ledger, clock.now()).await
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_moves_otherwise_than_ours_has_jumped() {
        let before = Timestamp::from_millis(1_000_000);
        let after = |millis: i64, answered| {
            let shown = Timestamp::from_millis(before.as_millis() + millis);
            jumped(before, shown, Duration::from_millis(answered))
        };
        assert!(!after(5, 10));
        assert!(!after(2_500, 2_000), "a slow answer explains it");
        assert!(!after(-500, 10), "clocks drift");
        assert!(after(120_000, 10));
        assert!(after(-120_000, 10));
    }
}
