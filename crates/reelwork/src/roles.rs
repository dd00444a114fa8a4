//! The roles of a process, started from the configuration.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use daemon::Config;
use follower::Follower;
use gateway::Gateway;
use kling::Client;
use poller::{LookUpReport, Poller};
use ports::Clock;
use recorder::Session;
use worker::{LaneReport, Worker};

use crate::backends::Backends;
use crate::error::Error;
use crate::settings;

/// A worker, a poller, a gateway, or several, and a follower, with one membership of the ledger.
pub(crate) struct Roles {
    worker: Option<Worker>,
    poller: Option<Poller>,
    gateway: Option<Gateway>,
    follower: Follower,
    session: Arc<Session>,
    patience: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Worker,
    Poller,
    Both,
}

impl Which {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Poller => "poller",
            Self::Both => "both",
        }
    }
}

impl Roles {
    pub(crate) async fn start(
        config: &Config,
        backends: &Backends,
        kling: Client,
        which: Which,
    ) -> Result<Self, Error> {
        let session = Arc::new(backends.join().await?);
        let clock: Arc<dyn Clock> = session.clone();
        let worker = (which != Which::Poller).then(|| {
            Worker::start(
                backends.broker.clone(),
                backends.ledger.clone(),
                session.clone(),
                kling.clone(),
                clock.clone(),
                settings::worker(config),
            )
        });
        let poller = (which != Which::Worker).then(|| {
            Poller::start(
                backends.broker.clone(),
                backends.ledger.clone(),
                session.clone(),
                kling,
                clock.clone(),
                settings::poller(config),
            )
        });
        let gateway = match (which, settings::gateway(config)) {
            (Which::Both, Some(settings)) => Some(front(backends, &session, settings).await?),
            _ => None,
        };
        let follower = follower(config, backends, &session);
        Ok(Self { worker, poller, gateway, follower, session, patience: config.worker.drain })
    }

    /// A gateway alone: it needs no provider.
    pub(crate) async fn front(config: &Config, backends: &Backends) -> Result<Self, Error> {
        let settings = settings::gateway(config).ok_or_else(|| {
            Error::Denied(
                "gateway.callback_secrets is not set: callbacks could not be told from forgeries; \
                 set REELWORK_GATEWAY__CALLBACK_SECRETS or REELWORK_GATEWAY__CALLBACK_SECRETS_FILE"
                    .to_owned(),
            )
        })?;
        let session = Arc::new(backends.join().await?);
        let gateway = Some(front(backends, &session, settings).await?);
        let follower = follower(config, backends, &session);
        let (worker, poller, patience) = (None, None, config.worker.drain);
        Ok(Self { worker, poller, gateway, follower, session, patience })
    }

    /// Where callbacks are received.
    pub(crate) fn listens_on(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(Gateway::address)
    }

    /// The membership that all of them share.
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Whether look-ups by external id are reliable; `None` for a role that makes none.
    pub(crate) fn look_ups(&self) -> Option<LookUpReport> {
        self.poller.as_ref().map(Poller::look_ups)
    }

    /// The paused lanes; `None` for a role that submits nothing.
    pub(crate) fn lanes(&self) -> Option<LaneReport> {
        self.worker.as_ref().map(Worker::lanes)
    }

    /// Whether any role sends requests to the provider.
    pub(crate) fn use_the_account(&self) -> bool {
        self.worker.is_some() || self.poller.is_some()
    }

    /// The worker first, so that the poller still announces what the worker recorded.
    pub(crate) async fn drain(self) -> Result<(), Error> {
        let mut clean = true;
        if let Some(gateway) = self.gateway {
            clean &= gateway.drain(self.patience).await;
        }
        if let Some(worker) = self.worker {
            clean &= worker.drain(self.patience).await;
        }
        if let Some(poller) = self.poller {
            clean &= poller.drain(self.patience).await;
        }
        clean &= self.follower.drain(self.patience).await;
        // The last reference: all roles have ended.
        if let Some(session) = Arc::into_inner(self.session) {
            session.leave().await;
        }
        match clean {
            true => Ok(()),
            false => Err(Error::Other(
                "the drain took too long; what was left over is taken up by others".to_owned(),
            )),
        }
    }
}

/// In every process, so that a ledger that has lost its data never waits for a certain role.
fn follower(config: &Config, backends: &Backends, session: &Arc<Session>) -> Follower {
    Follower::start(
        backends.broker.clone(),
        backends.ledger.clone(),
        session.clone(),
        session.clone(),
        settings::follower(config),
    )
}

async fn front(
    backends: &Backends,
    session: &Arc<Session>,
    settings: gateway::Settings,
) -> Result<Gateway, Error> {
    let listen = settings.listen;
    let (ledger, clock) = (backends.ledger.clone(), session.clone());
    let started = Gateway::start(ledger, session.clone(), clock, settings).await;
    started.map_err(|error| Error::Denied(format!("gateway.listen: {listen}: {error}")))
}
