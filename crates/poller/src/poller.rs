use std::sync::Arc;
use std::time::Duration;

use ports::{Broker, Clock, Ledger};
use recorder::{Batcher, Recorder, Session, Writer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::look_up::LookUpReport;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::trials::Trials;
use crate::witnesses::Witnesses;
use crate::{adopt, look_up, outbox, reconcile, sweep};

/// How long only the poller that settled a job may publish its event.
const OWN_ANNOUNCEMENT: Duration = Duration::from_secs(10);

/// Polls tasks until they end and announces their outcomes, until it is drained.
pub struct Poller {
    stop: CancellationToken,
    loops: TaskTracker,
    tasks: TaskTracker,
    batching: tokio::task::JoinHandle<()>,
    shared: Arc<Shared>,
}

impl Poller {
    pub fn start(
        broker: Arc<dyn Broker>,
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        kling: kling::Client,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let (batcher, writing) = Batcher::new(ledger.clone(), session.clone());
        let writer = Writer::new(ledger.clone(), clock.clone(), settings.rules.clone());
        let recorder = Recorder::new(writer.clone(), broker.clone(), session.clone());
        let adopted = Recorder::new(writer, broker.clone(), session.clone());
        let shared = Arc::new(Shared {
            looking: Arc::new(Semaphore::new(settings.concurrency.max(1))),
            recorder: recorder.announcing(batcher, OWN_ANNOUNCEMENT),
            adopted,
            broker,
            ledger,
            session,
            kling,
            clock,
            settings,
            trials: Arc::new(Trials::default()),
            witnesses: Witnesses::default(),
        });
        let (stop, loops, tasks) =
            (CancellationToken::new(), TaskTracker::new(), TaskTracker::new());
        loops.spawn(sweep::run(shared.clone(), stop.clone(), tasks.clone()));
        loops.spawn(outbox::run(shared.clone(), stop.clone()));
        loops.spawn(look_up::run(shared.clone(), stop.clone()));
        loops.spawn(reconcile::run(shared.clone(), stop.clone()));
        loops.spawn(adopt::run(shared.clone(), stop.clone()));
        loops.close();
        Self { stop, loops, tasks, batching: tokio::spawn(writing), shared }
    }

    /// What is known of the provider's look-ups by external id, for metrics and health pages.
    pub fn look_ups(&self) -> LookUpReport {
        let (settings, trials) = (&self.shared.settings, self.shared.trials.clone());
        LookUpReport::new(settings.look_up, trials)
    }

    /// Claims nothing new and finishes the queries under way. Returns whether all were done within
    /// `patience`; other pollers claim the rest when the leases end.
    pub async fn drain(self, patience: Duration) -> bool {
        self.stop.cancel();
        let Self { loops, tasks, batching, shared, .. } = self;
        let finish = async {
            loops.wait().await;
            tasks.close();
            tasks.wait().await;
            // The last batcher is dropped with the shared state; then its loop ends.
            drop(shared);
            batching.await.is_ok()
        };
        tokio::time::timeout(patience, finish).await.unwrap_or(false)
    }
}
