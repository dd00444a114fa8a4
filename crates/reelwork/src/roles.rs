//! Configuration becomes running roles.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use daemon::{Config, DoubtPolicy, LookUp, SecretString};
use follower::Follower;
use gateway::Gateway;
use job::{CallbackSigner, OnDoubt, Rules};
use kling::{Client, ErrorWords, HttpSettings, HttpTransport, Transport};
use poller::{LookUpBy, LookUpReport, Poller};
use ports::{Clock, Session};
use worker::{Callback, LaneReport, Slots, Worker};

use crate::backends::Backends;
use crate::crash;
use crate::error::Error;

/// A worker, a poller, a gateway, or several, and a follower, on one membership of the ledger.
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
                worker_settings(config),
            )
        });
        let poller = (which != Which::Worker).then(|| {
            Poller::start(
                backends.broker.clone(),
                backends.ledger.clone(),
                session.clone(),
                kling,
                clock.clone(),
                poller_settings(config),
            )
        });
        let gateway = match (which, gateway_settings(config)) {
            (Which::Both, Some(settings)) => Some(front(backends, &session, settings).await?),
            _ => None,
        };
        let follower = follower(config, backends, &session);
        Ok(Self { worker, poller, gateway, follower, session, patience: config.worker.drain })
    }

    /// A gateway alone: it needs no provider.
    pub(crate) async fn front(config: &Config, backends: &Backends) -> Result<Self, Error> {
        let settings = gateway_settings(config).ok_or_else(|| {
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

    /// How far look-ups by external id may be believed; `None` for a role that makes none.
    pub(crate) fn look_ups(&self) -> Option<LookUpReport> {
        self.poller.as_ref().map(Poller::look_ups)
    }

    /// Which lanes rest; `None` for a role that submits nothing.
    pub(crate) fn lanes(&self) -> Option<LaneReport> {
        self.worker.as_ref().map(Worker::lanes)
    }

    /// Whether it asks the provider anything.
    pub(crate) fn use_the_account(&self) -> bool {
        self.worker.is_some() || self.poller.is_some()
    }

    /// The worker first: what it records is then still announced by the poller.
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
        // All who had a part in it have ended.
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

/// In every process, so that a ledger that has lost its memory never waits for a role.
fn follower(config: &Config, backends: &Backends, session: &Arc<Session>) -> Follower {
    Follower::start(
        backends.broker.clone(),
        backends.ledger.clone(),
        session.clone(),
        session.clone(),
        follower_settings(config),
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

/// The journal keeps its lines for longer than the ledger keeps settled records.
const PARKED_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// A client on the real network.
pub(crate) fn client(config: &Config, key: SecretString) -> Result<Client, Error> {
    client_over(config, key, transport(config)?)
}

/// The real network.
pub(crate) fn transport(config: &Config) -> Result<Arc<dyn Transport>, Error> {
    let settings = HttpSettings {
        connect_timeout: config.kling.connect_timeout,
        total_timeout: config.kling.timeout,
        ..HttpSettings::default()
    };
    let transport = HttpTransport::new(&settings).map_err(|e| Error::Other(e.to_string()))?;
    Ok(crash::transport(Arc::new(transport)))
}

pub(crate) fn client_over(
    config: &Config,
    key: SecretString,
    transport: Arc<dyn Transport>,
) -> Result<Client, Error> {
    let client = Client::new(transport, config.kling.base_url.as_str(), key)
        .map_err(|error| Error::Denied(format!("kling.base_url: {error}")))?;
    let words = ErrorWords::of_refusals(config.kling.refusal_codes.clone())
        .with_busy(config.kling.busy_codes.clone());
    Ok(client.with_error_words(words))
}

pub(crate) fn rules(config: &Config) -> Rules {
    Rules {
        installation: config.ledger.namespace.clone(),
        pace: config.poll.pace,
        post_timeout: config.kling.timeout,
        settling: config.doubt.settling,
        // With auto only a look-up that has been tried reports a denial.
        denials_trusted: config.kling.trust_denials || config.kling.look_up == LookUp::Auto,
        on_doubt: match config.doubt.policy {
            DoubtPolicy::Park => OnDoubt::Park,
            DoubtPolicy::Resubmit => OnDoubt::Resubmit,
        },
        doubt_give_up: config.doubt.give_up,
        callback_wait: config.doubt.callback_wait,
        max_attempts: config.limits.max_attempts,
        overdue_after: config.poll.give_up,
        announce_submitted: config.events.submitted,
        ..Rules::default()
    }
}

pub(crate) fn follower_settings(config: &Config) -> follower::Settings {
    follower::Settings {
        rules: rules(config),
        retention: config.ledger.retention,
        post_timeout: config.kling.timeout,
        counts_days: config.limits.max_submissions_per_day > 0,
        parked_again: PARKED_AGAIN.min(config.ledger.retention / 4),
        goes_on: config.ledger.url.url().is_some(),
    }
}

fn worker_settings(config: &Config) -> worker::Settings {
    worker::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        slots: slots(config),
        submissions_per_day: config.limits.max_submissions_per_day,
        post_timeout: config.kling.timeout,
        prefetch: config.worker.prefetch,
        in_progress: config.limits.max_in_progress as usize,
        max_deliveries: config.worker.max_deliveries,
        producer_skew: config.worker.producer_skew,
        callback: callback(config),
        ..worker::Settings::default()
    }
}

pub(crate) fn slots(config: &Config) -> Slots {
    let limits = &config.limits;
    Slots { videos: limits.videos, images: limits.images, audio: limits.audio }
}

fn poller_settings(config: &Config) -> poller::Settings {
    poller::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        look_up: match config.kling.look_up {
            LookUp::None => LookUpBy::None,
            LookUp::Auto => LookUpBy::Auto,
            LookUp::Path => LookUpBy::Form(kling::LookUp::Path),
            LookUp::Query => LookUpBy::Form(kling::LookUp::Query),
            LookUp::List => LookUpBy::Form(kling::LookUp::List),
        },
        callbacks: config.gateway.callback_url.is_some(),
        concurrency: config.poll.concurrency as usize,
        batch: config.poll.batch as usize,
        sweep: config.poll.sweep,
        adopts: config.broker.url.url().is_some(),
        ..poller::Settings::default()
    }
}

fn gateway_settings(config: &Config) -> Option<gateway::Settings> {
    let mut settings =
        gateway::Settings::new(config.gateway.listen, signer(config)?, rules(config));
    // People look into parked doubts when they find the time.
    settings.keep_for = settings.keep_for.max(config.ledger.retention);
    Some(settings)
}

fn callback(config: &Config) -> Option<Callback> {
    let url = config.gateway.callback_url.as_ref()?.to_string();
    Some(Callback { url, signer: signer(config)? })
}

fn signer(config: &Config) -> Option<CallbackSigner> {
    CallbackSigner::new(&config.ledger.namespace, &config.gateway.callback_secrets)
}
