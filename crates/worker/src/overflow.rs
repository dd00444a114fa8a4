//! Gives the jobs in overflow queues places in the waiting room, in their order, as jobs of their
//! tenants leave it. One worker at a time does: two would hold deliveries and overtake each other's.

mod queue;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use job::{OverflowQueue, Resource};
use recorder::Phase;
use tokio_util::sync::CancellationToken;

use self::queue::{Ended, QueueConsumer};
use crate::handler::Handler;
use crate::shared::Shared;

/// A worker that dies leaves the queues alone for so long; the waiting room is wide enough.
const TURN: Duration = Duration::from_secs(10);

/// How often the turn is renewed, and how often another worker asks for it.
const RENEW: Duration = Duration::from_secs(3);

/// After this worker could not consume: others may be able to.
const OTHERS_FIRST: Duration = Duration::from_secs(10);

/// The name of the turn. The queues are those of the whole installation.
const NAME: &str = "overflow";

pub(crate) struct Overflow {
    shared: Arc<Shared>,
    queues: Vec<QueueConsumer>,
    stop: CancellationToken,
}

impl Overflow {
    /// `handlers`: for the queues of each resource.
    pub(crate) fn new(handlers: impl Fn(Resource) -> Handler, stop: CancellationToken) -> Self {
        let queues =
            OverflowQueue::all().map(|queue| QueueConsumer::new(handlers(queue.resource), queue));
        let shared = handlers(Resource::Videos).shared().clone();
        Self { queues: queues.collect(), shared, stop }
    }

    pub(crate) async fn run(self) {
        let open = || self.shared.session.reached(Phase::Open);
        while self.stop.run_until_cancelled(open()).await.is_some() {
            let rest = match self.has_turn().await {
                true => self.consume().await,
                false => RENEW,
            };
            self.stop.run_until_cancelled(self.shared.clock.sleep(rest)).await;
        }
    }

    async fn has_turn(&self) -> bool {
        let fence = self.shared.session.fence();
        let taken = self.shared.ledger.take_turn(&fence, NAME, TURN).await;
        taken.unwrap_or_else(|error| {
            tracing::debug!(%error, "whose turn it is with the overflow queues is not known");
            false
        })
    }

    /// Until the turn is lost, the ledger is closed, a queue cannot be consumed, or the worker stops.
    /// Returns how long this worker then leaves the queues to others.
    async fn consume(&self) -> Duration {
        let over = self.stop.child_token();
        let consume = self.queues.iter().map(async |queue| {
            let ended = queue.run(&over).await;
            over.cancel();
            ended
        });
        let renew = async {
            while self.still_has_turn(&over).await {}
            over.cancel();
        };
        let (ended, ()) = tokio::join!(join_all(consume), renew);
        let fence = self.shared.session.fence();
        if let Err(error) = self.shared.ledger.end_turn(&fence, NAME).await {
            tracing::debug!(%error, "the turn with the overflow queues ends by itself");
        }
        if ended.contains(&Ended::NotConsumed) { OTHERS_FIRST } else { RENEW }
    }

    async fn still_has_turn(&self, over: &CancellationToken) -> bool {
        let waited = over.run_until_cancelled(self.shared.clock.sleep(RENEW)).await;
        waited.is_some() && self.shared.session.phase() == Phase::Open && self.has_turn().await
    }
}
