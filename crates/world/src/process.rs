//! One process: session, worker, poller and follower with their own ports.

use std::sync::Arc;
use std::time::Duration;

use follower::Follower;
use gateway::Mailbox;
use kling::Client;
use poller::Poller;
use ports::{Broker, Clock, Ledger};
use recorder::Session;
use worker::{Callback, Worker};

use crate::front;
use crate::life::Life;
use crate::plan::Plan;
use crate::process_broker::ProcessBroker;
use crate::process_clock::ProcessClock;
use crate::process_ledger::ProcessLedger;
use crate::process_transport::{BASE_URL, ProcessTransport};
use crate::world::{RETENTION, World};

pub(crate) struct Process {
    worker: Worker,
    poller: Poller,
    follower: Follower,
    session: Arc<Session>,
}

/// The ports of a process.
pub(crate) struct Backends {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<dyn Clock>,
    kling: Client,
}

/// How far a process's clock may be ahead of the store's.
const SKEW_MS: u64 = 200;

const PATIENCE: Duration = Duration::from_secs(3);

impl Backends {
    pub(crate) fn of(world: &World, life: &Arc<Life>) -> Option<Self> {
        let (broker, ledger) = world.stores(life);
        let transport = ProcessTransport { life: life.clone(), provider: world.provider.clone() };
        let transport = world.transport(Arc::new(transport), life);
        let ahead = life.chance.millis(0, SKEW_MS);
        Some(Self {
            broker: Arc::new(ProcessBroker { life: life.clone(), inner: broker }),
            ledger: Arc::new(ProcessLedger { life: life.clone(), inner: ledger }),
            clock: Arc::new(ProcessClock { life: life.clone(), time: world.time, ahead }),
            kling: Client::new(transport, BASE_URL, "key".to_owned().into()).ok()?,
        })
    }

    /// Repeats until the backends are available.
    async fn join(&self) -> Session {
        let Self { broker, ledger, clock, .. } = self;
        loop {
            match follower::join(broker.as_ref(), ledger.clone(), clock.clone()).await {
                Ok(session) => return session,
                Err(_) => clock.sleep(Duration::from_millis(500)).await,
            }
        }
    }
}

impl Process {
    /// Joins the ledger and begins to work; `None` only if the ports cannot be made.
    pub(crate) async fn start(world: &World, life: &Arc<Life>) -> Option<Self> {
        let backends = Backends::of(world, life)?;
        let session = Arc::new(backends.join().await);
        let Backends { broker, ledger, clock, kling } = backends;
        if let Some(signer) = world.signer.clone() {
            let nowhere = ([127, 0, 0, 1], 0).into();
            let settings = gateway::Settings::new(nowhere, signer, world.rules());
            let (ledger, session, clock) = (ledger.clone(), session.clone(), clock.clone());
            world.front.enter(life.clone(), Mailbox::new(ledger, session, clock, settings));
        }
        let (worker_settings, poller_settings) = settings(world);
        let follower = Follower::start(
            broker.clone(),
            ledger.clone(),
            session.clone(),
            clock.clone(),
            follower_settings(world),
        );
        let worker = Worker::start(
            broker.clone(),
            ledger.clone(),
            session.clone(),
            kling.clone(),
            clock.clone(),
            worker_settings,
        );
        let poller = Poller::start(broker, ledger, session.clone(), kling, clock, poller_settings);
        Some(Self { worker, poller, follower, session })
    }

    /// An orderly stop: the worker first, so that what it records is still announced.
    pub(crate) async fn stop(self) {
        self.worker.drain(PATIENCE).await;
        self.poller.drain(PATIENCE).await;
        self.follower.drain(PATIENCE).await;
        if let Some(session) = Arc::into_inner(self.session) {
            session.leave().await;
        }
    }
}

fn settings(world: &World) -> (worker::Settings, poller::Settings) {
    let rules = world.rules();
    let rest = Duration::from_secs(2);
    let worker = worker::Settings {
        rules: rules.clone(),
        producer_skew: world.producer_skew(),
        slots: world.plan.slots,
        post_timeout: Plan::POST,
        prefetch: 16,
        in_progress: 64,
        account_rest: rest,
        callback: callback(world),
        ..worker::Settings::default()
    };
    let poller = poller::Settings {
        rules,
        callbacks: world.signer.is_some(),
        look_up: world.look_up(),
        concurrency: 32,
        batch: 64,
        look_timeout: Duration::from_secs(2),
        account_rest: rest,
        adopts: Duration::from_millis(world.time.elapsed_ms()) >= world.plan.adopted_from,
        reconcile: Duration::from_secs(5),
        ..poller::Settings::default()
    };
    (worker, poller)
}

fn callback(world: &World) -> Option<Callback> {
    let signer = world.signer.clone()?;
    Some(Callback { url: front::URL.to_owned(), signer })
}

pub(crate) fn follower_settings(world: &World) -> follower::Settings {
    follower::Settings {
        rules: world.rules(),
        retention: RETENTION,
        post_timeout: Plan::POST,
        ..follower::Settings::default()
    }
}
