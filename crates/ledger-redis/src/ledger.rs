use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures::FutureExt;
use ports::{Ledger, LedgerError, Unreadable};
use redis::Client;
use redis::io::tcp::TcpSettings;
use secrecy::ExposeSecret;

use crate::keys::Keys;
use crate::link::{Link, OnConnect};
use crate::restart::end_after_restart;
use crate::{Settings, address};

/// The [`Ledger`] on Redis. All callers share one connection, which is restored automatically.
pub struct RedisLedger {
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) retention: Duration,
    pub(crate) allow_unsafe: bool,
    /// The shard that is first in the next claim, so that small claims reach all.
    pub(crate) turn: AtomicUsize,
    pub(crate) unreadable: Unreadable,
}

impl RedisLedger {
    /// Connects and checks that the server is safe to use; takes at most twice the timeout.
    pub async fn connect(settings: Settings) -> Result<Self, LedgerError> {
        let keys = Keys::new(settings.checked_namespace()?);
        let ledger = Self {
            link: Link::new(client(&settings)?, check_for_restart(keys.clone()), settings.timeout),
            keys,
            retention: settings.retention,
            allow_unsafe: settings.allow_unsafe,
            turn: AtomicUsize::new(0),
            unreadable: Unreadable::default(),
        };
        ledger.check().await?;
        Ok(ledger)
    }
}

fn check_for_restart(keys: Keys) -> OnConnect {
    Arc::new(move |mut connection, facts| {
        let keys = keys.clone();
        async move { end_after_restart(&mut connection, &keys, &facts).await }.boxed()
    })
}

fn client(settings: &Settings) -> Result<Client, LedgerError> {
    let info = address::read(settings.url.expose_secret())?;
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // If another thread was faster, its choice stays.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let tcp = TcpSettings::default().set_nodelay(true);
    // The error may contain the address, and so the password.
    let malformed = |_| LedgerError::Denied("the ledger's URL cannot be used".to_owned());
    Client::open(info.set_tcp_settings(tcp)).map_err(malformed)
}
