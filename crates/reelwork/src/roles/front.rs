//! The gateway, with the keys of its clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api_keys::KeyFile;
use console::{Access, Console};
use daemon::{Config, Sources};
use gateway::{Apis, Callers, Gateway, Jobs, Listen, Mailbox, Served, Webhooks};
use job::Tenant;
use prices::PriceTable;
use recorder::Session;
use tokio::task::JoinHandle;
use webhooks::Calls;

use crate::backends::Backends;
use crate::client_keys::ClientKeys;
use crate::error::Error;
use crate::settings;

/// Calls of clients' URLs, with whoever observes them.
pub(crate) type Watched<'a> = dyn Fn(Arc<dyn Calls>) -> Arc<dyn Calls> + Sync + 'a;

pub(super) struct Front {
    pub(super) gateway: Gateway,
    /// `None`: no client is called.
    webhooks: Option<Webhooks>,
    console: Option<Arc<Console>>,
    /// `None`: its clients need no key.
    keys: Option<JoinHandle<()>>,
}

impl Front {
    /// `None`: there is nothing to serve.
    pub(super) async fn start(
        config: &Config,
        sources: &Sources,
        backends: &Backends,
        session: &Arc<Session>,
        prices: &Arc<PriceTable>,
        watched: &Watched<'_>,
    ) -> Result<Option<Self>, Error> {
        let sender = settings::webhooks(config)?;
        let callbacks = settings::callbacks(config).map(|settings| {
            Mailbox::new(backends.ledger.clone(), session.clone(), session.clone(), settings)
        });
        let keys = client_keys(config)?;
        let callers = match &keys {
            Some(keys) => Callers::Keyed(keys.ring()),
            None => Callers::Local(Tenant::default()),
        };
        let apis = Apis { kling: config.gateway.kling_api, own: config.gateway.jobs_api };
        let jobs = config.gateway.has_clients().then(|| {
            let (ledger, broker) = (backends.ledger.clone(), backends.broker.clone());
            let settings = settings::jobs(config, callers, prices.clone(), sender.as_ref());
            let jobs = Jobs::new(ledger, broker, session.clone(), session.clone(), settings);
            (Arc::new(jobs), apis)
        });
        let console = match config.gateway.console {
            true => Some(Arc::new(console(config, sources, backends, session, prices, &keys)?)),
            false => None,
        };
        if callbacks.is_none() && jobs.is_none() && console.is_none() {
            return Ok(None);
        }
        let pages = console.clone().map(console::routes);
        let connections = config.gateway.connections as usize;
        let listen = Listen { connections, ..Listen::on(config.gateway.listen) };
        let started = Gateway::start(&listen, Served { callbacks, jobs, pages }).await;
        let gateway = started.map_err(|error| {
            Error::Denied(format!("gateway.listen: {}: {error}", listen.address))
        })?;
        let webhooks = sender
            .map(|sender| Webhooks::start(backends.broker.clone(), watched(Arc::new(sender))));
        Ok(Some(Self { gateway, webhooks, console, keys: keys.map(ClientKeys::watch) }))
    }

    /// Where operators see the console.
    pub(super) fn console_on(&self) -> Option<SocketAddr> {
        self.console.is_some().then(|| self.gateway.address())
    }

    pub(super) async fn drain(self, patience: Duration) -> bool {
        self.console.iter().for_each(|console| console.drain());
        let mut clean = self.gateway.drain(patience).await;
        if let Some(webhooks) = self.webhooks {
            clean &= webhooks.drain(patience).await;
        }
        self.keys.iter().for_each(JoinHandle::abort);
        clean
    }
}

fn console(
    config: &Config,
    sources: &Sources,
    backends: &Backends,
    session: &Arc<Session>,
    prices: &Arc<PriceTable>,
    keys: &Option<ClientKeys>,
) -> Result<Console, Error> {
    let access = match keys {
        Some(keys) => Access::Keyed(keys.ring()),
        None => Access::Local,
    };
    let settings = settings::console(config, sources, access, prices.clone())?;
    let (ledger, broker) = (backends.ledger.clone(), backends.broker.clone());
    Ok(Console::new(ledger, broker, session.clone(), session.clone(), settings))
}

fn client_keys(config: &Config) -> Result<Option<ClientKeys>, Error> {
    let file = config.gateway.keys_file.as_ref().filter(|_| config.gateway.serves());
    Ok(file.map(|file| ClientKeys::open(KeyFile::new(file))).transpose()?)
}

pub(super) fn nothing_to_serve() -> Error {
    Error::Denied(
        "gateway.callback_secrets is not set: callbacks could not be told from forgeries; set \
         REELWORK_GATEWAY__CALLBACK_SECRETS or REELWORK_GATEWAY__CALLBACK_SECRETS_FILE, or \
         gateway.kling_api=true or gateway.jobs_api=true to serve clients, or gateway.console=true"
            .to_owned(),
    )
}
