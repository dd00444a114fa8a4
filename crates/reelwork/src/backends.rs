//! The broker and the ledger that the configuration names: RabbitMQ and Redis, or one SQLite file.

use std::sync::{Arc, Mutex, PoisonError};

use broker_rabbitmq::{Content, RabbitBroker};
use daemon::{Config, ContentMode, Endpoint, SecretUrl};
use embedded::Embedded;
use futures::future::join_all;
use ledger_redis::RedisLedger;
use ports::{Broker, Ledger, SystemClock};
use recorder::Session;
use spans::Spans;
use tls::Files;

use crate::crash;
use crate::error::Error;
use crate::journal_age::journal_age;

/// The connections of this process to RabbitMQ. Commands end in many places, and background tasks
/// may hold a connection for longer.
static OPENED: Mutex<Vec<Arc<dyn Broker>>> = Mutex::new(Vec::new());

/// Closes them in order: RabbitMQ logs a warning for each connection that is cut.
pub(crate) async fn close() {
    let opened = std::mem::take(&mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner));
    join_all(opened.iter().map(|broker| broker.close())).await;
}

/// Broker and ledger, connected.
#[derive(Clone)]
pub(crate) struct Backends {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
}

impl Backends {
    pub(crate) async fn open(config: &Config) -> Result<Self, Error> {
        match (&config.broker.url, &config.ledger.url) {
            (Endpoint::Url(broker), Endpoint::Url(ledger)) => {
                // Both to their end: a connection that is half open panics when its runtime ends.
                let (broker, ledger) =
                    tokio::join!(open_broker(config, broker, spans()), open_ledger(config, ledger));
                Ok(Self { broker: broker?, ledger: ledger? })
            }
            _ => {
                let embedded = open_embedded(config)?;
                let (broker, ledger) = (embedded.broker(), embedded.ledger());
                Ok(Self { broker: crash::broker(broker), ledger: crash::ledger(ledger) })
            }
        }
    }

    /// Only the broker: a producer's host need not reach the ledger.
    pub(crate) async fn open_broker(config: &Config) -> Result<Arc<dyn Broker>, Error> {
        Self::open_broker_traced(config, spans()).await
    }

    /// The same, for a command whose spans have other names.
    pub(crate) async fn open_broker_traced(
        config: &Config,
        spans: Spans,
    ) -> Result<Arc<dyn Broker>, Error> {
        match &config.broker.url {
            Endpoint::Url(url) => open_broker(config, url, spans).await,
            Endpoint::Embedded => {
                let settings = embedded::Settings { spans, ..embedded_settings(config) };
                Ok(crash::broker(Embedded::open(settings)?.broker()))
            }
        }
    }

    pub(crate) async fn open_ledger(config: &Config) -> Result<Arc<dyn Ledger>, Error> {
        match &config.ledger.url {
            Endpoint::Url(url) => open_ledger(config, url).await,
            Endpoint::Embedded => Ok(crash::ledger(open_embedded(config)?.ledger())),
        }
    }

    /// For commands that only read: a ledger can be read even if it cannot be written (full disk).
    pub(crate) async fn look_at_ledger(config: &Config) -> Result<Arc<dyn Ledger>, Error> {
        match (Self::open_ledger(config).await, &config.ledger.url) {
            (Err(Error::Denied(cause)), Endpoint::Embedded) => {
                let ledger = Embedded::look(&embedded_settings(config))?;
                tracing::warn!(%cause, "nothing can be written: the ledger is only read");
                Ok(ledger)
            }
            (opened, _) => opened,
        }
    }

    /// Joins the ledger as a member.
    pub(crate) async fn join(&self) -> Result<Session, Error> {
        let (ledger, clock) = (self.ledger.clone(), Arc::new(SystemClock));
        Ok(follower::join(self.broker.as_ref(), ledger, clock).await?)
    }
}

/// Deletes a namespace that was made for a demo, with everything in it.
pub(crate) async fn erase(config: &Config, subscriptions: &[&str]) -> Result<(), Error> {
    if let Some(url) = config.ledger.url.url() {
        RedisLedger::connect(ledger_settings(config, url)).await?.erase().await?;
    }
    if let Some(url) = config.broker.url.url() {
        let settings = broker_settings(config, url);
        settings.topology().erase(&settings, subscriptions).await?;
    }
    Ok(())
}

/// The settings of the RabbitMQ broker, also for commands that only look at its topology.
pub(crate) fn broker_settings(config: &Config, url: &SecretUrl) -> broker_rabbitmq::Settings {
    let namespace = config.broker.namespace.clone();
    let mut settings = broker_rabbitmq::Settings::new(url.expose().to_owned(), namespace);
    settings.tls = broker_tls(config);
    settings.journal_max_age = journal_age(config);
    settings.manage_topology = config.broker.manage_topology;
    settings.content = match config.events.content_mode {
        ContentMode::Structured => Content::Structured,
        ContentMode::Binary => {
            Content::Binary { prefix: config.events.header_prefix.as_str().to_owned() }
        }
    };
    settings
}

pub(crate) fn broker_tls(config: &Config) -> Files {
    let broker = &config.broker;
    Files {
        ca_file: broker.ca_file.clone(),
        client_cert_file: broker.client_cert_file.clone(),
        client_key_file: broker.client_key_file.clone(),
    }
}

pub(crate) fn ledger_tls(config: &Config) -> Files {
    let ledger = &config.ledger;
    Files {
        ca_file: ledger.ca_file.clone(),
        client_cert_file: ledger.client_cert_file.clone(),
        client_key_file: ledger.client_key_file.clone(),
    }
}

/// Without export of traces, no span has a name.
pub(crate) fn spans() -> Spans {
    Spans::named_by(daemon::traces::traceparent)
}

async fn open_broker(
    config: &Config,
    url: &SecretUrl,
    spans: Spans,
) -> Result<Arc<dyn Broker>, Error> {
    let settings = broker_rabbitmq::Settings { spans, ..broker_settings(config, url) };
    let broker: Arc<dyn Broker> = Arc::new(RabbitBroker::connect(settings).await?);
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).push(broker.clone());
    Ok(crash::broker(broker))
}

async fn open_ledger(config: &Config, url: &SecretUrl) -> Result<Arc<dyn Ledger>, Error> {
    let ledger = RedisLedger::connect(ledger_settings(config, url)).await?;
    Ok(crash::ledger(Arc::new(ledger)))
}

fn ledger_settings(config: &Config, url: &SecretUrl) -> ledger_redis::Settings {
    let namespace = config.ledger.namespace.clone();
    let mut settings = ledger_redis::Settings::new(url.expose().to_owned(), namespace);
    settings.retention = config.ledger.retention;
    settings.allow_unsafe = config.ledger.allow_unsafe;
    settings.shards = config.ledger.shards;
    settings.sentinel_password.clone_from(&config.ledger.sentinel_password);
    settings.tls = ledger_tls(config);
    settings
}

fn open_embedded(config: &Config) -> Result<Embedded, Error> {
    let settings = embedded::Settings { spans: spans(), ..embedded_settings(config) };
    Ok(Embedded::open(settings)?)
}

fn embedded_settings(config: &Config) -> embedded::Settings {
    let namespace = config.ledger.namespace.clone();
    let mut settings = embedded::Settings::new(config.embedded.path.clone(), namespace);
    settings.retention = config.ledger.retention;
    settings
}
