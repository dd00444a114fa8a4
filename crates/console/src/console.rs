use std::sync::Arc;
use std::time::Duration;

use api_keys::KeyRing;
use job::{Rules, Tenant};
use maud::Markup;
use operator::{AccountTerms, Operator, Pauses};
use ports::{Broker, Clock, Ledger};
use prices::PriceTable;
use recorder::Session;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Pages that are kept up to date at once.
const LIVE: usize = 64;

/// Who may see the console.
#[derive(Clone)]
pub enum Access {
    /// A browser on this machine: it needs no key, and may do everything.
    Local,
    /// Whoever has a key with the scope `view` or `operate`.
    Keyed(KeyRing),
}

/// A key of the configuration, as `config show` prints it: without secrets.
#[derive(Clone, Debug)]
pub struct ConfigurationRow {
    pub key: String,
    pub value: Option<String>,
    pub source: String,
}

#[derive(Clone)]
pub struct ConsoleSettings {
    pub access: Access,
    /// Those of the configuration, the first first.
    pub accounts: Vec<AccountTerms>,
    pub configuration: Vec<ConfigurationRow>,
    /// By which the cost of a retry is estimated.
    pub prices: Arc<PriceTable>,
    /// Those of the workers and pollers.
    pub rules: Rules,
    /// How long an ended record is kept.
    pub retention: Duration,
}

/// Shows the queue, and acts for operators.
pub struct Console {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) operator: Operator,
    pub(crate) settings: ConsoleSettings,
    /// The overview that was made last, for whoever asks soon after.
    pub(crate) overview: Mutex<Option<(Instant, Markup)>>,
    pub(crate) live: Arc<Semaphore>,
    pub(crate) draining: CancellationToken,
}

impl Console {
    pub fn new(
        ledger: Arc<dyn Ledger>,
        broker: Arc<dyn Broker>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        settings: ConsoleSettings,
    ) -> Self {
        let (rules, retention) = (settings.rules.clone(), settings.retention);
        let operator = Operator::new(ledger.clone(), broker.clone(), session, rules, retention);
        let (live, draining) = (Arc::new(Semaphore::new(LIVE)), CancellationToken::new());
        let overview = Mutex::new(None);
        Self { ledger, broker, clock, operator, settings, overview, live, draining }
    }

    /// Pages are no longer kept up to date.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        self.settings.accounts.iter().map(|account| account.name.as_str())
    }

    pub(crate) fn pauses(&self, account: &str) -> Pauses {
        Pauses::new(self.ledger.clone(), account.to_owned())
    }

    /// The tenant of an id that names none.
    pub(crate) fn tenant() -> Tenant {
        Tenant::default()
    }
}
