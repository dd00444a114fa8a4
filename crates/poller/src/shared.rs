use std::sync::Arc;
use std::time::Duration;

use job::AccountRules;
use ports::{Broker, Clock, Ledger};
use recorder::{Batcher, Recorder, Session, Writer};
use tokio::sync::Semaphore;

use crate::settings::{Account, Settings};
use crate::trials::Trials;
use crate::witnesses::Witnesses;

/// How long only the poller that settled a job may publish its event.
const OWN_ANNOUNCEMENT: Duration = Duration::from_secs(10);

/// What all accounts of a poller share.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) batcher: Batcher,
    pub(crate) looking: Arc<Semaphore>,
    /// Which account a job uses.
    pub(crate) rules: Arc<AccountRules>,
}

/// What all parts of the poller use that concern one account.
pub(crate) struct Shared {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) kling: kling::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) recorder: Recorder,
    /// For messages that the broker dead-lettered. Their events are published from the outbox, so
    /// that a full consumer queue does not delay the next message.
    pub(crate) adopted: Recorder,
    pub(crate) looking: Arc<Semaphore>,
    pub(crate) trials: Arc<Trials>,
    pub(crate) witnesses: Witnesses,
    pub(crate) rules: Arc<AccountRules>,
}

impl Shared {
    pub(crate) fn new(common: Common, account: Account) -> Self {
        let Common { broker, ledger, session, clock, batcher, looking, rules } = common;
        let Account { kling, settings } = account;
        let writer = Writer::new(ledger.clone(), clock.clone(), settings.rules.clone());
        let recorder = Recorder::new(writer.clone(), broker.clone(), session.clone());
        let recorder = recorder.noting_owners(rules.names.len() > 1);
        Self {
            recorder: recorder.announcing(batcher, OWN_ANNOUNCEMENT),
            adopted: Recorder::new(writer, broker.clone(), session.clone()),
            broker,
            ledger,
            session,
            kling,
            clock,
            settings,
            looking,
            trials: Arc::new(Trials::default()),
            witnesses: Witnesses::default(),
            rules,
        }
    }
}
