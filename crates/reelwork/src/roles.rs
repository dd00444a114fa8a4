//! The roles of a process, started from the configuration.

mod front;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use daemon::{Config, Sources};
use follower::Follower;
use gateway::Apis;
use kling::Client;
use poller::{LookUpReport, Poller};
use ports::Clock;
use recorder::Session;
use worker::{LaneReport, Worker};

use crate::backends::Backends;
use crate::error::Error;
use crate::{price_file, settings};

use self::front::{Front, Watched};

/// A worker, a poller, a gateway, or several, and a follower, with one membership of the ledger.
pub(crate) struct Roles {
    worker: Option<Worker>,
    poller: Option<Poller>,
    gateway: Option<Front>,
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
        sources: &Sources,
        backends: &Backends,
        clients: Vec<Client>,
        which: Which,
        watched: &Watched<'_>,
    ) -> Result<Self, Error> {
        let prices = price_file::table(config)?;
        let session = Arc::new(backends.join().await?);
        let clock: Arc<dyn Clock> = session.clone();
        let accounts: Vec<(Config, Client)> = config.accounts().into_iter().zip(clients).collect();
        let rules = settings::account_rules(config);
        let worker = (which != Which::Poller).then(|| {
            let account = |(config, kling): &(Config, Client)| worker::Account {
                kling: kling.clone(),
                settings: worker::Settings { prices: prices.clone(), ..settings::worker(config) },
            };
            let (first, others) = first_and_others(accounts.iter().map(account))?;
            let (broker, ledger) = (backends.broker.clone(), backends.ledger.clone());
            let (session, clock, rules) = (session.clone(), clock.clone(), rules.clone());
            Some(Worker::with_accounts(broker, ledger, session, clock, first, others, rules))
        });
        let poller = (which != Which::Worker).then(|| {
            let account = |(config, kling): &(Config, Client)| poller::Account {
                kling: kling.clone(),
                settings: settings::poller(config),
            };
            let (first, others) = first_and_others(accounts.iter().map(account))?;
            let (broker, ledger) = (backends.broker.clone(), backends.ledger.clone());
            let (session, clock, rules) = (session.clone(), clock.clone(), rules.clone());
            Some(Poller::with_accounts(broker, ledger, session, clock, first, others, rules))
        });
        let gateway = match which {
            Which::Both => {
                Front::start(config, sources, backends, &session, &prices, watched).await?
            }
            Which::Worker | Which::Poller => None,
        };
        let follower = follower(config, backends, &session);
        let (worker, poller, patience) = (worker.flatten(), poller.flatten(), config.worker.drain);
        Ok(Self { worker, poller, gateway, follower, session, patience })
    }

    /// A gateway alone: it needs no provider.
    pub(crate) async fn front(
        config: &Config,
        sources: &Sources,
        backends: &Backends,
        watched: &Watched<'_>,
    ) -> Result<Self, Error> {
        if settings::callbacks(config).is_none() && !config.gateway.serves() {
            return Err(front::nothing_to_serve());
        }
        let session = Arc::new(backends.join().await?);
        let prices = price_file::table(config)?;
        let gateway = Front::start(config, sources, backends, &session, &prices, watched).await?;
        let follower = follower(config, backends, &session);
        let (worker, poller, patience) = (None, None, config.worker.drain);
        Ok(Self { worker, poller, gateway, follower, session, patience })
    }

    /// Where callbacks are received.
    pub(crate) fn callbacks_on(&self) -> Option<SocketAddr> {
        self.gateway.as_ref()?.gateway.callbacks_on()
    }

    /// Where clients' requests are received.
    pub(crate) fn clients_on(&self) -> Option<(SocketAddr, Apis)> {
        self.gateway.as_ref()?.gateway.clients_on()
    }

    /// Where operators see the console.
    pub(crate) fn console_on(&self) -> Option<SocketAddr> {
        self.gateway.as_ref()?.console_on()
    }

    /// The membership that all of them share.
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Whether look-ups by external id are reliable, by account; none for a role that makes none.
    pub(crate) fn look_ups(&self) -> Vec<(String, LookUpReport)> {
        self.poller.as_ref().map(Poller::look_ups).unwrap_or_default()
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

/// `None`: there is no account.
fn first_and_others<T>(mut accounts: impl Iterator<Item = T>) -> Option<(T, Vec<T>)> {
    Some((accounts.next()?, accounts.collect()))
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
