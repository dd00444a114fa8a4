//! The leader: compares the journal from the first new line to its end, then follows it.

use std::sync::Arc;
use std::time::Duration;

use job::Timestamp;
use ports::{Barrier, Deliveries, Fence, Following, JournalStart, Source};
use recorder::{LEASE, Phase};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::batch::{AHEAD, Batch, SILENCE};
use crate::error::Error;
use crate::long_waits::LongWaits;
use crate::restore::Restorer;
use crate::shared::Shared;

/// How often a process tries to become the leader.
const LOOK: Duration = Duration::from_millis(300);

/// How often the position is stored.
const MARK: Duration = Duration::from_secs(1);

pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let turn = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            turn = turn(&shared) => turn,
        };
        if let Err(error) = turn {
            tracing::warn!(%error, "the journal is not compared with the ledger");
        }
        if !shared.settings.goes_on && shared.session.phase() > Phase::Rebuilding {
            return;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.clock.sleep(LOOK) => {}
        }
    }
}

/// Leads until the membership ends or an error occurs; returns at once while another leads.
async fn turn(shared: &Arc<Shared>) -> Result<(), Error> {
    let fence = shared.session.fence();
    match shared.ledger.follow(&fence).await? {
        Some(following) => Lead::begin(shared, fence, following).await?.go().await,
        None => Ok(()),
    }
}

struct Lead {
    shared: Arc<Shared>,
    fence: Arc<Fence>,
    deliveries: Box<dyn Deliveries>,
    restorer: Restorer,
    long_waits: LongWaits,
    /// By the store's clock.
    began: Timestamp,
    /// `None` if the generation is open.
    barrier: Option<Barrier>,
    /// The ledger has no position up to which it was compared.
    forgot: bool,
    /// Records were missing: found by this leader, or an earlier one in this generation.
    lost: bool,
    restored: usize,
    next: Option<u64>,
    marked: Instant,
    heard: Instant,
}

impl Lead {
    async fn begin(
        shared: &Arc<Shared>,
        fence: Arc<Fence>,
        following: Following,
    ) -> Result<Self, Error> {
        let is_open = shared.session.phase() > Phase::Rebuilding;
        let barrier = match is_open {
            true => None,
            false => Some(Barrier::publish(shared.broker.as_ref(), shared.clock.as_ref()).await?),
        };
        let start = following.next.map_or(JournalStart::First, JournalStart::Offset);
        let deliveries = shared.broker.consume(&Source::Journal(start), AHEAD).await?;
        if barrier.is_some() {
            tracing::warn!(?start, "the ledger is compared with the journal; nothing is submitted");
        }
        Ok(Self {
            restorer: Restorer { shared: shared.clone(), fence: fence.clone(), is_open },
            long_waits: LongWaits::new(shared.clone()),
            shared: shared.clone(),
            began: shared.session.store_now(),
            fence,
            deliveries,
            barrier,
            forgot: following.next.is_none(),
            lost: following.lost,
            restored: 0,
            next: None,
            marked: Instant::now(),
            heard: Instant::now(),
        })
    }

    async fn go(mut self) -> Result<(), Error> {
        while self.shared.session.fence().owner == self.fence.owner {
            let barrier = self.barrier.as_ref();
            let batch = Batch::read(self.deliveries.as_mut(), barrier, LOOK).await?;
            self.put_back(&batch).await?;
            self.note(&batch).await?;
            if batch.met_barrier {
                self.open().await?;
            }
            if self.barrier.is_none() {
                if !self.shared.settings.goes_on {
                    return Ok(());
                }
                self.long_waits.keep().await?;
            }
        }
        Ok(())
    }

    async fn put_back(&mut self, batch: &Batch) -> Result<(), Error> {
        let missing = self.restorer.missing(batch).await?;
        let is_new = !self.lost && (self.forgot || !missing.is_empty());
        // Before any record is restored: after that the loss could not be detected.
        if self.barrier.is_some() && is_new {
            self.shared.ledger.lost(&self.fence).await?;
            self.lost = true;
        }
        self.restored += self.restorer.put_back(batch, missing).await?;
        Ok(())
    }

    async fn note(&mut self, batch: &Batch) -> Result<(), Error> {
        if batch.next.is_some() {
            (self.next, self.heard) = (batch.next, Instant::now());
        }
        // The barrier was published but does not arrive: the position belongs to another journal.
        if self.barrier.is_some() && self.heard.elapsed() > SILENCE {
            tracing::warn!("the journal is not where it was: compared from its beginning");
            let first = Source::Journal(JournalStart::First);
            self.deliveries = self.shared.broker.consume(&first, AHEAD).await?;
            self.heard = Instant::now();
        }
        if self.marked.elapsed() >= MARK || batch.met_barrier {
            self.mark().await?;
        }
        Ok(())
    }

    async fn mark(&mut self) -> Result<(), Error> {
        if let Some(next) = self.next.take() {
            self.shared.ledger.followed(&self.fence, next).await?;
        }
        self.marked = Instant::now();
        Ok(())
    }

    /// The ledger contains all records of the journal. If any were missing, an intent to submit may
    /// be missing too: its POST must have ended before others are sent.
    async fn open(&mut self) -> Result<(), Error> {
        let slots = self.restorer.recount().await?;
        let wait = match self.lost {
            true => LEASE + self.shared.settings.post_timeout,
            false => Duration::ZERO,
        };
        let at = self.began + wait;
        self.shared.ledger.open(&self.fence, at).await?;
        tracing::info!(
            restored = self.restored, slots, opens_at = %at,
            "the ledger holds what the journal knows"
        );
        self.barrier = None;
        self.restorer.is_open = true;
        Ok(())
    }
}
