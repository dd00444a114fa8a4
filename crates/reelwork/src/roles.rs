//! Configuration becomes running roles.

use std::sync::Arc;
use std::time::Duration;

use daemon::{Config, DoubtPolicy, LookUp, SecretString};
use follower::Follower;
use job::{OnDoubt, Rules};
use kling::{Client, HttpSettings, HttpTransport, Transport};
use poller::Poller;
use ports::{Clock, Session, StoreClock};
use worker::{Slots, Worker};

use crate::doors::Doors;
use crate::failure::Failure;

/// A worker, a poller, or both, and a follower, on one membership of the ledger.
pub(crate) struct Roles {
    worker: Option<Worker>,
    poller: Option<Poller>,
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

impl Roles {
    pub(crate) async fn start(
        config: &Config,
        doors: &Doors,
        kling: Client,
        which: Which,
    ) -> Result<Self, Failure> {
        let session = Arc::new(doors.join().await?);
        let clock: Arc<dyn Clock> = Arc::new(StoreClock(session.clone()));
        let worker = (which != Which::Poller).then(|| {
            Worker::start(
                doors.broker.clone(),
                doors.ledger.clone(),
                session.clone(),
                kling.clone(),
                clock.clone(),
                worker_settings(config),
            )
        });
        let poller = (which != Which::Worker).then(|| {
            Poller::start(
                doors.broker.clone(),
                doors.ledger.clone(),
                session.clone(),
                kling,
                clock.clone(),
                poller_settings(config),
            )
        });
        // In every process, so that a ledger that has lost its memory never waits for a role.
        let follower = Follower::start(
            doors.broker.clone(),
            doors.ledger.clone(),
            session.clone(),
            clock.clone(),
            follower_settings(config),
        );
        Ok(Self { worker, poller, follower, session, patience: config.worker.drain })
    }

    /// The worker first: what it records is then still announced by the poller.
    pub(crate) async fn drain(self) -> Result<(), Failure> {
        let mut clean = true;
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
            false => Err(Failure::Other(
                "the drain took too long; what was left over is taken up by others".to_owned(),
            )),
        }
    }
}

/// A client on the real network.
pub(crate) fn client(config: &Config, key: SecretString) -> Result<Client, Failure> {
    let settings = HttpSettings {
        connect_timeout: config.kling.connect_timeout,
        total_timeout: config.kling.timeout,
        ..HttpSettings::default()
    };
    let transport = HttpTransport::new(&settings).map_err(|e| Failure::Other(e.to_string()))?;
    client_over(config, key, Arc::new(transport))
}

pub(crate) fn client_over(
    config: &Config,
    key: SecretString,
    transport: Arc<dyn Transport>,
) -> Result<Client, Failure> {
    let client = Client::new(transport, config.kling.base_url.as_str(), key)
        .map_err(|error| Failure::Denied(format!("kling.base_url: {error}")))?;
    Ok(client.with_refusal_codes(config.kling.refusal_codes.clone()))
}

fn rules(config: &Config) -> Rules {
    Rules {
        installation: config.ledger.namespace.clone(),
        pace: config.poll.pace,
        settling: config.doubt.settling,
        denials_trusted: config.kling.trust_denials,
        on_doubt: match config.doubt.policy {
            DoubtPolicy::Park => OnDoubt::Park,
            DoubtPolicy::Resubmit => OnDoubt::Resubmit,
        },
        doubt_give_up: config.doubt.give_up,
        max_attempts: config.limits.max_attempts,
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
        goes_on: config.ledger.url.url().is_some(),
    }
}

fn worker_settings(config: &Config) -> worker::Settings {
    worker::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        slots: Slots {
            videos: config.limits.videos,
            images: config.limits.images,
            audio: config.limits.audio,
        },
        submissions_per_day: config.limits.max_submissions_per_day,
        post_timeout: config.kling.timeout,
        prefetch: config.worker.prefetch,
        in_progress: config.limits.max_in_progress as usize,
        max_deliveries: config.worker.max_deliveries,
        ..worker::Settings::default()
    }
}

fn poller_settings(config: &Config) -> poller::Settings {
    poller::Settings {
        rules: rules(config),
        account: config.kling.account.clone(),
        look_up: match config.kling.look_up {
            LookUp::None => None,
            LookUp::Path => Some(kling::LookUp::Path),
            LookUp::Query => Some(kling::LookUp::Query),
            LookUp::List => Some(kling::LookUp::List),
        },
        concurrency: config.poll.concurrency as usize,
        batch: config.poll.batch as usize,
        sweep: config.poll.sweep,
        ..poller::Settings::default()
    }
}
