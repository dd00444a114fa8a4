//! One process: a session, a worker, a poller and a follower on doors of its own.

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
use crate::process_wire::{BASE_URL, ProcessWire};
use crate::stage::{RETENTION, Stage};

pub(crate) struct Process {
    worker: Worker,
    poller: Poller,
    follower: Follower,
    session: Arc<Session>,
}

/// What a process is given.
pub(crate) struct Doors {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<dyn Clock>,
    kling: Client,
}

/// How far a process's clock may be ahead of the store's.
const SKEW_MS: u64 = 200;

const PATIENCE: Duration = Duration::from_secs(3);

impl Doors {
    pub(crate) fn of(stage: &Stage, life: &Arc<Life>) -> Option<Self> {
        let (broker, ledger) = stage.stores(life);
        let wire = ProcessWire { life: life.clone(), provider: stage.provider.clone() };
        let transport = stage.transport(Arc::new(wire), life);
        let ahead = life.chance.millis(0, SKEW_MS);
        Some(Self {
            broker: Arc::new(ProcessBroker { life: life.clone(), inner: broker }),
            ledger: Arc::new(ProcessLedger { life: life.clone(), inner: ledger }),
            clock: Arc::new(ProcessClock { life: life.clone(), time: stage.time, ahead }),
            kling: Client::new(transport, BASE_URL, "key".to_owned().into()).ok()?,
        })
    }

    /// Whatever is away at the start comes back.
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
    /// Joins the ledger and begins to work; `None` only if the doors cannot be made.
    pub(crate) async fn start(stage: &Stage, life: &Arc<Life>) -> Option<Self> {
        let doors = Doors::of(stage, life)?;
        let session = Arc::new(doors.join().await);
        let Doors { broker, ledger, clock, kling } = doors;
        if let Some(signer) = stage.signer.clone() {
            let nowhere = ([127, 0, 0, 1], 0).into();
            let settings = gateway::Settings::new(nowhere, signer, stage.rules());
            let (ledger, session, clock) = (ledger.clone(), session.clone(), clock.clone());
            stage.front.enter(life.clone(), Mailbox::new(ledger, session, clock, settings));
        }
        let (worker_settings, poller_settings) = settings(stage);
        let follower = Follower::start(
            broker.clone(),
            ledger.clone(),
            session.clone(),
            clock.clone(),
            follower_settings(stage),
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

    /// The polite end: the worker first, so that what it records is still announced.
    pub(crate) async fn stop(self) {
        self.worker.drain(PATIENCE).await;
        self.poller.drain(PATIENCE).await;
        self.follower.drain(PATIENCE).await;
        if let Some(session) = Arc::into_inner(self.session) {
            session.leave().await;
        }
    }
}

fn settings(stage: &Stage) -> (worker::Settings, poller::Settings) {
    let rules = stage.rules();
    let rest = Duration::from_secs(2);
    let worker = worker::Settings {
        rules: rules.clone(),
        producer_skew: stage.producer_skew(),
        slots: stage.plan.slots,
        post_timeout: Plan::POST,
        prefetch: 16,
        in_progress: 64,
        account_rest: rest,
        callback: callback(stage),
        ..worker::Settings::default()
    };
    let poller = poller::Settings {
        rules,
        callbacks: stage.signer.is_some(),
        look_up: stage.look_up(),
        concurrency: 32,
        batch: 64,
        look_timeout: Duration::from_secs(2),
        account_rest: rest,
        adopts: Duration::from_millis(stage.time.elapsed_ms()) >= stage.plan.adopted_from,
        reconcile: Duration::from_secs(5),
        ..poller::Settings::default()
    };
    (worker, poller)
}

fn callback(stage: &Stage) -> Option<Callback> {
    let signer = stage.signer.clone()?;
    Some(Callback { url: front::URL.to_owned(), signer })
}

pub(crate) fn follower_settings(stage: &Stage) -> follower::Settings {
    follower::Settings {
        rules: stage.rules(),
        retention: RETENTION,
        post_timeout: Plan::POST,
        ..follower::Settings::default()
    }
}
