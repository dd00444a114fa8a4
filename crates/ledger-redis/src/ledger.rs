use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use job::JobKey;
use ports::{Ledger, LedgerError, Unreadable};

use crate::Settings;
use crate::keys::Keys;
use crate::link::Link;
use crate::links::Links;

/// The [`Ledger`] on Redis. All callers share its connections, which are restored automatically.
pub struct RedisLedger {
    pub(crate) links: Links,
    pub(crate) keys: Keys,
    pub(crate) retention: Duration,
    pub(crate) allow_unsafe: bool,
    /// The shard that is first in the next claim, so that small claims reach all.
    pub(crate) turn: AtomicUsize,
    pub(crate) unreadable: Unreadable,
}

impl RedisLedger {
    /// Connects and checks that the servers are safe to use, and that the ledger has as many shards as
    /// the settings; takes at most four times the timeout.
    pub async fn connect(settings: Settings) -> Result<Self, LedgerError> {
        let keys = settings.keys()?;
        let ledger = Self {
            links: Links::open(&settings, &keys)?,
            keys,
            retention: settings.retention,
            allow_unsafe: settings.allow_unsafe,
            turn: AtomicUsize::new(0),
            unreadable: Unreadable::default(),
        };
        // Boxed: callers hold this future inside their own.
        Box::pin(ledger.check()).await?;
        Ok(ledger)
    }

    pub(crate) fn at_deciding(&self) -> &Link {
        self.links.of(self.keys.deciding())
    }

    pub(crate) fn at_permits(&self) -> &Link {
        self.links.of(self.keys.permits())
    }

    pub(crate) fn at_shard_of(&self, key: &JobKey) -> &Link {
        self.links.of(self.keys.shard_of(key))
    }

    /// The link of a key as it is stored.
    pub(crate) fn at_key(&self, key: &str) -> &Link {
        self.keys.tag_of(key).map_or(self.links.first(), |tag| self.links.of(tag))
    }
}
